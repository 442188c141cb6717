"""A typing error in a setting of the sign-in is said at start, by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from wizard.config import env

ROOT = Path(__file__).parents[2]
ROLES = ("viewer", "operator", "reviewer", "admin")


def test_roles_are_named_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.some_of("MFA_REQUIRED_FOR", ROLES) == frozenset()
    monkeypatch.setenv("MFA_REQUIRED_FOR", " admin, reviewer,")
    assert env.some_of("MFA_REQUIRED_FOR", ROLES) == {"admin", "reviewer"}
    monkeypatch.setenv("MFA_REQUIRED_FOR", "admin,everybody")
    with pytest.raises(
        ImproperlyConfigured,
        match="MFA_REQUIRED_FOR may name viewer, operator, reviewer, admin; found everybody",
    ):
        env.some_of("MFA_REQUIRED_FOR", ROLES)


def test_a_group_may_hold_an_equals_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_ROLES", "grp-admins=admin, cn=ops = operator")
    assert env.pairs("OIDC_ROLES", ROLES) == {"grp-admins": "admin", "cn=ops": "operator"}


@pytest.mark.parametrize("written", ["admin", "grp=", "=admin", "grp=root", "grp:admin"])
def test_groups_that_give_no_role_are_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("OIDC_ROLES", written)
    with pytest.raises(ImproperlyConfigured, match="OIDC_ROLES must look like GROUP=viewer"):
        env.pairs("OIDC_ROLES", ROLES)


@pytest.mark.parametrize(
    "written",
    ["", "https://login.example.net/tenant/v2.0", "http://127.0.0.1:9000", "http://localhost:8080/realms/x"],
)
def test_an_issuer_is_asked_over_https_or_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("OIDC_ISSUER", f"{written}/" if written else "")
    assert env.https_url("OIDC_ISSUER") == written


@pytest.mark.parametrize(
    "written", ["http://login.example.net", "login.example.net", "https://", "ftp://localhost"]
)
def test_an_issuer_over_plain_http_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("OIDC_ISSUER", written)
    with pytest.raises(ImproperlyConfigured, match="OIDC_ISSUER must start with https://"):
        env.https_url("OIDC_ISSUER")


def test_a_word_that_is_none_of_the_choices_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.one_of("OIDC_SIGN_UP", ("", "viewer")) == ""
    monkeypatch.setenv("OIDC_SIGN_UP", "admin")
    with pytest.raises(ImproperlyConfigured, match="OIDC_SIGN_UP must be one of viewer, found 'admin'"):
        env.one_of("OIDC_SIGN_UP", ("", "viewer"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"OIDC_ISSUER": "https://login.example.net"}, "OIDC_ISSUER needs OIDC_CLIENT_ID"),
        ({"OIDC_ROLES": "grp=admin"}, "OIDC_ROLES needs OIDC_ROLE_CLAIM"),
        ({"SESSION_IDLE_MINUTES": "0"}, "SESSION_IDLE_MINUTES must be a whole number of at least 1"),
    ],
)
def test_settings_that_miss_their_other_half_stop_the_start(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import wizard.config.settings"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "FOOTHOLD_VAR": str(tmp_path), **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
