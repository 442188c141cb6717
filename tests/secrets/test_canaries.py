"""Known secrets go through every door and flow of a whole installation; afterwards they stand nowhere but encrypted."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.secrets.searching import leaks
from tests.secrets.story import Story
from tests.secrets.telling import told_of
from tests.tools import missing
from wizard.lab.build import LabUnavailable
from wizard.lab.environment import Ports
from wizard.lab.run import Lab
from wizard.models.sealing import position_of_key

pytestmark = [
    pytest.mark.vcenter,
    pytest.mark.redis,
    pytest.mark.worker,
    # The story has a database of its own, on whichever server the tests run.
    pytest.mark.database,
    # One installation for all of them.
    pytest.mark.xdist_group("canaries"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    try:
        with Lab(tmp_path_factory.mktemp("lab"), ports=Ports.from_base(0)) as running:
            if running.vcenter is None:
                missing(str(running.unavailable))
            yield running
    except LabUnavailable as error:
        missing(str(error))


@pytest.fixture(scope="module")
def story(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with told_of(lab, tmp_path_factory.mktemp("canaries")) as told:
        yield told


@pytest.fixture(scope="module")
def rows(story: Story) -> list[tuple[str, bytes]]:
    return list(story.installation.database.rows())


@pytest.fixture(scope="module")
def files(story: Story) -> list[tuple[str, bytes]]:
    return [*story.installation.in_files(), *story.installation.database.beside()]


def test_the_story_went_where_secrets_are_handled(story: Story) -> None:
    """Else nothing would be found because nothing was done."""
    assert story.failed == {
        "a wrong code of the provider": "403",
        "a wrong password of vCenter": "invalid_login",
        "a wrong password of Windows": "access_denied",
        "a wrong password of Linux": "access_denied",
        "the password of vCenter": "",
        "the password of Linux": "",
        "what a task stumbled over": "internal",
        **{
            f"{what}{where}": code
            for what, code in (
                ("what a request stumbled over", "500"),
                ("what a page stumbled over", "500"),
                ("no such page", "404"),
            )
            for where in ("", *([" where its inside is shown"] if story.whole else []))
        },
    }
    logs = b"".join(content for _place, content in story.installation.in_logs())
    for word in (b"task.crashed", b"RecursionError", b"task.failed"):
        assert word in logs, word
    assert len(story.program.saw) > 80
    assert all(len(secret) >= 12 for secret in story.secrets.values())
    assert len(story.secrets) > 80


def test_no_table_holds_a_secret(story: Story, rows: list[tuple[str, bytes]]) -> None:
    assert len(rows) > 3000
    assert leaks(story.secrets, rows) == []
    held = leaks(story.hooks, rows)
    assert {leak.partition(" in ")[2].partition(" as ")[0] for leak in held} == {"wizard_webhook.url"}


def test_what_is_sealed_is_sealed_with_the_newest_key(
    story: Story, rows: list[tuple[str, bytes]], settings: Any
) -> None:
    settings.CREDENTIAL_KEYS = story.keys
    sealed = [
        (place, content)
        for place, content in rows
        if place.endswith((".sealed", ".sealed_key")) and content not in (b"", b"None")
    ]
    assert len(sealed) >= 12
    assert {position_of_key(content) for _place, content in sealed} == {0}


def test_no_file_holds_a_secret_neither_database_nor_broker_nor_what_is_temporary(
    story: Story, files: list[tuple[str, bytes]]
) -> None:
    places = [place for place, _content in files]
    assert any(place.startswith("var/broker/messages/") for place in places), places
    if story.whole:
        assert "var/foothold.sqlite3" in places
    else:
        assert any(place.startswith("PostgreSQL: base/") for place in places), places
        assert any(re.fullmatch(r"PostgreSQL: [0-9A-F]{24}", place) for place in places), places
    assert leaks(story.secrets, files) == []


def test_no_log_holds_a_secret(story: Story) -> None:
    found = list(story.installation.in_logs())
    assert sum(len(content) for _place, content in found) > 50_000
    assert leaks({**story.secrets, **story.hooks}, found) == []


@pytest.mark.any_database
def test_redis_holds_no_secret_neither_messages_nor_cache(story: Story) -> None:
    assert any(b"wizard.tasks.execute" in content for _place, content in story.redis)
    assert leaks({**story.secrets, **story.hooks}, story.redis) == []


@pytest.mark.any_database
def test_no_page_shows_a_secret_not_even_one_that_was_typed(story: Story) -> None:
    saw = story.browser.saw
    assert len(saw) > 100
    assert leaks({"a user": "lab-windows"}, saw)
    assert leaks(story.secrets, saw) == []
    assert any("/console/wizard/credential/" in place for place, _content in saw)
    assert [place for place, _content in saw if place.startswith("GET /webhooks/")]
    assert leaks(story.hooks, (one for one in saw if "/webhook" not in one[0])) == []


def test_no_answer_of_the_api_holds_a_secret(story: Story) -> None:
    saw = story.program.saw
    assert leaks(story.secrets, saw) == []
    assert any(place.endswith(" 500") for place, _content in saw)
    assert leaks(story.hooks, (one for one in saw if " /webhooks/" not in one[0])) == []


@pytest.mark.any_database
def test_no_archive_that_is_handed_out_holds_a_secret_that_can_be_read(story: Story) -> None:
    assert len(story.handed_out) == 4
    assert leaks({**story.secrets, **story.hooks}, story.handed_out.items()) == []
    for name, content in story.handed_out.items():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
        assert len(entries) >= 4, name
        assert {entry.flag_bits & 1 for entry in entries} == {0 if "pack" in name else 1}, name


def test_no_process_is_started_with_a_secret(story: Story) -> None:
    commands = [("a process", command) for command in story.installation.commands.copy()]
    assert any(b"FOOTHOLD_VAR" in command for _place, command in commands)
    assert any(b"credential\0set" in command for _place, command in commands)
    assert leaks({**story.secrets, **story.hooks}, commands) == []


def test_recovery_codes_stand_nowhere(story: Story, rows: list[tuple[str, bytes]]) -> None:
    """Eight digits may be a part of any long number, so they must stand alone."""
    written = re.compile(rb"(?<![0-9A-Za-z.+/_-])(?:%s)(?![0-9A-Za-z+/_-])" % "|".join(story.codes).encode())
    readable = (*rows, *story.installation.in_logs(), *story.redis, *story.browser.saw, *story.program.saw)
    assert written.search(f"code={story.codes[0]}&".encode())
    assert [place for place, content in readable if written.search(content)] == []


def test_each_search_would_have_found_what_is_there(
    story: Story, rows: list[tuple[str, bytes]], files: list[tuple[str, bytes]]
) -> None:
    """The same searches, for something that is no secret and stands in each of these places."""
    harmless = {"a user": "lab-windows"}
    for places in (
        rows,
        story.program.saw,
        story.handed_out.items(),
        (("a process", command) for command in story.installation.commands.copy()),
    ):
        assert leaks(harmless, places)
    queued = story.program.ask("GET", "/tasks/?state=queued").json()["items"]
    assert leaks({row["kind"]: row["id"] for row in queued}, story.redis)
    assert leaks({"an event": "task.crashed"}, story.installation.in_logs())
    for kind in ("var/foothold.sqlite3",) if story.whole else ("PostgreSQL: base/", "PostgreSQL: 0000"):
        assert leaks(harmless, (one for one in files if one[0].startswith(kind))), kind
