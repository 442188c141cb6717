from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning import windows_command


def arguments(line: str) -> list[str]:
    """What a Windows program receives: the rules of CommandLineToArgvW."""
    found, current, quoted, started, place = [], "", False, False, 0
    while place < len(line):
        backslashes = re.compile(r"\\*").match(line, place)
        assert backslashes is not None
        count, place = len(backslashes[0]), backslashes.end()
        if line[place : place + 1] == '"':
            current += "\\" * (count // 2)
            started = True
            if count % 2:
                current += '"'
            else:
                quoted = not quoted
            place += 1
            continue
        current += "\\" * count
        started = started or count > 0
        if place >= len(line):
            break
        if line[place] == " " and not quoted:
            if started:
                found.append(current)
            current, started = "", False
        else:
            current += line[place]
            started = True
        place += 1
    return [*found, current] if started else found


def test_the_reader_of_command_lines_knows_the_trap_of_the_backslash_before_a_quote() -> None:
    assert arguments(r'/a "D:\" /b C:\x') == ["/a", r'D:" /b C:\x']
    assert arguments(r'"C:\a b\c" d') == [r"C:\a b\c", "d"]


@given(st.lists(st.text(max_size=30), max_size=4))
def test_what_is_quoted_arrives_as_it_was_and_nothing_else_is_quoted(values: list[str]) -> None:
    kept = []
    for value in values:
        try:
            kept.append((value, windows_command.quoted(value)))
        except ValueError:
            continue
    assert arguments(" ".join(written for _value, written in kept)) == [value for value, _written in kept]
    # The signs that cmd or PowerShell would act on, inside double quotes or outside.
    assert not set("".join(written for _value, written in kept)) & set("%!$`&|<>^;'\n\r@#{},")


@given(st.from_regex(r"[A-Z]:\\[A-Za-z0-9._() -]{0,30}(\\[A-Za-z0-9._() -]{1,10}){0,3}\\?", fullmatch=True))
def test_every_path_that_is_taken_can_be_quoted(typed: str) -> None:
    try:
        path = windows_command.path(typed)
    except ValueError:
        return
    assert arguments(windows_command.quoted(path)) == [path]


@pytest.mark.parametrize("value", ["", 'a"b', "50%", "$home", "a`b", "a\nb", "a b\\", "ü", "a;b", "a&b"])
def test_what_a_shell_would_read_differently_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a command"):
        windows_command.quoted(value)


@pytest.mark.parametrize(("typed", "drive"), [("d", "D:"), ("D:", "D:"), ("e:\\", "E:")])
def test_a_drive_is_taken_in_the_ways_people_write_it(typed: str, drive: str) -> None:
    assert windows_command.drive(typed) == drive


@pytest.mark.parametrize("typed", ["", "5:", "DD:", "D:\\x", "\\\\server\\share", "ä:"])
def test_what_is_no_drive_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="is not a drive"):
        windows_command.drive(typed)


@pytest.mark.parametrize(
    "typed",
    ["Temp", "C:Temp", r"\\server\share", r"C:\a%b", r"C:\a\..\b", r"C:\a \b", r"C:\a.", "C:\\" + "x" * 200],
)
def test_a_path_that_is_relative_remote_or_rewritten_by_windows_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        windows_command.path(typed)


def test_a_path_loses_the_backslash_at_its_end_but_a_drive_keeps_it() -> None:
    assert windows_command.path("C:\\Temp\\") == "C:\\Temp"
    assert windows_command.path("C:\\") == "C:\\"
