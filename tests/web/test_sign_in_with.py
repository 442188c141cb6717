"""Signing in by an OpenID Connect provider, which is a real one on loopback."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core import signing
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from tests.builders import make_operator
from tests.waiting import PATIENCE_S
from tests.web.oidc_provider import CLIENT, Provider
from tests.web.pages import read
from wizard.models import AuditEntry, BrowserSession, Operator
from wizard.services import accounts, identities, oidc
from wizard.services.allauth_adapters import ProviderAdapter


def to_provider(client: Client, **form: str) -> str:
    """Press the button; where the page then leads."""
    page = read(client.post("/sign-in/with/", form))
    (refresh,) = page.all("meta", http_equiv="refresh")
    return refresh["content"].removeprefix("0;url=")


def back_from(client: Client, provider: Provider, **form: str) -> HttpResponse:
    parts = urlsplit(provider.sign_in(to_provider(client, **form)))
    return client.get(f"{parts.path}?{parts.query}")


def refused(answer: HttpResponse) -> str:
    assert answer.status_code == 403
    return read(answer).words


def test_without_a_provider_there_is_no_such_door(stranger: Client, db: None) -> None:
    assert "Sign in with" not in read(stranger.get("/sign-in/")).words
    assert stranger.post("/sign-in/with/").status_code == 404
    assert stranger.get("/sign-in/with/return/").status_code == 404


def test_the_door_opens_by_a_button_alone(stranger: Client, provider: Provider) -> None:
    page = read(stranger.get("/sign-in/?next=/tasks/"))
    assert "Sign in with Contoso" in page.words
    assert page.all("form", action="/sign-in/with/", method="post")
    assert stranger.get("/sign-in/with/").status_code == 405


def test_who_was_added_comes_in_and_is_led_to_where_they_wanted(
    stranger: Client, provider: Provider, known: Operator
) -> None:
    answer = back_from(stranger, provider, next="/tasks/")
    assert answer["Location"] == "/tasks/"
    assert stranger.get("/tasks/").status_code == 200
    # From now on by the subject, whatever the name becomes.
    provider.person["preferred_username"] = "oskar.berg"
    assert back_from(Client(), provider)["Location"] == "/"


def test_who_is_unknown_gets_no_access_and_no_account(stranger: Client, provider: Provider) -> None:
    words = refused(back_from(stranger, provider))
    assert "Contoso knows you, but you have no access" in words
    assert not Operator.objects.exists()
    assert stranger.get("/").status_code == 302


def test_a_name_at_the_provider_does_not_make_somebody_who_has_a_password(
    stranger: Client, provider: Provider, operator: Operator
) -> None:
    refused(back_from(stranger, provider))
    assert stranger.get("/").status_code == 302


def test_a_name_at_the_provider_does_not_make_the_first_operator(
    stranger: Client, provider: Provider
) -> None:
    accounts.first_sign_in_token()
    provider.person["preferred_username"] = accounts.FIRST_OPERATOR
    refused(back_from(stranger, provider))


def test_an_address_counts_as_a_name_only_when_it_is_verified(
    stranger: Client, provider: Provider, known: Operator
) -> None:
    Operator.objects.update(username="oskar@contoso.example")
    provider.person = {"sub": "u-1", "email": "oskar@contoso.example"}
    refused(back_from(stranger, provider))
    provider.person["email_verified"] = True
    assert back_from(stranger, provider)["Location"] == "/"


def test_who_left_stays_out(stranger: Client, provider: Provider, known: Operator) -> None:
    back_from(Client(), provider)
    Operator.objects.update(is_active=False)
    refused(back_from(stranger, provider))


def test_new_people_become_viewers_where_the_installation_wants_that(
    stranger: Client, provider: Provider, settings: Any
) -> None:
    settings.OIDC_SIGN_UP = "viewer"
    assert back_from(stranger, provider)["Location"] == "/"
    person = Operator.objects.get()
    assert (person.username, person.role, person.has_usable_password()) == ("oskar", "viewer", False)
    assert back_from(Client(), provider)["Location"] == "/"
    assert Operator.objects.count() == 1


def test_a_new_person_does_not_take_over_a_name(
    stranger: Client, provider: Provider, settings: Any, operator: Operator
) -> None:
    settings.OIDC_SIGN_UP = "viewer"
    refused(back_from(stranger, provider))
    assert Operator.objects.count() == 1


@pytest.mark.parametrize(
    ("groups", "role"),
    [(["grp-ops"], "operator"), (["staff", "grp-admins", "grp-ops"], "admin"), ("grp-review", "reviewer")],
)
def test_groups_give_the_role_at_each_sign_in(
    stranger: Client, provider: Provider, known: Operator, settings: Any, groups: Any, role: str
) -> None:
    _with_roles(settings)
    provider.person["groups"] = groups
    assert back_from(stranger, provider)["Location"] == "/"
    known.refresh_from_db()
    assert known.role == role
    assert AuditEntry.objects.filter(action="person.role_by_provider").exists() == (role != "operator")


def test_groups_that_are_only_in_the_userinfo_count_too(
    stranger: Client, provider: Provider, known: Operator, settings: Any
) -> None:
    _with_roles(settings)
    provider.user_info = {"sub": "u-1", "groups": ["grp-admins"]}
    back_from(stranger, provider)
    known.refresh_from_db()
    assert known.role == "admin"
    provider.user_info = {"sub": "somebody else", "groups": ["grp-admins"]}
    assert "None of your groups" in refused(back_from(Client(), provider))


def test_who_is_in_no_group_any_more_is_out(
    stranger: Client, provider: Provider, known: Operator, settings: Any
) -> None:
    _with_roles(settings)
    provider.person["groups"] = ["staff"]
    assert "None of your groups at Contoso may work here." in refused(back_from(stranger, provider))


def test_another_role_ends_the_sessions_of_the_old_one(
    provider: Provider, known: Operator, settings: Any
) -> None:
    _with_roles(settings)
    provider.person["groups"] = ["grp-admins"]
    old, new = Client(), Client()
    back_from(old, provider)
    provider.person["groups"] = ["grp-ops"]
    back_from(new, provider)
    assert old.get("/").status_code == 302
    assert new.get("/").status_code == 200


@pytest.mark.parametrize(
    "forged",
    [
        {"aud": "another client"},
        {"aud": [CLIENT, "another client"]},
        {"aud": [CLIENT, "another client"], "azp": "another client"},
        {"iss": "https://login.example.net"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    stranger: Client, provider: Provider, known: Operator, forged: dict[str, Any]
) -> None:
    provider.forge = forged
    words = refused(back_from(stranger, provider))
    assert "another client" not in words
    assert stranger.get("/").status_code == 302


@pytest.mark.parametrize(
    "how", ["another key", "no signature", "the public key as a secret", "unknown kid", "no kid"]
)
def test_a_token_that_the_provider_did_not_sign_is_refused(
    stranger: Client, provider: Provider, known: Operator, how: str
) -> None:
    match how:
        case "another key":
            provider.signs_with = rsa.generate_private_key(65537, 2048)
        case "no signature":
            provider.algorithm, provider.signs_with = "none", ""
        case "the public key as a secret":
            provider.algorithm, provider.signs_with = "HS256", str(provider.keys()["keys"][0]["n"])
        case "unknown kid":
            provider.headers = {"kid": "key-2"}
        case "no kid":
            provider.headers = {}
    refused(back_from(stranger, provider))
    assert stranger.get("/").status_code == 302


def test_an_answer_to_nothing_that_was_asked_is_refused(
    stranger: Client, provider: Provider, known: Operator
) -> None:
    address = provider.sign_in(to_provider(Client()))
    parts = urlsplit(address)
    assert "belongs to no sign-in that was begun in this browser" in refused(
        stranger.get(f"{parts.path}?{parts.query}")
    )
    to_provider(stranger)
    refused(stranger.get("/sign-in/with/return/?code=x&state=invented"))
    assert stranger.get("/").status_code == 302


def test_an_answer_counts_once(stranger: Client, provider: Provider, known: Operator) -> None:
    parts = urlsplit(provider.sign_in(to_provider(stranger)))
    first, second = (stranger.get(f"{parts.path}?{parts.query}") for _ in range(2))
    assert first.status_code == 302
    refused(second)


def test_strangers_who_begin_leave_no_row_here(stranger: Client, provider: Provider) -> None:
    """Each press of the button would be one, for as long as a session lasts."""
    back_from(stranger, provider)
    to_provider(stranger)
    assert not BrowserSession.objects.exists()
    kept = stranger.cookies["begun"]
    assert (kept["httponly"], kept["samesite"], kept["max-age"], kept["path"]) == (True, "Lax", 600, "/")


def test_in_production_what_was_begun_is_taken_from_this_very_host_alone(
    stranger: Client, provider: Provider, settings: Any
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    to_provider(stranger)
    kept = stranger.cookies["__Host-begun"]
    assert (kept["secure"], kept["path"], kept["domain"]) == (True, "/", "")


@pytest.mark.parametrize("late", [True, False])
def test_an_answer_after_more_than_ten_minutes_is_refused(
    stranger: Client, provider: Provider, known: Operator, late: bool
) -> None:
    began = timezone.now()
    with time_machine.travel(began, tick=False) as clock:
        state = provider_state(to_provider(stranger))
        clock.shift(timedelta(minutes=10, seconds=1) if late else timedelta(minutes=9))
        words = refused(stranger.get(f"/sign-in/with/return/?error=x&state={state}"))
    assert ("belongs to no sign-in that was begun" in words) is late


def test_several_tabs_come_back_each_to_its_own(
    stranger: Client, provider: Provider, known: Operator
) -> None:
    first, second = (
        urlsplit(provider.sign_in(to_provider(stranger, next=to))) for to in ("/tasks/", "/teams/")
    )
    assert stranger.get(f"{first.path}?{first.query}")["Location"] == "/tasks/"
    assert stranger.get(f"{second.path}?{second.query}")["Location"] == "/teams/"
    # Nothing is left of them.
    assert stranger.cookies["begun"].value == ""


def test_what_browsers_would_not_keep_makes_no_sign_in_fail(
    stranger: Client, provider: Provider, known: Operator
) -> None:
    def size_of(headers: Any, cookies: Any) -> int:
        lines = [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Set-Cookie: {cookie.OutputString()}" for cookie in cookies.values()]
        return sum(len(line) + 2 for line in lines)

    for number in range(30):
        answer = stranger.post("/sign-in/with/", {"next": f"/tasks/?q={number}"})
        # A proxy takes 4096 bytes of headers; in production there are some more of them.
        assert size_of(answer, answer.cookies) < 3500
    url = to_provider(stranger, next="/tasks/?q=" + secrets.token_hex(4000))
    assert len(stranger.cookies["begun"].OutputString()) < 3000
    parts = urlsplit(provider.sign_in(url))
    assert stranger.get(f"{parts.path}?{parts.query}")["Location"] == "/"


@pytest.mark.parametrize("forged", ["nonsense", "another installation", "no list", "other entries"])
def test_what_somebody_else_wrote_into_the_cookie_counts_for_nothing(
    stranger: Client, provider: Provider, known: Operator, forged: str
) -> None:
    parts = urlsplit(provider.sign_in(to_provider(stranger)))
    kept = stranger.cookies["begun"].value
    content = signing.loads(kept, salt="wizard.web.begun_sign_ins")
    stranger.cookies["begun"] = {
        "nonsense": kept[:-3],
        "another installation": signing.dumps(content, key="theirs", salt="wizard.web.begun_sign_ins"),
        "no list": signing.dumps(3, salt="wizard.web.begun_sign_ins"),
        "other entries": signing.dumps([{"state": "x"}], salt="wizard.web.begun_sign_ins"),
    }[forged]
    assert "belongs to no sign-in" in refused(stranger.get(f"{parts.path}?{parts.query}"))
    assert stranger.get("/").status_code == 302


def test_an_account_is_not_connected_with_who_did_not_ask_for_it(
    working: Client, provider: Provider, operator: Operator
) -> None:
    """Who plants their own cookie in another's browser would have a way into that account."""
    other = Client()
    other.force_login(make_operator("mallory", Operator.Role.VIEWER))
    parts = urlsplit(provider.sign_in(to_provider(other, purpose="connect")))
    working.cookies["begun"] = other.cookies["begun"].value
    assert "belongs to no sign-in" in refused(working.get(f"{parts.path}?{parts.query}"))
    assert not identities.is_linked(operator)


