"""The guided list of the manual path: the machine proves what it can, a person says the rest, and neither stands for both."""

from __future__ import annotations

from typing import Any

import pytest

from tests import stories
from tests.hosts.signing import document
from tests.services.machines import by_hand, hear
from wizard.models import AuditEntry, Deployment, ManualStepConfirmation, Operator
from wizard.planning.manual_steps_appliance import STEPS as APPLIANCE_STEPS
from wizard.planning.manual_steps_classic import STEPS as CLASSIC_STEPS
from wizard.services import manual_proofs, manual_steps
from wizard.services.answers import Answers
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db

INSTALLED: dict[str, Any] = {
    "site_recovery.products": [{"name": "Configuration/Process Server", "version": "9.57.1"}],
    "site_recovery.registered_vault": stories.ANSWERS["vault"]["vault"],
}


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return by_hand(operator, "lyon")


def states(deployment: Deployment) -> dict[str, str]:
    return {row.step.id: row.state for row in manual_steps.overview(deployment)}


def hear_installed(deployment: Deployment, operator: Operator, **changes: Any) -> None:
    """The machine speaks once more, and what it says has `changes`."""
    said = {key: {"value": value} for key, value in {**INSTALLED, **changes}.items()}
    hear(deployment, operator, facts={**document("2019")["facts"], **said})


def test_before_anybody_did_anything_every_step_is_open(deployment: Deployment) -> None:
    found = states(deployment)
    assert list(found)[:4] == ["P1", "P2", "P3", "P4"]
    assert set(found.values()) == {"open"}


def test_a_fit_machine_alone_proves_no_step(deployment: Deployment, operator: Operator) -> None:
    hear(deployment, operator)
    assert set(states(deployment).values()) == {"open"}


def test_what_the_machine_shows_is_proven(deployment: Deployment, operator: Operator) -> None:
    hear_installed(deployment, operator)
    found = {row.step.id: row for row in manual_steps.overview(deployment)}
    assert found["P5"].state == "proven"
    assert found["P7"].state == "proven"
    (proof,) = found["P7"].proofs
    assert (proof.says, proof.proof.key) == ("yes", "site_recovery.registered_vault")
    assert proof.at is not None
    assert found["P3"].state == "open", "only a person can say it"
    assert found["P14"].state == "open", "there is no passphrase file"


def test_another_vault_than_the_answered_one_proves_nothing(
    deployment: Deployment, operator: Operator
) -> None:
    hear_installed(deployment, operator, **{"site_recovery.registered_vault": "another-vault"})
    assert states(deployment)["P7"] == "open"


def test_a_person_confirms_with_a_note_and_takes_it_back(deployment: Deployment, operator: Operator) -> None:
    manual_steps.confirm(deployment, "P3", note="  on D:  ", actor=operator)
    row = next(row for row in manual_steps.overview(deployment) if row.step.id == "P3")
    assert (row.state, row.note, row.confirmed_by) == ("confirmed", "on D:", "oskar")
    manual_steps.confirm(deployment, "P3", note="on E:", actor=operator)
    assert ManualStepConfirmation.objects.get().note == "on E:"
    manual_steps.take_back(deployment, "P3", actor=operator)
    assert states(deployment)["P3"] == "open"
    with pytest.raises(NotFound):
        manual_steps.take_back(deployment, "P3", actor=operator)
    actions = AuditEntry.objects.filter(action__startswith="manual_step.").values_list("action", flat=True)
    assert sorted(actions) == ["manual_step.confirmed"] * 2 + ["manual_step.taken_back"]


def test_what_the_machine_says_later_contradicts_a_person(deployment: Deployment, operator: Operator) -> None:
    hear(deployment, operator)
    manual_steps.confirm(deployment, "P7", actor=operator)
    assert states(deployment)["P7"] == "confirmed", "what was heard before says nothing about it"
    hear_installed(deployment, operator, **{"site_recovery.registered_vault": "another-vault"})
    assert states(deployment)["P7"] == "contradicted"


