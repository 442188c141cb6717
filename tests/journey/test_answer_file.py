from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journey.complete import ANSWERS
from wizard.journey import answer_file
from wizard.journey.answer_file import AnswerFile, AnswerFileInvalid
from wizard.journey.base import JOURNEYS

EXAMPLE = Path(__file__).parents[2] / "examples" / "vmware-ova.yaml"

HEAD = "foothold: 1\nname: lyon-cs01\nprofile: asr-classic\n"


def complete(**changed: Any) -> AnswerFile:
    return AnswerFile(name="lyon-cs01", profile="asr-classic", answers={**ANSWERS, **changed})


def refused(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(AnswerFileInvalid) as caught:
        answer_file.parse(text)
    return [(error.path, str(error.message), error.code) for error in caught.value.errors]


def test_the_example_is_complete_but_for_the_certificate() -> None:
    file = answer_file.parse(EXAMPLE.read_text())
    assert [(error.path, error.code) for error in answer_file.check(file)] == [
        ("answers.vcenter.thumbprint_sha256", "missing")
    ]
    assert answer_file.check(file, may_be_missing=["vcenter.thumbprint_sha256"]) == []


def test_the_example_gains_its_certificate_by_an_override() -> None:
    change = answer_file.overrides([f"vcenter.thumbprint_sha256={'AB:' * 31}AB"])
    assert answer_file.check(answer_file.parse(EXAMPLE.read_text()).with_answers(change)) == []


def test_a_dumped_file_is_read_back_as_the_same() -> None:
    file = complete()
    assert answer_file.parse(answer_file.dump(file)) == file
    assert answer_file.check(file) == []


def test_canonical_answers_survive_the_way_through_a_file() -> None:
    canonical = {
        step.id: step.answers.model_validate(ANSWERS[step.id]).model_dump(mode="json")
        for step in JOURNEYS["asr-classic"]
        if step.answers is not None and step.id != "profile"
    }
    read = answer_file.parse(answer_file.dump(complete(**canonical)))
    assert answer_file.check(read) == []
    for step_id, answers in canonical.items():
        given = {field: value for field, value in answers.items() if value is not None}
        assert read.answers[step_id] == given


def test_short_steps_take_one_line_and_long_ones_several() -> None:
    text = answer_file.dump(complete())
    assert "  source: {protects: [vmware], method: ova}\n" in text
    assert "  vcenter: {host: vcenter.lab.test, thumbprint_sha256: " not in text
    assert "  vault:\n    subscription: 00000000-0000-0000-0000-000000000001\n" in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_steps_are_written_in_the_order_of_the_journey() -> None:
    file = AnswerFile(
        name="x", profile="asr-classic", answers={"vault": ANSWERS["vault"], "source": ANSWERS["source"]}
    )
    assert list(answer_file.parse(answer_file.dump(file)).answers) == ["source", "vault"]


def test_a_name_that_looks_like_something_else_stays_a_text() -> None:
    for name in ("no", "2026", "1e3", "0x1f"):
        file = AnswerFile(name=name, profile="asr-classic")
        assert answer_file.parse(answer_file.dump(file)) == file


def test_the_json_form_is_the_same_file() -> None:
    file = complete()
    assert answer_file.from_json(file.to_json()) == file


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (
            "",
            [("", "An answer is missing here.", "missing")],
        ),
        (
            "- a\n",
            [("", "“['a']” is not a set of names and values, such as {name: value}.", "model_type")],
        ),
        (
            "foothold: 1\nname: x\nname: y\n",
            [("", "Line 3, column 1 cannot be read: “name” occurs twice.", "not_yaml")],
        ),
        (
            "foothold: 2\nname: x\nprofile: asr-classic\nanswers: {}\n",
            [("foothold", "The file says version 2. Expected is version 1.", "unknown_version")],
        ),
        (
            HEAD + "answers: {}\ncolour: red\n",
            [
                (
                    "colour",
                    "This field is not known here. Check the spelling, or remove it.",
                    "extra_forbidden",
                )
            ],
        ),
        (
            HEAD,
            [("answers", "An answer is missing here.", "missing")],
        ),
        (
            "foothold: 1\nname: x\nprofile: asr-modernized\nanswers: {}\n",
            [
                (
                    "profile",
                    "The modernized appliance arrives later. For now only the classic architecture can "
                    "be set up.",
                    "invalid",
                )
            ],
        ),
        (
            "foothold: 1\nname: 7\nprofile: asr-classic\nanswers: {}\n",
            [("name", "“7” is not a text. Put it in quotes.", "string_type")],
        ),
        (
            HEAD + "answers: {vcentre: {host: x}}\n",
            [
                (
                    "answers.vcentre",
                    "“vcentre” is not a step with answers. Expected is vcenter.",
                    "unknown_step",
                )
            ],
        ),
        (
            HEAD + "answers: {deploy: {}}\n",
            [
                (
                    "answers.deploy",
                    "“deploy” is not a step with answers. Expected is source, capacity, vcenter, placement, "
                    "template, network, vault.",
                    "unknown_step",
                )
            ],
        ),
        (
            HEAD + "answers: {profile: {name: x}}\n",
            [
                (
                    "answers.profile",
                    "Name and profile are at the top of the file. Remove this step.",
                    "unknown_step",
                )
            ],
        ),
        (
            HEAD + "answers: {source: [vmware]}\n",
            [
                (
                    "answers.source",
                    "“['vmware']” is not a set of names and values, such as {name: value}.",
                    "dict_type",
                )
            ],
        ),
    ],
)
def test_a_file_with_a_wrong_frame_is_refused_with_the_place(
    text: str, errors: list[tuple[str, str, str]]
) -> None:
    assert refused(text) == errors


