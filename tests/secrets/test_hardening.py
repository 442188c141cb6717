"""Every answer tells the browser what it must not do; requests are refused by their size before they are read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.stories import answered
from wizard.models import Deployment, Operator
from wizard.web.hardening import LARGEST_OF_STRANGERS, LARGEST_REQUEST

ROOT = Path(__file__).resolve().parents[2]
# What is the same for everybody.
PUBLIC = {"/healthz", "/readyz", "/metrics", "/api/v1/docs", "/api/v1/openapi.json", "/console/jsi18n/"}
UNSAFE = re.compile(r"unsafe-|\*|https?:|strict-dynamic|nonce-|data:")


@pytest.fixture
def recorded(admin: Operator) -> Deployment:
    return answered(admin, "recorded")


def routes(patterns: list[Any], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route, pattern


def addresses(deployment: Deployment) -> Iterator[str]:
    """Every address that can be written down: places of a deployment are those of this one, all others lead nowhere."""
    known = {
        "pk": str(deployment.pk),
        "deployment_id": str(deployment.pk),
        "step_id": "vcenter",
        "form": "json",
    }
    for route, _pattern in routes(get_resolver().url_patterns):
        if "(?P" in route or "^" in route:
            continue
        yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: known.get(found[1], "1"), route)


def test_every_page_file_and_answer_of_the_api_forbids_what_it_does_not_need(
    client: Client, admin: Operator, recorded: Deployment
) -> None:
    client.force_login(admin)
    statuses: dict[int, int] = {}
    for address in addresses(recorded):
        response = client.get(address)
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        said = f"{address} {response.status_code}"
        assert response.status_code < 500 or address == "/readyz", said
        assert_hardened(response, said)
        assert "no-store" in response.headers["Cache-Control"] or address in PUBLIC, said
        finish(response)
        client.force_login(admin)
    assert statuses[200] > 60, statuses
    assert {302, 401, 404, 405} <= statuses.keys(), statuses


def finish(response: Any) -> None:
    """Read what streams; closing it would close the connection of the test with it."""
    if response.streaming:
        assert list(response)


def assert_hardened(response: HttpResponse, said: str) -> None:
    headers = response.headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";") if part
    )
    allowed = " ".join(value for name, value in policy.items() if name != "img-src")
    assert not UNSAFE.search(allowed), said
    assert policy["default-src"] == "'self'", said
    assert policy["object-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'", said
    assert headers["X-Frame-Options"] == "DENY", said
    assert headers["X-Content-Type-Options"] == "nosniff", said
    assert headers["Referrer-Policy"] == "same-origin", said
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", said
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin", said
    assert "camera=()" in headers["Permissions-Policy"], said
    assert "publickey-credentials-get=(self)" in headers["Permissions-Policy"], said


def test_static_files_are_hardened_too(client: Client) -> None:
    response = client.get("/static/foothold.css")
    assert response.status_code == 200
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    response.close()


# --- sizes ------------------------------------------------------------------------------------------------------------


class Unread(BytesIO):
    """A body of which not one byte may be read."""

    def read(self, *args: Any) -> bytes:
        raise AssertionError("the body was read")


def send(client: Client, path: str, size: int, body: BytesIO | None = None) -> Any:
    return client.generic(
        "POST",
        path,
        CONTENT_TYPE="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(size),
        **{"wsgi.input": body or Unread()},
    )


@pytest.mark.parametrize("place", ["/sign-in/", "/", "/nowhere/", "/console/login/"])
def test_of_a_stranger_nothing_large_is_read(db: None, place: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    response = send(client, place, LARGEST_OF_STRANGERS + 1)
    assert response.status_code == 413
    words = response.content.decode()
    assert "It has 64 KB; at most 64 KB are taken here" in words
    assert "sign in, and send it again" in words


def test_of_a_person_nothing_is_read_that_no_page_takes(operator: Operator) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    response = send(client, "/deployments/new/", LARGEST_REQUEST + 1)
    assert response.status_code == 413
    assert "at most 11 MB are taken here" in response.content.decode()


@pytest.mark.parametrize("length", ["-1", "1e9", "٣", "99999999999999999999"])
def test_a_length_that_is_none_is_refused_and_not_believed(operator: Operator, length: str) -> None:
    client = Client()
    client.force_login(operator)
    response = client.generic(
        "POST",
        "/deployments/new/",
        CONTENT_TYPE="multipart/form-data; boundary=x",
        CONTENT_LENGTH=length,
        **{"wsgi.input": Unread()},
    )
    assert response.status_code == 413


def test_the_api_reads_no_large_body_either(db: None, client: Client) -> None:
    for path in ("/api/v1/deployments/", "/api/v1/nowhere/"):
        response = send(client, path, 2**40)
        assert response.status_code in (401, 404, 405, 413)


def test_a_file_that_a_page_takes_goes_through(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The upload handlers see it, so that the limit is not met by refusing everything."""
    client = Client()
    client.force_login(operator)
    deployment = answered(operator, "vault")
    seen: list[int] = []
    original = FileUploadHandler.handle_raw_input
    monkeypatch.setattr(
        FileUploadHandler,
        "handle_raw_input",
        lambda self, data, meta, length, *rest, **named: (
            seen.append(length),
            original(self, data, meta, length, *rest, **named),
        )[1],
    )
    file = BytesIO(b"x" * 3 * 2**20)
    file.name = "big.csv"
    response = client.post(reverse("import_physical_servers", args=[deployment.pk]), {"file": file})
    assert response.status_code != 413
    assert seen


