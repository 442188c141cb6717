"""What became worse, told once: a notice is opened when it begins, grows where it worsens, and ends when it is well again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet
from django.utils import timezone

from wizard.models import Deployment, DeploymentState, Notice, Operator, Severity
from wizard.services import audit, deployments
from wizard.services.errors import NotFound
from wizard.services.webhooks import outbox
from wizard.text import Text, _
from wizard.topology.transitions import Item, ItemSeverity, changes

# The key of the notice that the vault cannot be looked at.
LOOKING: Final = "looking"
# How the keys of those begin that are no look's to end: reminders of what is to be removed.
REMINDER: Final = "removal "
# What comes back sooner than this was not over: loads swing about their thresholds, networks come and go.
BACK_WITHIN: Final = timedelta(hours=1)
_KEY_LENGTH: Final = Notice._meta.get_field("key").max_length or 255
_TROUBLE: Final = ("warning", "critical")
# What follows the thing that a notice is about, and what it is to be seen anew with.
_TOLD: Final = ("severity", "sentence", "remedy", "ended_at")
_UNSEEN: Final = (*_TOLD, "seen_by", "seen_at")
_ORDER: Final = ("ok", "info", "unknown", *_TROUBLE)


def settle(deployment_id: UUID, items: Sequence[Item], now: datetime) -> None:
    """After a look, in its transaction: open what began, follow what is still there, end what is well again or gone.

    `items` is everything that the look told, well or not. What comes back within BACK_WITHIN goes on as the same notice.
    """
    rows = Notice.objects.filter(deployment=deployment_id, ended_at=None).exclude(key__startswith=REMINDER)
    open_now = {row.key: row for row in rows}
    fitting = sorted((replace(item, key=_fitting(item.key)) for item in items), key=_badness)
    # Should two things have one key, the worse of them is told of.
    current = {item.key: item for item in fitting}
    told = changes([_item(row) for row in open_now.values()], list(current.values()))
    back = _ended_lately(deployment_id, (item.key for item in told.began), now)
    raised = [_notice(deployment_id, item, now) for item in told.began if item.key not in back]
    Notice.objects.bulk_create(raised)
    followed = [
        (row, item)
        for key, row in (open_now | back).items()
        if (item := current.get(key)) is not None and item.severity in _TROUBLE
    ]
    # Who has seen one is written only where that changes: somebody may be marking it at this moment.
    for fields, anew in ((_TOLD, False), (_UNSEEN, True)):
        told_of = [
            row for row, item in followed if _is_worse(row, item) is anew and _follow(row, item, anew=anew)
        ]
        Notice.objects.bulk_update(told_of, fields, batch_size=100)
        raised += told_of if anew else []
    over = [open_now[item.key].pk for item in told.ended]
    Notice.objects.filter(pk__in=over).update(ended_at=now)
    outbox.of_notices(deployment_id, raised)


def begin_failing(deployment_id: UUID, text: Text, remedy: Text, now: datetime) -> None:
    """In the transaction that keeps the failure: one notice, however long looking goes on to fail."""
    item = Item(key=LOOKING, severity="warning", sentence=_cannot_look(text), remedy=remedy)
    row = Notice.objects.filter(deployment=deployment_id, key=LOOKING, ended_at=None).first()
    row = row or _ended_lately(deployment_id, [LOOKING], now).get(LOOKING)
    if row is None:
        row = _notice(deployment_id, item, now)
        row.save()
        outbox.of_notices(deployment_id, [row])
    elif _follow(row, item, anew=False):
        row.save(update_fields=_TOLD)


def end_failing(deployment_id: UUID) -> None:
    """Nobody looks any more, so that nothing fails."""
    rows = Notice.objects.filter(deployment=deployment_id, key=LOOKING, ended_at=None)
    rows.update(ended_at=timezone.now())


def of_deployment(deployment: Deployment) -> QuerySet[Notice]:
    """All of them, the newest first."""
    return deployment.notices.select_related("seen_by")


def open_critical(deployment: Deployment) -> int:
    """How many critical notices have not ended."""
    if deployment.state == DeploymentState.DECOMMISSIONED:
        return 0
    return deployment.notices.filter(severity=Severity.CRITICAL, ended_at=None).count()


def open_critical_of_outer() -> Any:
    """The same as a subquery, for a list of deployments."""
    rows = Notice.objects.filter(
        deployment=OuterRef("pk"), severity=Severity.CRITICAL, ended_at=None
    ).exclude(deployment__state=DeploymentState.DECOMMISSIONED)
    return rows.order_by().values("deployment").annotate(number=Count("pk")).values("number")


@transaction.atomic
def mark_seen(deployment: Deployment, notice_id: int, *, actor: Operator) -> Notice:
    """Note who has seen it first; a second time changes nothing. Raises NotFound for a notice of another deployment."""
    deployments.hold_for(actor, "notice.mark_seen", deployment)
    row = of_deployment(deployment).filter(pk=notice_id).first()
    if row is None:
        raise NotFound(Text(_("There is no such notice.")))
    if row.seen_at is not None:
        return row
    row.seen_by, row.seen_at = actor, timezone.now()
    row.save(update_fields=["seen_by", "seen_at"])
    audit.record(
        "notice.seen",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s has seen the notice of %(deployment)s: %(what)s"),
            who=actor.username,
            deployment=deployment.name,
            what=row.sentence,
        ),
        after={"notice": row.pk, "key": row.key},
    )
    return row


# --- inside -----------------------------------------------------------------------------------------------------------


def _notice(deployment_id: UUID, item: Item, now: datetime) -> Notice:
    return Notice(
        deployment_id=deployment_id,
        key=item.key,
        severity=item.severity,
        sentence=item.sentence,
        remedy=item.remedy,
        began_at=now,
    )


def _ended_lately(deployment_id: UUID, keys: Iterable[str], now: datetime) -> dict[str, Notice]:
    """The newest of each of these keys that ended a short while ago."""
    rows = Notice.objects.filter(
        deployment=deployment_id, key__in=list(keys), ended_at__gte=now - BACK_WITHIN
    ).order_by("began_at", "pk")
    return {row.key: row for row in rows}


def _is_worse(row: Notice, item: Item) -> bool:
    return _ORDER.index(item.severity) > _ORDER.index(row.severity)


def _follow(row: Notice, item: Item, *, anew: bool) -> bool:
    """It is open and says what the thing says (unsaved); only where that became worse, it is to be seen anew. Returns whether
    anything is other than before."""
    if (row.severity, row.sentence, row.remedy, row.ended_at) == (
        item.severity,
        item.sentence,
        item.remedy,
        None,
    ):
        return False
    if anew:
        row.seen_by = row.seen_at = None
    row.severity, row.sentence, row.remedy, row.ended_at = item.severity, item.sentence, item.remedy, None
    return True


def _item(row: Notice) -> Item:
    severity: ItemSeverity = "critical" if row.severity == Severity.CRITICAL else "warning"
    return Item(key=row.key, severity=severity, sentence=row.sentence, remedy=row.remedy)


def _badness(item: Item) -> int:
    return _ORDER.index(item.severity)


def _fitting(key: str) -> str:
    """Names in vaults may be long; two that begin alike stay apart."""
    if len(key) <= _KEY_LENGTH:
        return key
    mark = sha256(key.encode()).hexdigest()
    return f"{key[: _KEY_LENGTH - len(mark) - 1]}:{mark}"


def _cannot_look(text: Text) -> Text:
    return Text(_("The vault cannot be looked at any more: %(why)s"), why=text)