def test_all_wrong_answers_are_named_in_the_order_of_the_steps() -> None:
    file = complete(
        capacity={"machines": 0, "daily_change_gb": 1},
        network={**ANSWERS["network"], "gateway": "192.0.3.1"},
    )
    del file.answers["vault"]
    assert [(error.path, str(error.message)) for error in answer_file.check(file)] == [
        ("answers.capacity.machines", "0 is too small. The least possible is 1."),
        (
            "answers.network.gateway",
            "The gateway 192.0.3.1 is not in the subnet 192.0.2.0/24 of 192.0.2.10. "
            "Expected is one from 192.0.2.1 to 192.0.2.254.",
        ),
        ("answers.vault", "The step “Recovery Services vault” is missing."),
    ]


def test_what_may_be_missing_may_still_not_be_wrong() -> None:
    file = complete(vcenter={"host": "vcenter.lab.test", "thumbprint_sha256": "AB:CD"})
    (error,) = answer_file.check(file, may_be_missing=["vcenter.thumbprint_sha256"])
    assert error.path == "answers.vcenter.thumbprint_sha256"


def test_overrides_set_fields_and_single_keys() -> None:
    change = answer_file.overrides(
        [
            "capacity.machines=12",
            "vcenter.thumbprint_sha256=10:20:30",
            "network.dns=[10.0.0.1, 10.0.0.2]",
            "template.networks.Network 2=VM Network = 2",
            "template.networks.a.b=c",
        ]
    )
    assert change == {
        "capacity": {"machines": "12"},
        "vcenter": {"thumbprint_sha256": "10:20:30"},
        "network": {"dns": ["10.0.0.1", "10.0.0.2"]},
        "template": {"networks": {"Network 2": "VM Network = 2", "a.b": "c"}},
    }
    merged = complete().with_answers(change)
    assert merged.answers["capacity"] == {"machines": "12", "daily_change_gb": 700}
    assert merged.answers["template"]["networks"] == {
        "Network 1": "VM Network",
        "Network 2": "VM Network = 2",
        "a.b": "c",
    }
    assert ANSWERS["capacity"]["machines"] == 120


@pytest.mark.parametrize("entry", ["", "capacity", "capacity=1", "capacity.machines", ".machines=1", "=1"])
def test_what_is_no_override_is_refused(entry: str) -> None:
    with pytest.raises(AnswerFileInvalid) as caught:
        answer_file.overrides([entry])
    assert str(caught.value.errors[0].message) == (
        f"“{entry}” is not an override. Expected is step.field=value, such as capacity.machines=120."
    )


def test_an_override_in_broken_brackets_names_its_field() -> None:
    with pytest.raises(AnswerFileInvalid) as caught:
        answer_file.overrides(["network.dns=[10.0.0.1"])
    assert caught.value.errors[0].path == "network.dns"


def test_an_override_of_an_unknown_step_is_found_by_the_check() -> None:
    file = complete().with_answers(answer_file.overrides(["netwrok.dns=10.0.0.1"]))
    assert [str(error.message) for error in answer_file.check(file)] == [
        "“netwrok” is not a step with answers. Expected is network."
    ]
