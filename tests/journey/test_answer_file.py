from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journey.complete import ANSWERS, OF_PROFILE
from wizard.journey import answer_file
from wizard.journey.answer_file import AnswerFile, AnswerFileInvalid
from wizard.journey.base import JOURNEYS, not_applicable
from wizard.planning.vocabulary import ProfileId

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE = EXAMPLES / "vmware-ova.yaml"

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


@pytest.mark.parametrize(
    ("name", "profile", "left_out"),
    [
        ("vmware-ova.yaml", "asr-classic", "vcenter.thumbprint_sha256"),
        ("physical-manual.yaml", "asr-classic", "evidence.thumbprint_sha256"),
        ("modernized-ova.yaml", "asr-modernized", "vcenter.thumbprint_sha256"),
    ],
)
def test_every_example_is_complete_but_for_the_certificate_of_the_lab(
    name: str, profile: str, left_out: str
) -> None:
    file = answer_file.parse((EXAMPLES / name).read_text())
    assert file.profile == profile
    assert [(error.path, error.code) for error in answer_file.check(file)] == [
        (f"answers.{left_out}", "missing")
    ]
    change = answer_file.overrides([f"{left_out}={'AB:' * 31}AB"])
    assert answer_file.check(file.with_answers(change)) == []
    in_play = {
        step.id for step in JOURNEYS[file.profile] if step.id not in not_applicable(profile, file.answers)
    }
    assert set(file.answers) <= in_play


def test_no_example_is_left_out_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.yaml")} == {
        "vmware-ova.yaml",
        "physical-manual.yaml",
        "modernized-ova.yaml",
    }


def test_the_example_gains_its_certificate_by_an_override() -> None:
    change = answer_file.overrides([f"vcenter.thumbprint_sha256={'AB:' * 31}AB"])
    assert answer_file.check(answer_file.parse(EXAMPLE.read_text()).with_answers(change)) == []


def test_a_dumped_file_is_read_back_as_the_same() -> None:
    file = complete()
    assert answer_file.parse(answer_file.dump(file)) == file
    assert answer_file.check(file) == []


@pytest.mark.parametrize("profile", list(JOURNEYS))
def test_canonical_answers_survive_the_way_through_a_file(profile: ProfileId) -> None:
    canonical = {
        step.id: step.answers.model_validate(OF_PROFILE[profile][step.id]).model_dump(mode="json")
        for step in JOURNEYS[profile]
        if step.answers is not None and step.id != "profile"
    }
    file = AnswerFile(name="lyon-cs01", profile=profile, answers=canonical)
    read = answer_file.parse(answer_file.dump(file))
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
            "foothold: 1\nname: x\nprofile: asr-quantum\nanswers: {}\n",
            [
                (
                    "profile",
                    "“asr-quantum” is not among the choices. Expected is one of: asr-modernized, asr-classic.",
                    "literal_error",
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
                    "template, network, vault, installation, evidence.",
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


PHYSICAL_SOURCE = {"protects": ["physical"], "method": "manual", "runs_on": "physical"}


def test_steps_that_do_not_apply_are_neither_asked_for_nor_judged() -> None:
    file = AnswerFile(
        name="lyon-cs01",
        profile="asr-classic",
        answers={
            "source": PHYSICAL_SOURCE,
            "placement": {"datacenter": 7},
            **{step: ANSWERS[step] for step in ("capacity", "network", "vault")},
        },
    )
    assert [error.path for error in answer_file.check(file)] == ["answers.installation", "answers.evidence"]


def test_while_the_source_is_wrong_only_what_the_file_has_is_judged_beside_it() -> None:
    file = complete(source={"protects": ["physical"], "method": "ova"}, placement={})
    del file.answers["template"]
    assert [error.path for error in answer_file.check(file)][:2] == [
        "answers.source.method",
        "answers.placement.datacenter",
    ]
    assert "answers.template" not in [error.path for error in answer_file.check(file)]
    # What a wrong list of machines leaves undoubted is asked for all the same.
    file = complete(source={"protects": ["hyperv"], "method": "manual"})
    found = [error.path for error in answer_file.check(file)]
    assert found == ["answers.source.protects.0", "answers.installation", "answers.evidence"]


ATTESTED = """
answers: {}
attestations:
  HW-01: yes
  OS-02: {answer: no, note: "Changed on Monday: see CHG-7."}
  AV-03: not_applicable
"""


def test_attestations_are_read_as_plain_data_in_the_order_of_their_ids() -> None:
    file = answer_file.parse(HEAD + ATTESTED)
    assert file.attestations == {
        "AV-03": {"answer": "not_applicable", "note": ""},
        "HW-01": {"answer": "yes", "note": ""},
        "OS-02": {"answer": "no", "note": "Changed on Monday: see CHG-7."},
    }
    assert list(file.attestations) == ["AV-03", "HW-01", "OS-02"]


def test_attestations_survive_both_forms_of_the_file_and_overrides() -> None:
    file = answer_file.parse(HEAD + ATTESTED)
    text = answer_file.dump(file)
    assert "attestations:\n  AV-03: not_applicable\n  HW-01: 'yes'\n  OS-02: {answer: 'no', note: " in text
    assert answer_file.parse(text) == file
    assert answer_file.from_json(file.to_json()) == file
    assert file.with_answers({"capacity": {"machines": 1}}).attestations == file.attestations


def test_a_file_without_attestations_looks_as_it_always_did() -> None:
    assert "attestations" not in answer_file.dump(complete())
    assert list(complete().to_json()) == ["foothold", "name", "profile", "answers"]


@pytest.mark.parametrize(
    ("attestations", "found"),
    [
        (
            "{HW-01: perhaps}",
            (
                "attestations.HW-01.answer",
                "“perhaps” is not among the choices. Expected is one of: yes, no, not_applicable.",
                "literal_error",
            ),
        ),
        (
            "{HW-01: true}",
            (
                "attestations.HW-01.answer",
                "“True” is not among the choices. Expected is one of: yes, no, not_applicable.",
                "literal_error",
            ),
        ),
        (
            "{HW-01: {note: x}}",
            ("attestations.HW-01.answer", "An answer is missing here.", "missing"),
        ),
        (
            "{HW-01: {answer: yes, by: me}}",
            (
                "attestations.HW-01.by",
                "This field is not known here. Check the spelling, or remove it.",
                "extra_forbidden",
            ),
        ),
        (
            "{HW-01: {answer: yes, note: 7}}",
            ("attestations.HW-01.note", "“7” is not a text. Put it in quotes.", "string_type"),
        ),
        (
            "{the hardware: yes}",
            (
                "attestations.the hardware",
                "“the hardware” is not the id of a requirement. Expected is one such as HW-01.",
                "invalid",
            ),
        ),
        (
            "[HW-01]",
            (
                "attestations",
                "“['HW-01']” is not a set of names and values, such as {name: value}.",
                "dict_type",
            ),
        ),
    ],
)
def test_an_attestation_that_says_nothing_is_refused_with_its_place(
    attestations: str, found: tuple[str, str, str]
) -> None:
    assert refused(f"{HEAD}answers: {{}}\nattestations: {attestations}\n") == [found]


def test_a_note_has_an_end() -> None:
    (error,) = refused(f"{HEAD}answers: {{}}\nattestations: {{HW-01: {{answer: yes, note: {'x' * 4001}}}}}\n")
    assert error[0] == "attestations.HW-01.note"
    assert error[1].endswith("is too long. Expected are at most 4000 characters.")
