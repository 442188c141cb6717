"""Azure accounts from the command line: the secret is taken from standard input and shown nowhere."""

from __future__ import annotations

import pytest

from tests.management.commands import Commands
from wizard.models import AzureAccount, Operator

pytestmark = pytest.mark.django_db

TENANT, CLIENT = "00000000-0000-4000-8000-0000000000aa", "00000000-0000-4000-8000-0000000000bb"
PRINCIPAL = ("--how", "client_secret", "--tenant", TENANT, "--client-id", CLIENT, "--user", "oskar")


def test_what_this_machine_is_signed_in_with_needs_a_name_alone(manage: Commands, operator: Operator) -> None:
    outcome = manage("azure_account", "set", "lab", "--how", "default", "--user", "oskar", stdin="ignored")
    assert (outcome.code, outcome.out) == (0, "Stored lab.\n")
    row = AzureAccount.objects.get()
    assert (row.name, row.how, row.cloud, row.credential, row.created_by) == (
        "lab",
        "default",
        "public",
        None,
        operator,
    )


def test_a_secret_comes_from_standard_input_and_a_second_time_replaces_the_first(
    manage: Commands, operator: Operator
) -> None:
    for secret in ("First~secret-1", "Second~secret-2"):
        outcome = manage("azure_account", "set", "lyon", *PRINCIPAL, stdin=f"{secret}\n")
        assert outcome.code == 0
        assert secret not in outcome.text
    row = AzureAccount.objects.select_related("credential").get()
    assert row.credential is not None
    assert row.credential.reveal() == "Second~secret-2"
    assert (row.tenant, row.client_id) == (TENANT, CLIENT)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--how", "client_secret", "--user", "oskar"), "tenant"),
        (("--how", "telepathy"), "invalid choice"),
        (("--how", "default", "--user", "nobody"), "no active person named nobody"),
        (("--how", "default", "--user", "vera"), "lets you look, not change"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_the_reason(
    manage: Commands, operator: Operator, viewer: Operator, arguments: tuple[str, ...], said: str
) -> None:
    outcome = manage("azure_account", "set", "lyon", *arguments)
    assert outcome.code == 1
    assert said in outcome.text
    assert not AzureAccount.objects.exists()
