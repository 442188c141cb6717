from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.journey.base import (
    JOURNEYS,
    PROFILES,
    Step,
    StepStatus,
    in_doubt,
    journey,
    not_applicable,
    progress,
    step,
)
from wizard.planning.circumstances import CIRCUMSTANCES
from wizard.planning.vocabulary import ProfileId

Answers = Mapping[str, Mapping[str, Any]]

CLASSIC = journey("asr-classic")
IDS = [known.id for known in CLASSIC]
EVERY_STEP = [
    pytest.param(profile, known, id=f"{profile}-{known.id}")
    for profile, steps in JOURNEYS.items()
    for known in steps
]

OVA: Answers = {"source": {"protects": ["vmware"], "component": "cs", "method": "ova", "runs_on": "vmware"}}
MANUAL: Answers = {"source": {"protects": ["vmware"], "component": "cs", "method": "manual"}}
PHYSICAL: Answers = {"source": {"protects": ["physical"], "method": "manual", "runs_on": "physical"}}
FURTHER_PS: Answers = {"source": {"protects": ["vmware"], "component": "ps_scaleout", "method": "manual"}}
PHYSICAL_OVA: Answers = {"source": {"protects": ["physical"], "method": "ova", "runs_on": "vmware"}}

METHOD = "Not needed for the chosen installation method."
NO_VMWARE = "Not needed: no VMware virtual machines are protected."
CS_HAS_IT = "Not needed: vCenter Server is registered with the configuration server."


def states(
    complete: Iterable[str], answers: Answers | None = None, profile: str = "asr-classic"
) -> dict[str, str]:
    return {status.step.id: status.status for status in progress(profile, set(complete), answers or {})}


def status(step_id: str, complete: Iterable[str], answers: Answers | None = None) -> StepStatus:
    found = progress("asr-classic", set(complete), answers or {})
    return next(status for status in found if status.step.id == step_id)


def test_the_steps_stand_in_the_order_of_the_journey() -> None:
    first = ["profile", "source", "capacity", "vcenter", "placement", "template", "network", "vault"]
    last = ["installation", "evidence", "preflight", "deploy", "install", "register", "record"]
    assert [known.id for known in journey("asr-modernized")] == [*first, "appliance", *last]
    assert [*first, *last] == IDS


@pytest.mark.parametrize("profile", get_args(ProfileId))
def test_a_step_requires_only_steps_before_it(profile: str) -> None:
    ids = [known.id for known in journey(profile)]
    for place, known in enumerate(journey(profile)):
        assert set(known.requires) <= set(ids[:place]), known.id


@pytest.mark.parametrize("profile", get_args(ProfileId))
def test_preflight_asks_for_every_question(profile: str) -> None:
    questions = {known.id for known in journey(profile) if known.kind == "question"}
    assert set(step(profile, "preflight").requires) == questions - {"profile"}


@pytest.mark.parametrize(("profile", "known"), EVERY_STEP)
def test_questions_have_answers_and_work_has_tasks(profile: str, known: Step) -> None:
    assert (known.answers is not None) == (known.kind == "question")
    assert known.task_kinds or known.kind == "question"
    assert len(known.short_title) <= 16
    assert known.summary.endswith(".")
    assert known.when <= CIRCUMSTANCES


@pytest.mark.parametrize(("profile", "known"), EVERY_STEP)
def test_the_appliance_is_not_spoken_of_as_a_configuration_server_nor_the_other_way_round(
    profile: str, known: Step
) -> None:
    words = [known.title, known.short_title, known.summary]
    if known.answers is not None and known.id != "profile":
        for field in known.answers.model_fields.values():
            looks: Any = field.json_schema_extra
            words += [field.title or "", field.description or ""]
            words += [*looks.get("choices", {}).values(), *looks.get("hints", {}).values()]
    spoken = " ".join(words).lower()
    if profile == "asr-classic":
        assert "appliance" not in spoken
        return
    # What may not have been in the vault before is named, to say so.
    spoken = spoken.replace("a vault that a configuration server was ever registered with", "")
    assert "configuration server" not in spoken
    assert "unified setup" not in spoken
    assert "mysql" not in spoken


def test_every_profile_has_a_journey_and_the_supported_one_comes_first() -> None:
    assert list(PROFILES) == list(JOURNEYS) == list(get_args(ProfileId)) == ["asr-modernized", "asr-classic"]


def test_a_step_is_found_by_its_id() -> None:
    assert step("asr-classic", "vault").title == "Recovery Services vault"
    with pytest.raises(KeyError):
        step("asr-classic", "appliance")
    with pytest.raises(KeyError):
        step("asr-quantum", "vault")


def test_where_the_profiles_differ_a_step_has_answers_of_its_own() -> None:
    differing = {
        known.id for known in CLASSIC if known.answers is not step("asr-modernized", known.id).answers
    }
    assert differing == {"source", "capacity", "network", "vault", "installation"}


def test_at_the_beginning_only_the_first_step_can_start() -> None:
    assert set(states([]).values()) == {"next", "blocked"}
    assert states([])["profile"] == "next"


def test_after_the_source_several_steps_are_ready_and_one_is_next() -> None:
    found = states(["profile", "source"], OVA)
    assert [step_id for step_id, state in found.items() if state == "next"] == ["capacity"]
    assert [step_id for step_id, state in found.items() if state == "ready"] == [
        "vcenter",
        "network",
        "vault",
    ]


def test_a_blocked_step_names_what_is_missing() -> None:
    found = status("placement", ["profile", "source"])
    assert found.status == "blocked"
    assert found.blocked_by == ("capacity", "vcenter")
    assert str(found.reason) == "Cannot start yet. First complete: Capacity, vCenter Server."


