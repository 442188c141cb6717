"""Checks: what must be true before and after the work, judged on observed facts."""
