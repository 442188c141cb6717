"""The keys that seal stored secrets: which of them are needed, and sealing everything with the newest one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import DatabaseError

from wizard.models import InstallationSecret, Operator, SigningKey
from wizard.models.sealing import SecretLost, position_of_key, seal, unseal
from wizard.services import audit
from wizard.services.permissions import require
from wizard.services.sealed_columns import SealedColumn, columns
from wizard.text import Text

log = structlog.get_logger(__name__)

# How many rows are in memory at once, and how often one is tried that somebody else keeps changing.
_CHUNK: Final = 200
_TRIES: Final = 5
# By name; of more than so many of one kind only the number is of use.
NAMED_AT_MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A secret that none of the keys opens. `meaning` is what does not work without it, `remedy` what to do."""

    kind: str
    pk: str
    name: Text
    meaning: Text
    remedy: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class KindStanding:
    """`by_key` counts the secrets that each of CREDENTIAL_KEYS opens, newest first. `lost` names at most `NAMED_AT_MOST`."""

    kind: str
    title: Text
    by_key: tuple[int, ...]
    lost_count: int
    lost: tuple[Lost, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStanding:
    kinds: tuple[KindStanding, ...]

    @property
    def by_key(self) -> tuple[int, ...]:
        """How many secrets need each of CREDENTIAL_KEYS, newest first. A key whose number is 0 can be taken away."""
        return tuple(map(sum, zip(*(kind.by_key for kind in self.kinds), strict=True)))

    @property
    def total(self) -> int:
        return sum(self.by_key) + self.lost_count

    @property
    def waiting(self) -> int:
        """How many are sealed with another key than the newest, and would be sealed anew."""
        return sum(self.by_key[1:])

    @property
    def lost_count(self) -> int:
        return sum(kind.lost_count for kind in self.kinds)

    @property
    def lost(self) -> tuple[Lost, ...]:
        return tuple(lost for kind in self.kinds for lost in kind.lost)

    @property
    def summary(self) -> Text | None:
        """One sentence for whoever starts this installation; None where every secret can be read."""
        if not self.lost_count:
            return None
        return Text.counted(
            "%(count)s stored secret cannot be read with the keys in CREDENTIAL_KEYS. Work that needs it fails, "
            "everything else goes on. Put the missing key back, or see what is to be entered again: manage.py "
            "rotate_keys --check.",
            "%(count)s stored secrets cannot be read with the keys in CREDENTIAL_KEYS. Work that needs one of "
            "them fails, everything else goes on. Put the missing key back, or see what is to be entered again: "
            "manage.py rotate_keys --check.",
            "count",
            count=self.lost_count,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What was done: secrets sealed anew and those that were already, by kind. `busy` still need an older key, as somebody
    else changed them at the same moment."""

    resealed: dict[str, int]
    untouched: dict[str, int]
    busy: int
    lost_count: int
    lost: tuple[Lost, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing needs an older key any more, so that all but the first can be taken away."""
        return not self.busy


def rotate(*, actor: Operator) -> Rotation:
    """Seal every stored secret with the first of CREDENTIAL_KEYS, one row after the other, beside all other work.

    A row that somebody changes meanwhile keeps that change. What cannot be opened is named and left as it is. May be
    repeated at any time. Raises NotAllowed for whoever is no administrator.
    """
    require(actor, "keys.rotate")
    done: Counter[str] = Counter()
    untouched: Counter[str] = Counter()
    for column in columns():
        for pk, value in _values(column):
            outcome = _reseal(column, pk, value)
            if outcome:
                done[column.kind] += 1
            elif outcome is False and not _is_lost(column, value):
                untouched[column.kind] += 1
    standing = key_standing()
    audit.record(
        "keys.rotated",
        subject=actor,
        actor=actor,
        sentence=Text.counted(
            "%(who)s sealed %(count)s stored secret with the newest key; %(lost)s could not be read with any key.",
            "%(who)s sealed %(count)s stored secrets with the newest key; %(lost)s could not be read with any key.",
            "count",
            who=actor.username,
            count=done.total(),
            lost=standing.lost_count,
        ),
        after={"resealed": dict(done), "lost": standing.lost_count},
    )
    log.info("keys.rotated", resealed=done.total(), lost=standing.lost_count, busy=standing.waiting)
    return Rotation(
        resealed=dict(done),
        untouched=dict(untouched),
        busy=standing.waiting,
        lost_count=standing.lost_count,
        lost=standing.lost,
    )


def key_standing() -> KeyStanding:
    """Which keys the stored secrets need. Opens each of them once, which takes some milliseconds per hundred."""
    return KeyStanding(kinds=tuple(_standing_of(column) for column in columns()))


def what_is_lost() -> Text | None:
    """For whoever starts a process: one sentence where stored secrets cannot be read. None where all can, and where the
    database does not answer, which others report."""
    try:
        return key_standing().summary
    except DatabaseError:
        return None


def log_what_is_lost() -> None:
    """Work that needs one of them fails later, each with its own message; at the start of a worker they are said at once."""
    if lost := what_is_lost():
        log.error("keys.lost", message=str(lost))


def forget_lost(*, actor: Operator) -> int:
    """Delete what cannot be read and is made anew, or asked for again, where there is none: the key that signs hand-over
    packs and the secrets of installations. Returns how many. Raises NotAllowed for whoever is no administrator.
    """
    require(actor, "keys.rotate")
    gone = 0
    for model in (SigningKey, InstallationSecret):
        for row in model._default_manager.only("pk", "sealed").iterator(chunk_size=_CHUNK):
            if position_of_key(bytes(row.sealed)) is None:
                gone += model._default_manager.filter(pk=row.pk, sealed=bytes(row.sealed)).delete()[0]
    if gone:
        audit.record(
            "keys.lost_forgotten",
            subject=actor,
            actor=actor,
            sentence=Text.counted(
                "%(who)s deleted %(count)s stored secret that no key could read any more.",
                "%(who)s deleted %(count)s stored secrets that no key could read any more.",
                "count",
                who=actor.username,
                count=gone,
            ),
            after={"deleted": gone},
        )
    return gone


# --- inside -----------------------------------------------------------------------------------------------------------


def _values(column: SealedColumn) -> Iterator[tuple[Any, Any]]:
    """Key and value of each row. In pages, as a cursor that stays open would see what is written meanwhile."""
    rows = column.table._default_manager.order_by("pk").values_list("pk", column.column)
    page = list(rows[:_CHUNK])
    while page:
        yield from page
        page = list(rows.filter(pk__gt=page[-1][0])[:_CHUNK])


def _reseal(column: SealedColumn, pk: Any, value: Any) -> bool | None:
    """True where it was sealed anew, False where nothing was to be done, None where others kept changing it."""
    rows = column.table._default_manager.filter(pk=pk)
    for _attempt in range(_TRIES):
        if not any(map(position_of_key, column.sealed_in(value))):
            # Sealed with the newest key, or lost.
            return False
        new = column.replaced(value, _resealed_unless_lost)
        if rows.filter(**{column.column: value}).update(**{column.column: new}):
            return True
        value = rows.values_list(column.column, flat=True).first()
        if value is None:
            return False
    return None


def _resealed_unless_lost(sealed: bytes) -> bytes:
    try:
        return seal(unseal(sealed))
    except SecretLost:
        return sealed


def _is_lost(column: SealedColumn, value: Any) -> bool:
    return any(position_of_key(sealed) is None for sealed in column.sealed_in(value))


def _standing_of(column: SealedColumn) -> KindStanding:
    by_key = [0] * len(settings.CREDENTIAL_KEYS)
    lost: list[Any] = []
    for pk, value in _values(column):
        for sealed in column.sealed_in(value):
            position = position_of_key(sealed)
            if position is None:
                lost.append(pk)
            else:
                by_key[position] += 1
    return KindStanding(
        kind=column.kind,
        title=Text(column.title),
        by_key=tuple(by_key),
        lost_count=len(lost),
        lost=tuple(_named(column, lost[:NAMED_AT_MOST])),
    )


def _named(column: SealedColumn, keys: list[Any]) -> Iterator[Lost]:
    rows: Any = column.table._default_manager
    for row in rows.filter(pk__in=keys).order_by("pk").values("pk", *column.beside) if keys else ():
        yield Lost(
            kind=column.kind,
            pk=str(row["pk"]),
            name=column.name(row),
            meaning=Text(column.meaning),
            remedy=Text(column.remedy),
        )