def test_who_cancels_there_is_told_so_here(stranger: Client, provider: Provider) -> None:
    state = provider_state(to_provider(stranger))
    answer = stranger.get(f"/sign-in/with/return/?error=access_denied&state={state}")
    assert "Contoso did not sign you in." in refused(answer)


def test_the_secret_of_the_client_must_be_right(
    stranger: Client, provider: Provider, known: Operator, settings: Any
) -> None:
    settings.OIDC_CLIENT_SECRET = "wrong"
    words = refused(back_from(stranger, provider))
    assert "wrong" not in words


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"issuer": "https://login.example.net"}, "answers another provider"),
        ({"token_endpoint": None}, "is incomplete"),
        ({"token_endpoint": "ftp://127.0.0.1/token"}, "do not begin with https://"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "do not begin with https://"),
    ],
)
def test_a_provider_that_is_another_one_is_not_gone_to(
    stranger: Client, provider: Provider, configuration: dict[str, Any], words: str
) -> None:
    provider.configuration = configuration
    assert words in refused(stranger.post("/sign-in/with/"))


def test_a_provider_that_does_not_answer_is_named(
    stranger: Client, provider: Provider, settings: Any
) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    words = refused(stranger.post("/sign-in/with/"))
    assert "Contoso does not answer at http://127.0.0.1:9." in words


