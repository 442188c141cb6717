"""What a password must be, and how it is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, identify_hasher, make_password
from django.test import Client

from tests.web.pages import read
from wizard.config import settings as product
from wizard.models import Operator

OLD = "correct horse battery"


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("elevenchars", "too short"),
        ("password1234", "too common"),
        ("oskar.bergstrom", "too similar"),
        ("58274619283746", "entirely numeric"),
        ("a b" * 86, "at most 256 characters"),
    ],
)
def test_a_password_that_is_no_good_is_refused_with_the_reason(
    working: Client, operator: Operator, password: str, complaint: str
) -> None:
    Operator.objects.update(username="oskar.bergstrom")
    typed = {"old_password": OLD, "new_password1": password, "new_password2": password}
    answer = working.post("/account/password/", typed)
    assert answer.status_code == 422
    assert complaint in read(answer).words
    operator.refresh_from_db()
    assert operator.check_password(OLD)


def test_the_rules_stand_beside_the_field(working: Client) -> None:
    words = read(working.get("/account/password/")).words
    for rule in ("at least 12 characters", "at most 256 characters", "commonly used", "entirely numeric"):
        assert rule in words


@pytest.mark.parametrize("path", ["/sign-in/", "/account/password/"])
def test_nobody_keeps_the_server_busy_with_a_password_as_long_as_a_page(
    working: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    hashed: list[int] = []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, password, salt: (hashed.append(len(password)), real(self, password, salt))[1],
    )
    page_long = "x" * 1_000
    client = Client() if path == "/sign-in/" else working
    typed = {"username": "oskar", "password": page_long, "old_password": page_long}
    answer = client.post(path, typed | {"new_password1": OLD, "new_password2": OLD})
    assert "at most 256 characters" in read(answer).words
    assert hashed == []
    client.post(path, {"username": "oskar", "password": "x" * 256, "old_password": "x" * 256})
    assert max(hashed) == 256


def test_passwords_are_kept_with_argon2_and_older_hashes_are_made_anew_at_the_sign_in(
    operator: Operator, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    Operator.objects.update(password=make_password(OLD, hasher="pbkdf2_sha256"))
    assert Client().post("/sign-in/", {"username": "oskar", "password": OLD}).status_code == 302
    operator.refresh_from_db()
    assert identify_hasher(operator.password).algorithm == "argon2"
    assert operator.check_password(OLD)