def test_a_step_of_another_path_and_an_endless_note_are_refused(
    deployment: Deployment, operator: Operator
) -> None:
    with pytest.raises(NotFound):
        manual_steps.confirm(deployment, "A01", actor=operator)
    with pytest.raises(Invalid) as refused:
        manual_steps.confirm(deployment, "P3", note="x" * 4001, actor=operator)
    assert [(error.path, error.code) for error in refused.value.errors] == [("note", "too_long")]
    assert not ManualStepConfirmation.objects.exists()


def test_who_only_looks_confirms_nothing(deployment: Deployment, viewer: Operator) -> None:
    with pytest.raises(NotAllowed):
        manual_steps.confirm(deployment, "P3", actor=viewer)
    with pytest.raises(NotAllowed):
        manual_steps.take_back(deployment, "P3", actor=viewer)


def test_the_template_has_no_manual_path(operator: Operator) -> None:
    with pytest.raises(Conflict) as refused:
        manual_steps.overview(stories.answered(operator))
    assert refused.value.code == "no_manual_path"


# --- what facts show --------------------------------------------------------------------------------------------------

ANSWERS: Answers = {
    "vault": {"vault": "lyon-vault"},
    "network": {"address": "192.0.2.10", "proxy": "http://proxy:3128", "data_port": 9443},
    "installation": {"install_drive": "D:"},
}
ADAPTER = {"dhcp": False, "ipv4": [{"address": "192.0.2.10", "prefix": 24}]}


@pytest.mark.parametrize(
    ("key", "yes", "no"),
    [
        ("os.elevated", True, False),
        ("os.is_administrator", True, False),
        ("site_recovery.products", [{"name": "x", "version": "1"}], []),
        ("site_recovery.passphrase_file", True, False),
        ("site_recovery.registered_vault", "Lyon-Vault", None),
        (
            "services.states",
            [{"name": "ProcessServer", "state": "Running"}],
            [{"name": "ProcessServer", "state": "Stopped"}],
        ),
        ("proxy.site_recovery", {"address": "http://proxy", "port": 3128, "bypass": ""}, None),
        (
            "proxy.site_recovery",
            {"address": "proxy:3128", "port": None, "bypass": ""},
            {"address": "", "port": None},
        ),
        ("reach.endpoints", [{"error": None}], [{"error": None}, {"error": "timed out"}]),
        ("time.ntp", [{"offset_s": -3.0}, {"offset_s": None}], [{"offset_s": 301.0}]),
        ("time.zone", "UTC", ""),
        ("hardware.volumes", [{"drive": "D:"}], [{"drive": "C:"}, {"drive": None}]),
        ("network.adapters", [ADAPTER], [{**ADAPTER, "dhcp": True}]),
        ("network.listeners", [{"port": 9443}], [{"port": 443}]),
    ],
)
def test_a_value_shows_the_step_done_or_not(key: str, yes: Any, no: Any) -> None:
    assert manual_proofs.shows(key, yes, ANSWERS) is True
    assert manual_proofs.shows(key, no, ANSWERS) is False


def test_a_direct_connection_is_proven_by_no_proxy() -> None:
    direct = {**ANSWERS, "network": {**ANSWERS["network"], "proxy": None}}
    assert manual_proofs.shows("proxy.site_recovery", None, direct) is True
    assert manual_proofs.shows("proxy.site_recovery", {"address": "proxy", "port": 80}, direct) is False


@pytest.mark.parametrize(("key", "value"), [("reach.endpoints", []), ("time.ntp", [{"offset_s": None}])])
def test_what_was_not_asked_shows_nothing(key: str, value: Any) -> None:
    assert manual_proofs.shows(key, value, ANSWERS) is None


def test_every_fact_that_a_step_names_can_show_something() -> None:
    named = {
        proof.key
        for step in (*CLASSIC_STEPS, *APPLIANCE_STEPS)
        for proof in step.proofs
        if proof.kind == "host_fact"
    }
    assert named <= set(manual_proofs._LOOKS)
    assert len(named) > 10