def test_a_step_that_was_reopened_blocks_what_is_built_on_it() -> None:
    everything_but = [step_id for step_id in IDS if step_id not in ("network", "preflight", "deploy")]
    found = states(everything_but)
    assert found["network"] == "next"
    assert found["preflight"] == found["deploy"] == "blocked"
    assert found["record"] == "complete"


@pytest.mark.parametrize(
    ("profile", "answers", "reasons"),
    [
        ("asr-classic", {}, {}),
        ("asr-classic", OVA, {"installation": METHOD, "evidence": METHOD, "install": METHOD}),
        ("asr-classic", MANUAL, {"placement": METHOD, "template": METHOD, "deploy": METHOD}),
        (
            "asr-classic",
            PHYSICAL,
            {
                "vcenter": NO_VMWARE,
                "placement": METHOD,
                "template": METHOD,
                "deploy": METHOD,
                "register": NO_VMWARE,
            },
        ),
        (
            "asr-classic",
            FURTHER_PS,
            {
                "vcenter": CS_HAS_IT,
                "placement": METHOD,
                "template": METHOD,
                "deploy": METHOD,
                "register": CS_HAS_IT,
            },
        ),
        (
            "asr-modernized",
            PHYSICAL_OVA,
            {"installation": METHOD, "evidence": METHOD, "install": METHOD, "register": NO_VMWARE},
        ),
        # A source that is half answered rules out only what it speaks about.
        (
            "asr-classic",
            {"source": {"method": "manual"}},
            {"placement": METHOD, "template": METHOD, "deploy": METHOD},
        ),
        ("asr-classic", {"source": {"protects": ["physical"]}}, {"register": NO_VMWARE}),
    ],
)
def test_a_step_that_does_not_apply_says_why(profile: str, answers: Answers, reasons: dict[str, str]) -> None:
    assert {step_id: str(reason) for step_id, reason in not_applicable(profile, answers).items()} == reasons


def test_before_the_source_is_answered_the_steps_that_depend_on_it_are_in_doubt() -> None:
    unsure = {
        "vcenter",
        "placement",
        "template",
        "installation",
        "evidence",
        "deploy",
        "install",
        "register",
    }
    assert in_doubt("asr-classic", {}) == in_doubt("asr-modernized", {}) == unsure
    assert in_doubt("asr-classic", OVA) == in_doubt("asr-modernized", PHYSICAL_OVA) == frozenset()


def test_a_step_that_does_not_apply_passes_on_what_it_waits_for() -> None:
    assert status("register", ["profile", "source"], MANUAL).blocked_by == ("install",)
    assert status("register", ["profile", "source"], OVA).blocked_by == ("deploy",)
    assert status("record", ["profile", "source"], PHYSICAL).blocked_by == ("install",)
    assert status("placement", ["profile", "source"], OVA).blocked_by == ("capacity", "vcenter")


@pytest.mark.parametrize(
    ("profile", "answers", "way"),
    [
        (
            "asr-classic",
            OVA,
            "profile source capacity vcenter placement template network vault preflight deploy register record",
        ),
        (
            "asr-classic",
            MANUAL,
            "profile source capacity vcenter network vault installation evidence preflight install register "
            "record",
        ),
        (
            "asr-classic",
            PHYSICAL,
            "profile source capacity network vault installation evidence preflight install record",
        ),
        (
            "asr-classic",
            FURTHER_PS,
            "profile source capacity network vault installation evidence preflight install record",
        ),
        (
            "asr-modernized",
            OVA,
            "profile source capacity vcenter placement template network vault appliance preflight deploy "
            "register record",
        ),
        (
            "asr-modernized",
            PHYSICAL_OVA,
            "profile source capacity vcenter placement template network vault appliance preflight deploy "
            "record",
        ),
        (
            "asr-modernized",
            PHYSICAL,
            "profile source capacity network vault appliance installation evidence preflight install record",
        ),
    ],
)
def test_whoever_does_the_next_step_each_time_reaches_the_end(
    profile: str, answers: Answers, way: str
) -> None:
    done: list[str] = []
    known: Answers = {}
    while nexts := [step_id for step_id, state in states(done, known, profile).items() if state == "next"]:
        done += nexts
        known = answers if "source" in done else {}
    assert done == way.split()
    assert set(states(done, answers, profile).values()) <= {"complete", "not_applicable"}


sources = st.fixed_dictionaries(
    {},
    optional={
        "protects": st.lists(st.sampled_from(["vmware", "physical"]), unique=True),
        "component": st.sampled_from(["cs", "ps_scaleout"]),
        "method": st.sampled_from(["ova", "manual"]),
        "runs_on": st.sampled_from(["vmware", "physical"]),
    },
)


@given(
    st.sampled_from(get_args(ProfileId)),
    st.sets(st.sampled_from([known.id for known in journey("asr-modernized")])),
    st.fixed_dictionaries({}, optional={"source": sources}),
)
def test_whatever_is_answered_there_is_one_next_step_and_every_other_state_has_its_reason(
    profile: str, complete: set[str], answers: Answers
) -> None:
    found = progress(profile, complete, answers)
    assert [status.step for status in found] == list(journey(profile))
    startable = [status for status in found if status.status in ("next", "ready")]
    assert [status.status for status in startable] == ["next", *["ready"] * (len(startable) - 1)][
        : len(startable)
    ]
    applying = {status.step.id for status in found if status.status != "not_applicable"}
    assert {"profile", "source", "capacity", "network", "vault", "preflight", "record"} <= applying
    assert startable or {status.step.id for status in found if status.status == "complete"} == applying
    for status in found:
        assert bool(status.reason) == (status.status in ("blocked", "not_applicable"))
        assert bool(status.blocked_by) == (status.status == "blocked")
        assert set(status.blocked_by) <= applying - complete
