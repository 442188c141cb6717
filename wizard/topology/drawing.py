"""The picture of a topology: one SVG, readable by itself and ready to be themed by the page around it.

It has no script, no `<style>` and no style attributes: the strictest content security policy lets it be.
Colours are presentation attributes, which any rule of the page's style sheet overrides. The classes are:

- `topology`, the root; its `fill` is the colour of texts. `topology-background`, `topology-title`.
- `topology-zone` (also `--sources`, `--vsphere`, `--site`, `--azure`), in it `topology-zone-area` and
  `topology-zone-title`. `topology-frame`, `topology-frame-title`: one machine, or one vCenter with its hosts.
- `topology-node` (also `--cs` and so on, for each kind), in it `topology-node-box`, `topology-node-icon`,
  `topology-node-title`, `topology-node-name`, `topology-node-line`.
- `topology-link` (also `--data`, `--failback`, `--control`, `--vsphere`, `--push`), in it
  `topology-link-line` and `topology-link-arrow`.
- `topology-label` (also `--data` and so on): row and port beside the arrow of a link.
- `topology-legend`, in it `topology-legend-rule`, `topology-legend-line` (also `--data` and so on),
  `topology-legend-row`, `topology-legend-ports`, `topology-legend-purpose`.

Lines, arrows, labels and legend lines take `currentColor`, so a theme may set `color` on the classes that end
in a style, and `fill` and `stroke` on the others.

Nodes carry `data-key`, links `data-rows`; links between the same boxes share a line. The table twin of the
picture is `exports.link_rows`: what it says to the eye, that says to everybody.
"""

from __future__ import annotations

import hashlib
from typing import Final

from wizard.topology.graph import Graph
from wizard.topology.picture import palette, writing
from wizard.topology.picture.grid import MARGIN
from wizard.topology.picture.lettering import shorten
from wizard.topology.picture.markup import Value, element, text
from wizard.topology.picture.sketch import sketch

_TITLE_SIZE: Final = 17


def svg(graph: Graph, *, title: str, description: str) -> str:
    """Draw the graph. `title` stands above it too; `description` is for those who cannot see it.

    The same graph and texts in the same language give the same text. Odd names raise nothing: they are
    shortened and escaped, and stand in full in the tooltip of their box.
    """
    picture = sketch(graph)
    mark = hashlib.sha256(repr((graph, title)).encode()).hexdigest()[:10]
    title_id, description_id = f"topology-{mark}-title", f"topology-{mark}-description"
    size: dict[str, Value] = {"width": picture.width, "height": picture.height}
    shown = shorten(title, picture.width - 2 * MARGIN, _TITLE_SIZE, bold=True)
    parts = [
        element("title", {"id": title_id}, text(title)),
        element("desc", {"id": description_id}, text(description)),
        element("rect", {"class": "topology-background", **size, "rx": 8, "fill": palette.PAPER}),
        writing.words("topology-title", MARGIN, MARGIN + 14, shown, _TITLE_SIZE, font_weight=600),
        *(writing.zone(shape) for shape in picture.zones),
        *(writing.frame(shape) for shape in picture.frames),
        *(writing.line(shape) for shape in sorted(picture.lines, key=lambda line: palette.DEPTH[line.style])),
        *(writing.box(shape) for shape in picture.boxes),
        *(writing.label(shape) for shape in picture.labels),
        writing.legend(picture.legend, top=picture.legend_top, left=MARGIN, right=picture.width - MARGIN),
    ]
    root: dict[str, Value] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "topology",
        "viewBox": f"0 0 {picture.width:g} {picture.height:g}",
        **size,
        "role": "img",
        "aria-labelledby": f"{title_id} {description_id}",
        "font-family": "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif",
        "fill": palette.INK,
    }
    return element("svg", root, "\n", "\n".join(part for part in parts if part), "\n") + "\n"
