"""Answers of the SDK as plain data with the service's own names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wizard.azure.connection import Arm
from wizard.azure.translation import translated, unreadable


def document(arm: Arm, step: str, model: Any) -> dict[str, Any]:
    """One resource as a dict of wire names. Raises ServiceFailed where the answer is none."""
    found = model.as_dict() if hasattr(model, "as_dict") else model
    if not isinstance(found, dict):
        raise unreadable(arm.address, step)
    return found


def pages(arm: Arm, step: str, paged: Any) -> Iterator[dict[str, Any]]:
    """Every resource of a list, page by page as they are asked for.

    Raises AzureError, also where a list leads back to a page that was read already.
    """
    behind = paged.by_page()
    links: set[str] = set()
    while True:
        with translated(arm, step):
            page = _next_page(arm, step, behind)
        if page is None:
            return
        yield from page
        link = getattr(behind, "continuation_token", None)
        if link is not None:
            if link in links:
                raise unreadable(arm.address, step, "nextLink")
            links.add(link)


def _next_page(arm: Arm, step: str, behind: Iterator[Iterable[Any]]) -> list[dict[str, Any]] | None:
    try:
        page = next(behind, None)
    except (AttributeError, TypeError, KeyError):
        # What the SDK does with JSON that is no list of resources, such as a bare string.
        raise unreadable(arm.address, step) from None
    return None if page is None else [document(arm, step, model) for model in page]
