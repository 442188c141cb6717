from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning import setup_files
from wizard.planning.setup_files import MySqlCredentials, ProxySettings


def test_the_mysql_file_has_the_published_form() -> None:
    text = setup_files.mysql_file(MySqlCredentials(root_password="Root#1", user_password="User 2"))
    assert text == ('[MySQLCredentials]\r\nMySQLRootPassword = "Root#1"\r\nMySQLUserPassword = "User 2"\r\n')


def test_the_proxy_file_has_the_published_form_with_and_without_a_user() -> None:
    assert setup_files.proxy_file(ProxySettings(address="proxy.example.net:3128")) == (
        '[ProxySettings]\r\nProxyAuthentication = "No"\r\nProxy IP = "proxy.example.net"\r\n'
        'ProxyPort = "3128"\r\nProxyUserName=""\r\nProxyPassword=""\r\n'
    )
    with_user = ProxySettings(address="http://192.0.2.9:8080", username="EXAMPLE\\svc", password="s=1")
    assert setup_files.proxy_file(with_user) == (
        '[ProxySettings]\r\nProxyAuthentication = "Yes"\r\nProxy IP = "192.0.2.9"\r\n'
        'ProxyPort = "8080"\r\nProxyUserName="EXAMPLE\\svc"\r\nProxyPassword="s=1"\r\n'
    )


def test_a_proxy_needs_both_name_and_password_or_neither() -> None:
    with pytest.raises(ValueError, match="not one alone"):
        ProxySettings(address="http://proxy.example.net:3128", username="svc")


def test_https_proxies_are_refused() -> None:
    with pytest.raises(ValueError, match="no HTTP proxy"):
        ProxySettings(address="https://proxy.example.net:3128")


def test_the_passphrase_is_one_line_without_an_end() -> None:
    assert setup_files.passphrase_file("a1B2c3D4e5F6g7H8\r\n") == "a1B2c3D4e5F6g7H8"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "nothing was given"),
        ('half"quote', "a double quote would end the value"),
        ("two\nlines", "a line break would end the value"),
        ("two\rlines", "a line break would end the value"),
        ("tab\there", "only English letters"),
        ("pässword", "only English letters"),
        (" led", "a blank at the beginning or end"),
        ("x" * 129, "129 characters are too many"),
    ],
)
def test_a_password_that_would_not_arrive_is_refused_without_being_repeated(value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        MySqlCredentials(root_password=value, user_password="good")
    said = str(caught.value.args[0])
    assert said.startswith("MySQL root password: ")
    assert not value or value not in said


@given(st.text(max_size=40), st.text(max_size=40))
def test_what_is_taken_is_found_in_the_file_as_it_was(root: str, user: str) -> None:
    try:
        credentials = MySqlCredentials(root_password=root, user_password=user)
    except ValueError:
        return
    lines = setup_files.mysql_file(credentials).splitlines()
    assert len(lines) == 3
    assert [re.fullmatch(r'\w+ = "([^"]*)"', line)[1] for line in lines[1:]] == [root, user]  # type: ignore[index]


def test_secrets_stay_out_of_representations() -> None:
    credentials = MySqlCredentials(root_password="hush-root", user_password="hush-user")
    proxy = ProxySettings(address="http://p.example.net:1", username="svc", password="hush-proxy")
    assert "hush" not in repr(credentials) + repr(proxy)


def test_generated_passwords_differ_and_hold_all_four_kinds() -> None:
    made = [setup_files.new_password() for _time in range(200)]
    assert len(set(made)) == 200
    for password in made:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_@]{15}", password)
        assert re.search(r"[A-Z]", password)
        assert re.search(r"[a-z]", password)
        assert re.search(r"[0-9]", password)
        assert re.search(r"[_@]", password)
    both = setup_files.new_mysql_credentials()
    assert both.root_password != both.user_password