def test_a_provider_on_this_machine_is_asked_directly_whatever_proxy_the_site_has(
    stranger: Client, provider: Provider, known: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert back_from(stranger, provider)["Location"] == "/"


def test_another_one_is_asked_by_the_proxy_of_the_site(
    stranger: Client, provider: Provider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OIDC_ISSUER = "https://login.example.net"
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(PATIENCE_S)

        def refuse() -> None:
            by, _from = proxy.accept()
            with by:
                asked.append(by.recv(200))
                by.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert "Contoso does not answer at https://login.example.net." in refused(
            stranger.post("/sign-in/with/")
        )
        thread.join()
    assert asked[0].startswith(b"CONNECT login.example.net:443 ")


def test_the_netrc_of_this_machine_says_nothing_to_the_provider(
    provider: Provider, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OIDC_ISSUER = "https://login.example.net"
    (tmp_path / "netrc").write_text("machine login.example.net login me password for-somebody-else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with requests.Session() as plain, ProviderAdapter().get_requests_session() as ours:
        request = requests.Request("GET", "https://login.example.net/keys")
        assert "Authorization" in plain.prepare_request(request).headers
        assert "Authorization" not in ours.prepare_request(request).headers


def test_a_provider_that_sends_elsewhere_is_not_followed(stranger: Client, provider: Provider) -> None:
    provider.moved = f"{provider.issuer}/.well-known/openid-configuration"
    assert "Contoso does not answer" in refused(stranger.post("/sign-in/with/"))


def test_over_tls_nothing_is_said_in_the_clear(provider: Provider, settings: Any) -> None:
    """An issuer of https:// whose configuration leads the secret of the client over plain HTTP is refused."""
    found = {name: f"https://login.example.net/{name}" for name in ("token_endpoint", "jwks_uri")}
    assert oidc.addresses_are_safe({**found}, issuer="https://login.example.net")
    for name in ("token_endpoint", "jwks_uri", "userinfo_endpoint"):
        unsafe = {**found, name: "http://login.example.net/plain"}
        assert not oidc.addresses_are_safe(unsafe, issuer="https://login.example.net")


def test_a_provider_that_keeps_everybody_waiting_is_left_alone_for_a_while(
    stranger: Client, provider: Provider, settings: Any
) -> None:
    """Else strangers who press the button hold all threads of the pages."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # It accepts, says nothing, and hangs up after a second.
        def hang_up() -> None:
            asked, _from = silent.accept()
            with asked:
                time.sleep(1)

        thread = threading.Thread(target=hang_up)
        thread.start()
        settings.OIDC_ISSUER = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "does not answer" in refused(stranger.post("/sign-in/with/"))
        thread.join()
        for _attempt in range(5):
            assert "does not answer" in refused(stranger.post("/sign-in/with/"))
        silent.settimeout(0)
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_forged_post_from_another_site_starts_nothing(provider: Provider) -> None:
    assert Client(enforce_csrf_checks=True).post("/sign-in/with/").status_code == 403


def test_a_provider_is_asked_who_it_is_once_in_a_while(stranger: Client, provider: Provider) -> None:
    to_provider(stranger)
    provider.configuration = {"issuer": "https://login.example.net"}
    to_provider(Client())
    cache.clear()
    assert Client().post("/sign-in/with/").status_code == 403


@pytest.mark.parametrize("name", ["account_login", "account_signup", "mfa_index", "socialaccount_signup"])
def test_no_page_of_allauth_is_mounted(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_the_token_of_the_tests_is_a_real_one(provider: Provider) -> None:
    provider.codes["c"] = {"nonce": "n", "redirect_uri": "r", "code_challenge": ""}
    assert provider.tokens({"code": "c", "code_verifier": "guess"}) is None
    assert jwt.algorithms.RSAAlgorithm.from_jwk(provider.keys()["keys"][0])


def provider_state(url: str) -> str:
    return dict(part.split("=", 1) for part in urlsplit(url).query.split("&"))["state"]


def _with_roles(settings: Any) -> None:
    settings.OIDC_ROLE_CLAIM = "groups"
    settings.OIDC_ROLES = {"grp-admins": "admin", "grp-ops": "operator", "grp-review": "reviewer"}
