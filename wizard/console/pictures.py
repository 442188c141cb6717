"""The picture of a topology on a page of the console."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe

from wizard.services import topology
from wizard.topology.graph import Graph


def picture_of(graph: Graph, name: str) -> SafeString:
    """The drawing as SVG, without style or script, in the colours of the page around it."""
    # Safe as it is: the drawing room escapes every name that it writes.
    return mark_safe(topology.picture(graph, name=name))  # noqa: S308 - it escapes its words
