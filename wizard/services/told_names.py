"""Names of other deployments in what was found and kept: told only as long as everybody who reads it sees them.

Whoever wrote them down looked at that, too. But earlier releases did not, and a deployment may have been given to a team since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Q

from wizard.models import CheckResult, Deployment
from wizard.text import Text, _

# The requirement whose result names a deployment, as the value `name` of its summary.
_NO_CLONE: Final = "OS-10"
_UNSEEN: Final = Text(_("a deployment that you do not see"))


def hide_in_results(deployment: Deployment, rows: Sequence[CheckResult]) -> None:
    """Change the rows (unsaved) that name one which not everybody sees who sees `deployment`. A query where one names any."""
    naming = {
        id(row): name
        for row in rows
        if row.requirement_id == _NO_CLONE and isinstance(name := row.summary.values.get("name"), str)
    }
    told = _told(deployment, naming.values())
    for row in rows:
        if id(row) in naming and naming[id(row)] not in told:
            row.summary = row.summary.with_values(name=_UNSEEN)


def owners_told(deployment_id: UUID, owners: Mapping[str, str]) -> dict[str, str]:
    """The same, "" in the place of a name that is not told; see `vault_observation.neighbours.owners_of`."""
    if not any(owners.values()):
        return dict(owners)
    told = _told(Deployment.objects.get(pk=deployment_id), owners.values())
    return {key: name if name in told else "" for key, name in owners.items()}


def _told(deployment: Deployment, names: Iterable[str]) -> set[str]:
    if not (wanted := set(names) - {""}):
        return set()
    seen = Deployment.objects.filter(Q(team=None) | Q(team=deployment.team_id), name__in=wanted)
    return set(seen.order_by().values_list("name", flat=True))
