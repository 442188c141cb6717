from __future__ import annotations

from typing import Any

import pytest

from tests.journey.complete import TEMPLATE, wrong
from wizard.journey.template import TemplateAnswers

FROM_URL: dict[str, Any] = {
    **TEMPLATE,
    "source": "url",
    "file": "",
    "url": "https://mirror.lab.test/asr.ova",
    "sha256": "AB" * 32,
}

ONE_OF_SEVERAL = (
    "is one file out of several. Give the name of the folder that holds the .ovf file and its disks, or that of an "
    ".ova file."
)


def test_a_template_in_the_folder_needs_its_name_only() -> None:
    answers = TemplateAnswers.model_validate(TEMPLATE)
    assert (answers.source, answers.file, answers.url, answers.sha256) == ("folder", "asr.ova", "", None)
    assert answers.properties == {}


@pytest.mark.parametrize("name", ["asr-9.62", "Modèle ASR (signé)", "extracted.ova", "ovf"])
def test_a_folder_may_have_any_name(name: str) -> None:
    assert TemplateAnswers.model_validate({**TEMPLATE, "file": name}).file == name


def test_the_deployment_option_is_the_default_one_unless_it_is_named() -> None:
    assert TemplateAnswers.model_validate(TEMPLATE).deployment_option == ""
    assert TemplateAnswers.model_validate({**TEMPLATE, "deployment_option": " "}).deployment_option == ""
    assert (
        TemplateAnswers.model_validate({**TEMPLATE, "deployment_option": "large"}).deployment_option
        == "large"
    )


def test_a_template_at_a_url_keeps_its_checksum_in_lower_case() -> None:
    answers = TemplateAnswers.model_validate(FROM_URL)
    assert (answers.url, answers.sha256) == ("https://mirror.lab.test/asr.ova", "ab" * 32)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("../asr.ova", "“../asr.ova” is a path. Give only the name of a file in the folder for templates."),
        (
            "/srv/asr.ova",
            "“/srv/asr.ova” is a path. Give only the name of a file in the folder for templates.",
        ),
        ("a\\asr.ova", "“a\\asr.ova” is a path. Give only the name of a file in the folder for templates."),
        ("..", "“..” is a path. Give only the name of a file in the folder for templates."),
        ("asr.ovf", f"“asr.ovf” {ONE_OF_SEVERAL}"),
        ("asr-disk1.VMDK", f"“asr-disk1.VMDK” {ONE_OF_SEVERAL}"),
        ("asr\x00.ova", "“asr .ova” cannot be the name of a file."),
        ("é" * 126 + ".ova", "“" + "é" * 59 + "…” cannot be the name of a file."),
    ],
)
def test_a_file_is_a_plain_name_in_the_folder(file: str, message: str) -> None:
    assert wrong(TemplateAnswers, {**TEMPLATE, "file": file}) == {"file": message}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://mirror.lab.test/asr.ova",
        "mirror.lab.test/asr.ova",
        "https://",
        "https://mirror.lab.test",
        "https://mirror.lab.test:x/asr.ova",
        "https://mirror.lab.test:99999/asr.ova",
        "https://[/asr.ova",
        "https://mirror.lab.test/as r.ova",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_url_of_a_file_is_refused(url: str) -> None:
    assert wrong(TemplateAnswers, {**FROM_URL, "url": url}) == {
        "url": f"“{url}” is not the URL of a file. Expected is https://host/path/template.ova."
    }


def test_a_password_inside_a_url_is_refused_and_not_repeated() -> None:
    assert wrong(TemplateAnswers, {**FROM_URL, "url": "https://me:hunter2@mirror.lab.test/asr.ova"}) == {
        "url": "The URL contains a user name. Give a URL that needs no sign-in."
    }


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        (
            {**TEMPLATE, "file": ""},
            {"file": "Choose a template, or say that it is at a URL."},
        ),
        (
            {**TEMPLATE, "url": "https://mirror.lab.test/asr.ova"},
            {"url": "A URL is given, but the template is said to be in the folder."},
        ),
        ({**FROM_URL, "url": ""}, {"url": "Give the URL, or say that the template is in the folder."}),
        ({**FROM_URL, "sha256": ""}, {"sha256": "A template from a URL needs its SHA-256 checksum."}),
        (
            {**FROM_URL, "file": "asr.ova"},
            {"file": "A file or folder is given, but the template is said to be at a URL."},
        ),
        (
            {**TEMPLATE, "accept_license": False},
            {"accept_license": "The template cannot be deployed before its licence terms are accepted."},
        ),
        ({**TEMPLATE, "networks": {}}, {"networks": "There are 0 entries. Expected are at least 1."}),
        (
            {**TEMPLATE, "networks": {"Network 1": "VM Network", "Network 2": ""}},
            {"networks.Network 2": "Choose a vSphere network for “Network 2”."},
        ),
    ],
)
def test_half_a_template_is_refused_at_the_field_that_is_missing(
    answers: dict[str, Any], found: dict[str, str]
) -> None:
    assert wrong(TemplateAnswers, answers) == found
