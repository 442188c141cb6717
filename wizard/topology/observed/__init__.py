"""What a vault shows of a site, mapped field by field from the service's documents to components and links.

`observe` reads the documents; everything it gives is plain data. Source: the rules beside each function.
"""

from wizard.topology.observed.graph import graph_of
from wizard.topology.observed.model import (
    Observed,
    ObservedComponent,
    ObservedFinding,
    ObservedLink,
    ObservedVault,
    Skipped,
)
from wizard.topology.observed.parts import HealthError, Metrics
from wizard.topology.observed.reading import observe

__all__ = [
    "HealthError",
    "Metrics",
    "Observed",
    "ObservedComponent",
    "ObservedFinding",
    "ObservedLink",
    "ObservedVault",
    "Skipped",
    "graph_of",
    "observe",
]
