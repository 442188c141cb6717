from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.journey.base import JOURNEYS, PROFILES, StepStatus, journey, progress, step
from wizard.journey.profile import AVAILABLE

CLASSIC = journey("asr-classic")
IDS = [known.id for known in CLASSIC]


def states(complete: Iterable[str], answers: dict[str, dict[str, str]] | None = None) -> dict[str, str]:
    return {status.step.id: status.status for status in progress("asr-classic", set(complete), answers or {})}


def status(step_id: str, complete: Iterable[str]) -> StepStatus:
    found = progress("asr-classic", set(complete), {})
    return next(status for status in found if status.step.id == step_id)


def test_the_steps_stand_in_the_order_of_the_journey() -> None:
    assert IDS == (
        [
            "profile",
            "source",
            "capacity",
            "vcenter",
            "placement",
            "template",
            "network",
            "vault",
            "preflight",
            "deploy",
            "register",
            "record",
        ]
    )


def test_a_step_requires_only_steps_before_it() -> None:
    for place, known in enumerate(CLASSIC):
        assert set(known.requires) <= set(IDS[:place]), known.id


def test_questions_have_answers_and_work_has_tasks() -> None:
    for known in CLASSIC:
        assert (known.answers is not None) == (known.kind == "question"), known.id
        assert known.task_kinds or known.kind == "question", known.id
        assert len(known.short_title) <= 16, known.id
        assert known.summary.endswith("."), known.id


def test_every_profile_has_a_journey_and_says_whether_it_is_available() -> None:
    assert set(JOURNEYS) == set(PROFILES) == set(AVAILABLE)
    for profile in PROFILES.values():
        assert profile.available == bool(journey(profile.id))


def test_a_step_is_found_by_its_id() -> None:
    assert step("asr-classic", "vault").title == "Recovery Services vault"
    with pytest.raises(KeyError):
        step("asr-classic", "failback")
    with pytest.raises(KeyError):
        step("asr-modernized", "vault")


def test_at_the_beginning_only_the_first_step_can_start() -> None:
    assert set(states([]).values()) == {"next", "blocked"}
    assert states([])["profile"] == "next"


def test_after_the_source_several_steps_are_ready_and_one_is_next() -> None:
    found = states(["profile", "source"])
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


def test_steps_of_the_template_do_not_apply_to_a_manual_installation() -> None:
    answers = {"source": {"method": "manual"}}
    found = states(["profile", "source", "capacity", "vcenter", "network", "vault"], answers)
    assert [step_id for step_id, state in found.items() if state == "not_applicable"] == [
        "placement",
        "template",
        "deploy",
    ]
    assert found["preflight"] == "next"
    assert found["register"] == "blocked"


def test_a_step_that_does_not_apply_passes_on_what_it_waits_for() -> None:
    found = progress("asr-classic", {"profile", "source"}, {"source": {"method": "manual"}})
    register = next(status for status in found if status.step.id == "register")
    assert register.blocked_by == ("preflight",)


@given(st.sets(st.sampled_from(IDS)))
def test_there_is_exactly_one_next_step_unless_everything_is_done_or_blocked(complete: set[str]) -> None:
    found = progress("asr-classic", complete, {})
    startable = [status for status in found if status.status in ("next", "ready")]
    assert [status.status for status in startable] == ["next", *["ready"] * (len(startable) - 1)][
        : len(startable)
    ]
    for status in found:
        assert bool(status.blocked_by) == bool(status.reason) == (status.status == "blocked")
        assert not set(status.blocked_by) & complete


def test_whoever_does_the_next_step_each_time_reaches_the_end() -> None:
    done: list[str] = []
    while len(done) < len(IDS):
        done.append(next(step_id for step_id, state in states(done).items() if state == "next"))
    assert done == IDS
