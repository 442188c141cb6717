"""`manage.py privileges`: the comparison in words, as CSV, and the scripts."""

from __future__ import annotations

import csv
import io
import stat
from pathlib import Path

import pytest

from tests import stories
from tests.builders import make_operator
from tests.far_side import rights
from tests.management.commands import Commands
from wizard.models import Operator
from wizard.services import deployments
from wizard.vsphere.effective_rights import wanted

pytestmark = pytest.mark.django_db

EXACT = frozenset(wanted(["full", "ova"]))


def site(actor: Operator, **granted: frozenset[str]) -> None:
    deployment = stories.answered(actor, "capacity", name="lyon-cs01")
    found = rights(**({"Datacenters": EXACT, "DC0": EXACT, "DC1": EXACT} | granted))
    credential = stories.sign_in(deployment, actor, rights=found.to_json())
    deployments.answer(
        deployment, "vcenter", {**stories.ANSWERS["vcenter"], "credential": credential.name}, actor=actor
    )


def test_an_account_that_has_exactly_what_is_needed_is_told_so(
    manage: Commands, first_operator: Operator
) -> None:
    site(first_operator)
    outcome = manage("privileges", "lyon-cs01")
    assert outcome.code == 0
    assert f"/DC0 {len(EXACT)} 0 0" in outcome.flat()
    assert "As vCenter answered for VSPHERE.LOCAL\\asr." in outcome.flat()
    assert "Exactly what is needed" in outcome.flat()


def test_what_is_missing_is_named_and_told_by_the_exit_code(
    manage: Commands, first_operator: Operator
) -> None:
    site(first_operator, DC1=EXACT - {"VApp.Import"} | {"Datastore.Config"})
    outcome = manage("privileges", "lyon-cs01")
    assert outcome.code == 3
    assert "missing on /DC1 for “Deploy the template”: VApp.Import (vApp > Import)" in outcome.flat()
    assert "more than is needed, 1: Datastore.Config" in outcome.flat()
    outcome = manage("privileges", "lyon-cs01", "--level", "full")
    assert outcome.code == 0, "nothing of this level is missing"


def test_hundreds_of_privileges_are_counted_and_listed_in_the_csv(
    manage: Commands, first_operator: Operator
) -> None:
    many = frozenset({"Authorization.ModifyPermissions", *(f"Vendor.P{number}" for number in range(280))})
    site(first_operator, DC0=EXACT | many)
    outcome = manage("privileges", "lyon-cs01")
    assert "more than is needed, 281: " in outcome.flat()
    assert "like an administrator's" in outcome.flat()
    assert outcome.flat().count("Vendor.P") < 20
    rows = list(csv.reader(io.StringIO(manage("privileges", "lyon-cs01", "--csv").out)))
    assert sum(row[2] == "excess" for row in rows) == 281


def test_scripts_are_printed_or_written(manage: Commands, first_operator: Operator, tmp_path: Path) -> None:
    site(first_operator)
    printed = manage("privileges", "lyon-cs01", "--script", "govc", "--role", "Mine")
    assert printed.code == 0
    assert printed.out.startswith("#!/bin/sh\n")
    assert "\nrole='Mine'\n" in printed.out
    assert (
        manage("privileges", "lyon-cs01", "--script", "govc", "--role", "Mine", "--output", tmp_path).code
        == 0
    )
    written = tmp_path / "lyon-cs01-privileges.sh"
    assert written.read_text("utf-8") == printed.out
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    powercli = manage("privileges", "lyon-cs01", "--script", "powercli", "--principal", "LAB\\other")
    assert "$principal = 'LAB\\other'" in powercli.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["gone"], 2, "There is no deployment named gone."),
        (["lyon-cs01", "--level", "everything"], 2, "There is no level “everything”"),
        (["lyon-cs01", "--user", "nobody"], 2, "There is no active person named nobody"),
        (["lyon-cs01", "--script", "govc", "--role", "a\nb"], 2, "on one line are expected"),
    ],
)
def test_what_cannot_be_is_refused(
    manage: Commands, first_operator: Operator, arguments: list[str], code: int, said: str
) -> None:
    site(first_operator)
    outcome = manage("privileges", *arguments)
    assert outcome.code == code
    assert said in outcome.flat()
    assert outcome.out == ""


def test_before_the_first_sign_in_there_is_nothing_to_compare(
    manage: Commands, first_operator: Operator
) -> None:
    stories.answered(first_operator, "capacity", name="lyon-cs01")
    outcome = manage("privileges", "lyon-cs01")
    assert outcome.code == 1
    assert "The privileges were not compared yet. Still missing: a sign-in to vCenter" in outcome.flat()


def test_who_has_no_role_is_told_nothing(manage: Commands, first_operator: Operator) -> None:
    site(first_operator)
    make_operator("nina", role="")
    for more in ((), ("--csv",), ("--script", "govc")):
        outcome = manage("privileges", "lyon-cs01", "--user", "nina", *more)
        assert outcome.code == 1
        assert "VSPHERE.LOCAL" not in outcome.text