# --- small doors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_after_the_sign_in_nobody_is_sent_away(client: Client, operator: Operator, target: str) -> None:
    response = client.post(
        f"{reverse('sign_in')}?next={target}",
        {"username": operator.username, "password": "correct horse battery", "next": target},
    )
    assert response.status_code == 302
    assert response["Location"] == "/"


def test_the_language_form_sends_nobody_away(client: Client, db: None) -> None:
    response = client.post("/i18n/setlang/", {"language": "fr", "next": "https://evil.example/"})
    assert response.status_code == 302
    assert "evil" not in response["Location"]


def test_no_header_turns_a_reading_into_a_change(client: Client, operator: Operator) -> None:
    client.force_login(operator)
    deployment = answered(operator, "source")
    place = reverse("delete_deployment", args=[deployment.pk])
    client.get(place, headers={"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "DELETE"})
    client.get(place, {"_method": "POST"})
    assert Deployment.objects.filter(pk=deployment.pk).exists()


def test_another_host_name_is_not_served(client: Client, settings: Any, db: None) -> None:
    settings.ALLOWED_HOSTS = ["foothold.example.net"]
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    response = client.get(
        "/sign-in/", headers={"host": "foothold.example.net", "X-Forwarded-Host": "evil.example"}
    )
    assert "evil.example" not in response.content.decode()


def test_cookies_are_kept_from_scripts_and_other_sites(client: Client, operator: Operator) -> None:
    client.post(reverse("sign_in"), {"username": operator.username, "password": "correct horse battery"})
    client.get(reverse("new_deployment"))
    client.post("/i18n/setlang/", {"language": "fr", "next": "/"})
    found = {cookie.key: cookie for cookie in client.cookies.values()}
    assert {"sessionid", "csrftoken", "django_language"} <= found.keys()
    for cookie in found.values():
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] in ("Lax", "Strict"), cookie.key


# --- production -------------------------------------------------------------------------------------------------------


def production(tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    without = (
        "DATABASE_URL",
        "REDIS_URL",
        "FOOTHOLD_LAB",
        "AZURE_EMULATOR",
        "CONNECT_TO",
        "DJANGO_ALLOW_ASYNC_UNSAFE",
    )
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if name not in without},
            "DJANGO_SETTINGS_MODULE": "wizard.config.settings",
            "FOOTHOLD_VAR": str(tmp_path),
            "FOOTHOLD_PRODUCTION": "1",
            "SECRET_KEY": Fernet.generate_key().decode() * 2,
            "CREDENTIAL_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "foothold.example.net",
            "PROXY_DEPTH": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_django_finds_nothing_to_say_of_the_settings_in_production(tmp_path: Path) -> None:
    done = production(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout + done.stderr


PROGRAM = """
import django
django.setup()
from django.conf import settings
from django.test import Client
response = Client(headers={"host": "foothold.example.net"}).get("/healthz", headers={"X-Forwarded-Proto": "https"})
print(response.status_code, response.headers.get("Strict-Transport-Security"))
print(Client(headers={"host": "foothold.example.net"}).get("/sign-in/").headers.get("Location"))
print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE,
      settings.SESSION_COOKIE_PATH, settings.SESSION_COOKIE_DOMAIN, settings.LANGUAGE_COOKIE_SECURE, settings.DEBUG)
"""


def test_in_production_everything_goes_over_https_and_cookies_belong_to_this_host(tmp_path: Path) -> None:
    done = production(tmp_path, "-c", PROGRAM)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "200 max-age=31536000; includeSubDomains; preload",
        "https://foothold.example.net/sign-in/",
        "__Host-session __Host-csrf True True / None True False",
    ]
