"""An installation with something behind every id that an address of the API can hold, and the people who ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from tests import stories
from tests.api.client import token_of
from tests.builders import make_deployment, make_operator
from tests.console.conftest import furnish
from tests.services.machines import by_hand
from wizard.models import (
    Attestation,
    AzureAccount,
    Credential,
    Deployment,
    Machine,
    Operator,
    Task,
    TaskState,
    Team,
    VCenter,
    Webhook,
)
from wizard.services import credentials

# The name of each person, by role.
_PEOPLE: Final = {
    Operator.Role.VIEWER: "vera",
    Operator.Role.OPERATOR: "oskar",
    Operator.Role.REVIEWER: "rita",
    Operator.Role.ADMIN: "ada",
}
# What stands in an address and is no id of ours.
_WORDS: Final[Mapping[str, tuple[Any, ...]]] = {
    "profile": ("asr-classic", "asr-modernized"),
    "requirement_id": ("OPS-01", "LIFE-02", "TPL-02"),
    "step": ("capacity", "source", "network"),
    "kind": ("passphrase", "proxy"),
    "number": (1,),
    "other": (1,),
    "username": ("oskar", "vera"),
}
# Where one word means something else.
_OWN_WORDS: Final[Mapping[str, Mapping[str, tuple[Any, ...]]]] = {
    "confirm_manual_step": {"step": ("P1", "P2")},
    "take_back_manual_step": {"step": ("P1", "P2")},
    "confirm_decommission_step": {"step": ("replication_disabled", "gone_from_vault")},
    "take_back_decommission_step": {"step": ("replication_disabled", "gone_from_vault")},
    "put_waiver": {"requirement_id": ("TPL-04", "LIFE-01", "TPL-02")},
    "delete_waiver": {"requirement_id": ("TPL-02",)},
    "approve_waiver": {"requirement_id": ("TPL-02",)},
    "get_requirement": {"requirement_id": ("TPL-02", "CFG-01")},
    "list_tasks": {"kind": ("preflight", "test_count")},
    "list_credentials": {"kind": ("vcenter", "linux")},
    "list_components": {"kind": ("configuration_server",)},
}
# Bodies that are taken here, where the one of the description names what is not here.
_BODIES: Final[Mapping[str, Any]] = {
    "create_deployment": {"name": "another", "profile": "asr-classic"},
    "change_deployment": {"name": "another"},
    "create_credential": {"name": "another", "kind": "linux", "username": "root", "secret": "a-password"},
    "create_azure_account": {"name": "another", "how": "default", "cloud": "public"},
    "put_secret": {"secret": "a long passphrase 7"},
    "put_vault_account": {"account": ""},
    "create_webhook": {"name": "another", "url": "https://hooks.lab.test/", "secret": "a-long-random-text"},
    "change_webhook": {"name": "another", "active": False},
    "approve": {"reason": "Read."},
    "start_task": {"kind": "test_count"},
}

# What there is on the manual path alone.
_MANUAL: Final = (
    "get_bundle",
    "list_manual_steps",
    "confirm_manual_step",
    "take_back_manual_step",
    "put_secret",
    "delete_secret",
    "issue_collector",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """`tokens` has one for each role, and None for a stranger; `active` are the tasks that will never end."""

    deployment: Deployment
    tokens: Mapping[str, str | None]
    active: frozenset[str]
    _values: Mapping[str, tuple[Any, ...]]
    _own: Mapping[str, Mapping[str, tuple[Any, ...]]]

    def knows(self, variable: str) -> bool:
        return variable in self._values

    def of(self, operation: str, variable: str) -> st.SearchStrategy[Any]:
        """What such a variable of an address or filter may stand for: mostly what comes first, as that belongs together."""
        found = self._own.get(operation, {}).get(variable) or self._values[variable]
        return st.sampled_from([found[0], found[0], *found])

    def body(self, operation: str) -> Any:
        return _BODIES.get(operation)


def furnished() -> Furnished:
    people = {role: make_operator(name, role) for role, name in _PEOPLE.items()}
    actor = people[Operator.Role.OPERATOR]
    furnish(actor)
    deployment = Deployment.objects.get()
    # As the service keeps it with the file.
    Attestation.objects.update(file_type="text/plain")
    server = stories.enter_server(deployment, actor)
    manual, draft = by_hand(actor, "essen-cs01"), make_deployment(actor, "draft-cs02")
    waiting = stories.ended(draft, "test_count", actor, TaskState.QUEUED)
    failed = Task.objects.get(state=TaskState.FAILED)
    webhook, vcenter, credential = Webhook.objects.get(), VCenter.objects.get(), _unused_credential(actor)
    values = {
        "deployment_id": _ids([deployment, draft, manual]),
        "deployment": _ids([deployment, draft]),
        "task_id": _ids([failed, waiting]),
        "team_id": _ids(Team.objects.all()),
        "team": _ids(Team.objects.all()),
        "account_id": _ids(AzureAccount.objects.all()),
        "credential_id": _ids([vcenter.credential, credential]),
        "vcenter_id": _ids([vcenter]),
        "vcenter": _ids([vcenter]),
        "machine_id": _ids([server, *Machine.objects.filter(vcenter=vcenter).order_by("pk")[:1]]),
        "addition_id": _ids(deployment.additions.all()),
        "approval_id": _ids(deployment.approvals.all()),
        "notice_id": _ids(deployment.notices.all()),
        "pack_id": _ids(deployment.packs.all()),
        "webhook_id": _ids([webhook]),
        "delivery_id": _ids(webhook.deliveries.order_by("created_at")),
        **_WORDS,
    }
    on_manual_path = {"deployment_id": _ids([manual, deployment])}
    own = {name: dict(words) for name, words in _OWN_WORDS.items()}
    for name in _MANUAL:
        own[name] = {**own.get(name, {}), **on_manual_path}
    own |= {
        "delete_deployment": {"deployment_id": _ids([draft])},
        "ask_for_approval": on_manual_path,
        "delete_credential": {"credential_id": _ids([credential])},
        "cancel_task": {"task_id": _ids([waiting, failed])},
    }
    tokens = {role.value: token_of(person, "admin") for role, person in people.items()}
    return Furnished(
        deployment=deployment,
        tokens={"stranger": None, **tokens},
        active=frozenset(_ids([waiting])),
        _values=values,
        _own=own,
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _ids(rows: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(row.pk) for row in rows)


def _unused_credential(actor: Operator) -> Credential:
    return credentials.keep(
        name="spare", kind=Credential.Kind.LINUX, username="root", secret="canary-spare", actor=actor
    )
