from __future__ import annotations

import json
import re
import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.checks.catalogue import load
from wizard.hosts import schema
from wizard.planning import manual_steps_appliance, manual_steps_classic
from wizard.planning.manual_path import manual_path
from wizard.planning.manual_step import ManualStep

CS_PHYSICAL = frozenset({"cs", "manual", "physical", "physical_host"})
CS_VMWARE = frozenset({"cs", "manual", "vmware", "vmware_host", "vcenter"})
PS = frozenset({"ps_scaleout", "manual", "vmware", "vmware_host"})
APPLIANCE = frozenset({"appliance", "manual", "vmware", "vcenter", "vmware_host"})
ALL_CLASSIC = [f"P{number}" for number in range(1, 16)]


def ids(circumstances: frozenset[str]) -> list[str]:
    return [step.id for step in manual_path(circumstances)]


def step(id: str, circumstances: frozenset[str]) -> ManualStep:
    return next(step for step in manual_path(circumstances) if step.id == id)


@pytest.mark.parametrize("circumstances", [CS_PHYSICAL, CS_VMWARE, CS_PHYSICAL | CS_VMWARE])
def test_a_configuration_server_has_fifteen_steps(circumstances: frozenset[str]) -> None:
    assert ids(circumstances) == ALL_CLASSIC
    assert ids(circumstances | {"proxy"}) == ALL_CLASSIC


def test_a_process_server_skips_licence_registration_and_mysql_and_asks_for_address_and_passphrase() -> None:
    wanted = [id for id in ALL_CLASSIC if id not in ("P6", "P7", "P10")]
    wanted.insert(wanted.index("P8"), "PS1")
    assert ids(PS) == wanted
    asked = f"{step('PS1', PS).what} {step('PS1', PS).input}"
    assert "IPv4 address" in asked
    assert "genpassphrase.exe" in asked
    assert "Add additional process servers" in str(step("P5", PS).what)


def test_an_appliance_has_steps_of_its_own() -> None:
    numbers = [int(id[1:]) for id in ids(APPLIANCE | {"physical"})]
    assert numbers == list(range(1, 16))
    assert "A13" not in ids(APPLIANCE)
    assert "no failback" in str(step("A13", APPLIANCE | {"physical"}).guard)
    physical = ids(frozenset({"appliance", "manual", "physical", "physical_host"}))
    assert not {"A11", "A12"} & set(physical)


@pytest.mark.parametrize(
    ("id", "circumstances", "words"),
    [
        ("P1", CS_PHYSICAL, "Not virtualized/Other"),
        ("P1", CS_VMWARE | CS_PHYSICAL, "“To Azure” and VMware"),
        ("P8", CS_VMWARE | {"proxy"}, "custom proxy"),
        ("P8", CS_VMWARE, "directly"),
        ("P11", CS_PHYSICAL, "“No”"),
        ("P11", CS_VMWARE, "“Yes”"),
        ("P15", CS_VMWARE, "vCenter"),
        ("P15", CS_PHYSICAL, "Mobility service"),
        ("A04", APPLIANCE | {"proxy"}, "use proxy"),
        ("A04", APPLIANCE, "switched off"),
    ],
)
def test_a_step_speaks_of_its_case(id: str, circumstances: frozenset[str], words: str) -> None:
    assert words in str(step(id, circumstances).what)


def test_without_a_component_nothing_is_guessed() -> None:
    with pytest.raises(ValueError, match="not said yet"):
        manual_path(frozenset({"manual", "vmware"}))


words = st.sets(
    st.sampled_from(
        ["vmware", "physical", "vcenter", "proxy", "failback", "private_endpoints", "winrm", "physical_host"]
    )
)


@given(st.sampled_from(["cs", "ps_scaleout", "appliance"]), words)
def test_whatever_holds_each_step_appears_once_with_a_question_and_a_proof(
    component: str, others: set[str]
) -> None:
    steps = manual_path(frozenset({component, "manual", *others}))
    assert len({step.id for step in steps}) == len(steps)
    for found in steps:
        assert str(found.confirm).endswith("?")
        assert found.proofs
        assert found.link.startswith("https://learn.microsoft.com/azure/site-recovery/")
        for proof in found.proofs:
            shape = {"host_fact": r"[a-z_]+\.[a-z0-9_]+", "requirement": r"[A-Z]+-\d\d"}
            assert re.fullmatch(shape.get(proof.kind, re.escape(found.id)), proof.key)
        assert json.loads(json.dumps(found.to_json()))["id"] == found.id


def test_every_proof_names_a_requirement_of_the_catalogue_or_a_fact_of_the_collector() -> None:
    known = set(schema.WINDOWS)
    for file in resources.files("wizard.checks").joinpath("requirements").iterdir():
        if file.name.endswith(".toml"):
            known |= {row["id"] for row in tomllib.loads(file.read_text("utf-8")).get("requirement", [])}
    steps = (*manual_steps_classic.STEPS, *manual_steps_appliance.STEPS)
    proofs = {proof for step in steps for proof in step.proofs if proof.kind != "attestation"}
    assert {proof.key for proof in proofs} - known == set()


@pytest.mark.parametrize(
    "step", [*manual_steps_classic.STEPS, *manual_steps_appliance.STEPS], ids=lambda step: step.id
)
def test_what_proves_a_step_is_judged_where_the_step_is_taken(step: ManualStep) -> None:
    """A row that is only listed, or is of another component, never says anything about this machine."""
    profile, own = ("asr-modernized", "appliance") if step.id.startswith("A") else ("asr-classic", "cs")
    if step.when & {"ps_scaleout"}:
        own = "ps_scaleout"
    kinds = {own, "vcenter", "ps_builtin"} if own == "cs" else {own, "vcenter"}
    judged = {
        row.id
        for phase in ("before", "after")
        for words in (step.when, step.when | {"proxy", "vmware", "vcenter"})
        for row in load(profile).select(
            components=kinds, circumstances=words | {own}, method="manual", phase=phase
        )
    }
    wanted = {proof.key for proof in step.proofs if proof.kind == "requirement"}
    assert wanted - judged == set()
