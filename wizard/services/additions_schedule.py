"""What happens to added components without anybody being there: they appear in the vault, and their end comes."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from wizard.models import Addition, Deployment, Notice, Severity
from wizard.services import additions
from wizard.services.webhooks import outbox
from wizard.text import Text, _

_WAITED_FOR = (Addition.State.PLANNED, Addition.State.CHECKED)
# What has been set up, or may have been: nobody pays for what is only planned, yet nobody may have said that it is there.
_STANDING = (Addition.State.CHECKED, Addition.State.APPEARED, Addition.State.RECORDED)


def follow_up() -> None:
    """Note what the vault shows by now, and remind of what is to be removed."""
    _notice_appearances()
    _remind()


def reminders(deployment: Deployment) -> list[Addition]:
    """The components of a deployment that were to be removed by now."""
    rows = Addition.objects.filter(deployment=deployment, removed_at=None, state__in=_STANDING)
    return list(rows.filter(remind_at__lte=timezone.now()).order_by("remind_at"))


def _notice_appearances() -> None:
    waiting = Addition.objects.filter(state__in=_WAITED_FOR)
    # A vault is read anew only where it shows something else than when it was read last.
    waiting = waiting.filter(deployment__observations__first_seen_at__gt=F("changed_at")).distinct()
    for row in waiting.select_related("deployment"):
        if not additions.settle(row):
            Addition.objects.filter(pk=row.pk, changed_at=row.changed_at).update(changed_at=timezone.now())


def _remind() -> None:
    now = timezone.now()
    due = Addition.objects.filter(removed_at=None, state__in=_STANDING, remind_at__lte=now)
    for row in due:
        notice, began = Notice.objects.get_or_create(
            deployment_id=row.deployment_id,
            key=additions.reminder_key(row),
            ended_at=None,
            defaults={
                "severity": Severity.WARNING,
                "sentence": Text(
                    _("%(kind)s %(name)s was to be removed by now."),
                    kind=additions.title_of(row),
                    name=row.name,
                ),
                "remedy": Text(
                    _("Remove it once all machines are home: it costs money for as long as it stands.")
                ),
                "began_at": now,
            },
        )
        if began:
            outbox.of_notices(row.deployment_id, [notice])
    ended = [additions.reminder_key(row) for row in due]
    put_off = Notice.objects.filter(key__startswith=additions.REMINDER, ended_at=None).exclude(key__in=ended)
    put_off.update(ended_at=now)
