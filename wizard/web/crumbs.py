"""Where a page stands below the list of a section: what the navigation marks, and the way back."""

from __future__ import annotations

from typing import Any

from django.urls import reverse


def below(section: str, label: str, title: str, *between: tuple[str, str]) -> dict[str, Any]:
    """`section` is the name of the list's address, `label` its title; `between` are labels and addresses on the way there."""
    crumbs = [(label, reverse(section)), *between, (title, "")]
    return {
        "section": section,
        "title": title,
        "crumbs": [{"label": words, "url": url} for words, url in crumbs],
    }
