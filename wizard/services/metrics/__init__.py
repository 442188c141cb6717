"""How this installation is doing, in numbers for Prometheus."""

from wizard.services.metrics.exposition import CONTENT_TYPE, exposition

__all__ = ["CONTENT_TYPE", "exposition"]
