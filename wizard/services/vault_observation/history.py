"""What changed in a vault between two looks, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wizard.models import VaultObservation
from wizard.services.vault_observation.judgement import Judgement
from wizard.services.vault_observation.showing import judgement_in, role_of
from wizard.text import Text, _, verbatim
from wizard.topology.observed import Observed, ObservedComponent
from wizard.topology.transitions import changes

# What history tells of a component, and its words; the rest changes with every look or says the same twice.
_FIELDS: Final = {
    "name": _("Name"),
    "kind": _("Role"),
    "address": _("Address"),
    "fqdn": _("Full name"),
    "version": _("Version"),
    "health": _("Health"),
    "certificate_ends": _("End of the certificate"),
    "os_version": _("Operating system"),
    "machines": _("Machines"),
    "pairs": _("Replication pairs"),
}

_HEALTH: Final = {
    "ok": _("healthy"),
    "unknown": _("not known"),
    "warning": _("warning"),
    "critical": _("critical"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of history, and what it says that the row before did not. `known` is False where a row cannot be read."""

    row: VaultObservation
    changes: tuple[Text, ...]
    first: bool
    known: bool


def entries(rows: Sequence[VaultObservation], *, before: VaultObservation | None) -> list[Entry]:
    """`rows` are consecutive, the newest first; `before` is the one before the oldest of them."""
    read = [judgement_in(row) for row in rows]
    read.append(judgement_in(before) if before is not None else None)
    found = []
    for place, row in enumerate(rows):
        new, old = read[place], read[place + 1]
        first = place == len(rows) - 1 and before is None
        known = first or (new is not None and old is not None)
        # Roles on one machine change together; that is said once.
        changes = tuple(dict.fromkeys(_changes(old, new))) if new is not None and old is not None else ()
        found.append(Entry(row=row, changes=changes, first=first, known=known))
    return found


def _changes(old: Judgement, new: Judgement) -> Iterator[Text]:
    yield from _components(old.observed, new.observed)
    yield from _links(old.observed, new.observed)
    told = changes(old.items, new.items)
    for item in told.began:
        yield Text(_("Began: %(what)s"), what=item.sentence)
    for item in told.worsened:
        yield Text(_("Became worse: %(what)s"), what=item.sentence)
    for item in told.ended:
        yield Text(_("Ended: %(what)s"), what=item.sentence)


def _components(old: Observed, new: Observed) -> Iterator[Text]:
    was = {one.key: one for one in old.components}
    now = {one.key: one for one in new.components}
    for key, one in now.items():
        if key not in was:
            yield Text(_("%(name)s appeared."), name=_called(one))
    for key, one in was.items():
        if key not in now:
            yield Text(_("%(name)s is there no more."), name=_called(one))
    for key, one in now.items():
        if key in was:
            for field, words in _FIELDS.items():
                before, after = _shown(was[key], field), _shown(one, field)
                if before != after:
                    yield Text(
                        _("%(field)s of %(name)s: %(before)s → %(after)s"),
                        field=Text(words),
                        name=_called(one),
                        before=before,
                        after=after,
                    )


def _links(old: Observed, new: Observed) -> Iterator[Text]:
    was = {link.key: link for link in old.links}
    for link in new.links:
        before = was.get(link.key)
        if before is not None and before.state != link.state and link.text:
            yield link.text


def _called(one: ObservedComponent) -> str:
    return one.name or one.address or one.key


def _shown(one: ObservedComponent, field: str) -> Text:
    value = getattr(one, field)
    if value is None or value == "":
        return verbatim("–")
    if field == "health":
        return Text(_HEALTH[value])
    if field == "kind":
        return role_of(one)
    if isinstance(value, datetime):
        return verbatim(value.date().isoformat())
    return verbatim(value)
