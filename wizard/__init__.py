"""Foothold: the setup wizard for the on-premises side of Azure Site Recovery."""
