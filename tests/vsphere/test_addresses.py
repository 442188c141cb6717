from __future__ import annotations

import pytest

from wizard.addresses import DIRECT, AddressBook


def test_an_empty_book_changes_nothing() -> None:
    assert AddressBook.parse("") == DIRECT
    assert DIRECT.locate("vcenter.example.net", 443) == ("vcenter.example.net", 443)


@pytest.mark.parametrize(
    ("book", "host", "port", "found"),
    [
        ("vc.lab.test:443:127.0.0.1:8990", "vc.lab.test", 443, ("127.0.0.1", 8990)),
        ("vc.lab.test:443:127.0.0.1:8990", "VC.Lab.Test", 443, ("127.0.0.1", 8990)),
        ("vc.lab.test:443:127.0.0.1:8990", "vc.lab.test", 902, ("vc.lab.test", 902)),
        ("vc.lab.test:443:127.0.0.1:8990", "esx.lab.test", 443, ("esx.lab.test", 443)),
        ("*.lab.test:443:127.0.0.1:8990", "esx-01.lab.test", 443, ("127.0.0.1", 8990)),
        ("*.lab.test:443:127.0.0.1:8990", "lab.test", 443, ("lab.test", 443)),
        (":443:127.0.0.1:8990", "anything.example", 443, ("127.0.0.1", 8990)),
        ("*:443:127.0.0.1:8990", "anything.example", 443, ("127.0.0.1", 8990)),
        ("vc.lab.test::127.0.0.1:8990", "vc.lab.test", 7444, ("127.0.0.1", 8990)),
    ],
)
def test_a_detour_leads_exactly_those_it_names(
    book: str, host: str, port: int, found: tuple[str, int]
) -> None:
    assert AddressBook.parse(book).locate(host, port) == found


def test_the_first_detour_that_matches_wins() -> None:
    book = AddressBook.parse("vc.lab.test:443:127.0.0.1:1, *.lab.test:443:127.0.0.1:2")
    assert book.locate("vc.lab.test", 443) == ("127.0.0.1", 1)
    assert book.locate("esx.lab.test", 443) == ("127.0.0.1", 2)


@pytest.mark.parametrize(
    "entry",
    [
        "vc.lab.test",
        "a:1:b",
        "a:1::2",
        "a:1:b:c",
        "a:x:b:2",
        "a:1:b:2:3",
        "a:1:b:65536",
        "a:0:b:2",
        "a:1:b:0",
    ],
)
def test_an_entry_that_cannot_be_read_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="is not HOST:PORT:TO_HOST:TO_PORT") as refused:
        AddressBook.parse(f"vc.lab.test:443:127.0.0.1:8990,{entry}")
    assert repr(entry) in str(refused.value)
