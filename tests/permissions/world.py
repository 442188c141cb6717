"""A deployment of a team with something in every table, and people inside and outside of that team."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.api.client import token_of
from tests.builders import make_operator
from tests.console.conftest import furnish
from tests.permissions.doors import Door, Outcome, console_rows, knock
from wizard.models import (
    AzureAccount,
    Credential,
    Deployment,
    Machine,
    Operator,
    Task,
    Team,
    VCenter,
    Webhook,
    WebhookDelivery,
)

# Variables that name nothing of anybody's.
_WORDS: Final[dict[str, Any]] = {
    "profile": "asr-classic",
    "requirement_id": "LIFE-01",
    "step": "P1",
    "step_id": "capacity",
    "kind": "mt_linux",
    "form": "json",
    "number": 1,
    "other": 1,
    "token": "nothing",
    "session_id": "nothing",
    "key_id": 7,
    "app_label": "wizard",
    "url": "nothing",
    "content_type_id": 1,
}
# Where one word means something else.
_OWN_WORDS: Final[dict[str, dict[str, Any]]] = {
    "firewall_file": {"form": "html"},
    "privileges_file": {"form": "csv"},
    "azure_role": {"form": "read"},
    "get_step": {"step": "capacity"},
    "put_step": {"step": "capacity"},
    "get_step_schema": {"step": "capacity"},
    "confirm_decommission_step": {"step": "replication_disabled"},
    "take_back_decommission_step": {"step": "replication_disabled"},
    "put_secret": {"kind": "passphrase"},
    "delete_secret": {"kind": "passphrase"},
    "approve_waiver": {"requirement_id": "TPL-02"},
    "delete_waiver": {"requirement_id": "TPL-02"},
    "take_back_waiver": {"requirement_id": "TPL-02"},
    # What the stories leave to a person.
    "attest": {"requirement_id": "AZ-07"},
    "withdraw_answer": {"requirement_id": "OPS-01"},
    "attested_file": {"requirement_id": "OPS-01"},
    "delete_attestation": {"requirement_id": "OPS-01"},
    "put_attestation": {"requirement_id": "AZ-07"},
    "put_attestation_file": {"requirement_id": "OPS-01"},
    "get_attestation_file": {"requirement_id": "OPS-01"},
}
_QUERIES: Final = {"issue_collector": "?component=cs", "get_role_script": "?format=govc"}
_TASKS: Final = {"task", "task_progress", "cancel_task", "retry_task"}

_SERVER: Final = {"name": "srv", "address": "192.0.2.97", "operating_system": "Windows Server 2019"}
# What an operation asks for before anybody looks at who asks: its shape is no secret.
BODIES: Final[dict[str, Any]] = {
    "create_deployment": {"name": "another", "profile": "asr-classic"},
    "change_deployment": {"name": "another"},
    "put_waiver": {"reason": "Known.", "until": timezone.localdate().isoformat()},
    "put_attestation": {"answer": "yes"},
    "put_secret": {"secret": "x"},
    "put_template_passwords": {"passwords": {"x": "y"}},
    "put_vault_account": {"account": ""},
    "put_corrections": {"roles": {}},
    "finish_decommission": {"name": "lyon"},
    "plan_addition": {"kind": "mt_linux", "answers": {"name": "mt2", "address": "192.0.2.98"}},
    "change_addition": {"answers": {"name": "mt3", "address": "192.0.2.98"}},
    "create_azure_account": {"name": "another", "how": "default"},
    "create_credential": {"name": "another", "kind": "linux", "username": "root", "secret": "x"},
    "change_credential": {"secret": "x"},
    "probe_vcenter": {"host": "127.0.0.1"},
    "create_team": {"name": "another"},
    "rename_team": {"name": "another"},
    "create_webhook": {"name": "another", "url": "https://hooks.lab.test/", "secret": "a-long-random-text"},
    "reject": {"reason": "No."},
    "start_task": {"kind": "preflight"},
    "add_physical_server": _SERVER,
    "change_physical_server": _SERVER,
}


@dataclass(slots=True, kw_only=True)
class World:
    member: Operator
    team: Team
    deployment: Deployment
    values: dict[str, Any]
    _signed_in: dict[int, tuple[str, str]] = field(default_factory=dict)

    def url(self, door: Door) -> str:
        own = dict(_OWN_WORDS.get(door.name.rpartition(":")[2], {}))
        if door.name in _TASKS:
            own["pk"] = self.values["task_id"]
        if door.name == "revoke_token":
            own["pk"] = self.values["token_id"]
        for prefix, model in console_rows().items():
            if door.route.startswith(prefix):
                row = model._default_manager.order_by("pk").last()
                own |= {"object_id": row.pk, "pk": row.pk, "id": row.pk}
        known = {**self.values, **_WORDS, **own}

        def fill(found: re.Match[str]) -> str:
            return str(known[found[1]])

        route = door.route.replace("^", "").replace("$", "")
        route = re.sub(r"\(\?P<(\w+)>[^)]*\)", fill, route)
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", fill, route) + _QUERIES.get(door.name, "")

    def try_door(self, person: Operator | None, door: Door) -> Outcome:
        """As somebody who has signed in, or whose program has a token for everything; None is a stranger."""
        client, token = Client(raise_request_exception=False), ""
        if person is not None:
            session, token = self._signed_in[person.pk]
            client.cookies[settings.SESSION_COOKIE_NAME] = session
        body = BODIES.get(door.name) if door.room == "api" else None
        with transaction.atomic():
            outcome = knock(client, door, self.url(door), token=token, body=body)
            # The next one finds everything as it was.
            transaction.set_rollback(True)
        return outcome

    def token_of(self, person: Operator) -> str:
        return self._signed_in[person.pk][1]

    def admit(self, person: Operator) -> Operator:
        """Sign somebody in, in a browser and with a program."""
        client = Client()
        client.force_login(person)
        token = token_of(person, "admin", f"of {person.username}")
        self._signed_in[person.pk] = client.cookies[settings.SESSION_COOKIE_NAME].value, token
        return person


def build() -> World:
    """The member is an operator; everything is the team's that can be."""
    member = make_operator("mia", Operator.Role.OPERATOR)
    furnish(member)
    deployment = Deployment.objects.get()
    team = Team.objects.get()
    server = stories.enter_server(deployment, member)
    # A name that nothing else has, so that whoever tells it is found.
    Deployment.objects.update(team=team, name="hidden-lyon")
    Credential.objects.update(team=team)
    AzureAccount.objects.update(team=team)
    Webhook.objects.update(deployment=deployment)
    WebhookDelivery.objects.update(
        payload={"deployment": {"id": str(deployment.pk), "name": deployment.name}}
    )
    deployment.refresh_from_db()
    credential = Credential.objects.get(kind="vcenter")
    values = {
        "pk": deployment.pk,
        "deployment_id": deployment.pk,
        "task_id": Task.objects.filter(state="failed").get().pk,
        "team_id": team.pk,
        "username": member.username,
        "account_id": AzureAccount.objects.get().pk,
        "credential_id": credential.pk,
        "vcenter_id": VCenter.objects.get().pk,
        "machine_id": server.pk,
        "vm_id": Machine.objects.filter(vcenter__isnull=False).order_by("pk")[0].pk,
        "addition_id": deployment.additions.get().pk,
        "approval_id": deployment.approvals.get().pk,
        "notice_id": deployment.notices.all()[0].pk,
        "pack_id": deployment.packs.get().pk,
        "webhook_id": Webhook.objects.get().pk,
        "delivery_id": Webhook.objects.get().deliveries.order_by("created_at")[0].pk,
        "token_id": member.api_tokens.get().pk,
        "object_id": UUID(int=1),
    }
    return World(member=member, team=team, deployment=deployment, values=values)
