"""From a graph to the places of its boxes, lines and labels, which `drawing` writes down as SVG."""
