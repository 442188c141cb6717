"""People sign in, in each of the ways that there are, and make tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
import struct
import time
from urllib.parse import parse_qs, urlsplit

from tests.secrets.story import Story, make, text_in
from tests.waiting import wait_until


def sign_in(told: Story) -> None:
    """By the first link, which lets a password be set; wrongly, rightly, and with a second factor; and a token is made."""
    known, browser = told.secrets, told.browser
    pattern = re.compile(r"http://\S+/sign-in/once/\S+")
    link = wait_until(lambda: pattern.search(told.installation.shown("web")))[0]
    token = known["the first sign-in link"] = link.rstrip("/").rpartition("/")[2]
    path = f"/sign-in/once/{token}/"
    browser.get(path, note=False)
    browser.post(path, {}, note=False)
    chosen = dict.fromkeys(("new_password1", "new_password2"), known["the password of a person"])
    browser.post("/account/password/new/", {**chosen, "new_password2": "another"})
    assert browser.post("/account/password/new/", chosen).status_code == 200
    browser.post("/sign-out/", {})
    for name in ("a wrong password of a person", "the password of a person"):
        browser.get("/sign-in/")
        browser.post("/sign-in/", {"username": "operator", "password": known[name]})
    known["the cookie of a session"] = browser.cookie("sessionid")
    made = browser.post(
        "/account/tokens/", {"name": "canary", "scope": "admin", "expires_days": "5"}, note=False
    )
    known["an API token"] = text_in(r"(fht_[A-Za-z0-9_-]{20,})", made.text)
    told.program = type(told.program)(told.installation.url, told.known("an API token"))
    set_up_codes(told)
    come_by_provider(told)


def set_up_codes(told: Story) -> None:
    """An authenticator app, with which recovery codes come; one of them opens the door once."""
    known, browser = told.secrets, told.browser
    shown = browser.get("/account/second-factor/app/", note=False).text
    app = "".join(text_in(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", shown).split())
    known["the secret of an authenticator app"] = app
    browser.post("/account/second-factor/app/", {"code": "000000"}, note=False)
    page = browser.post("/account/second-factor/app/", {"code": code_of(app)}, note=False).text
    told.codes += re.findall(r"\b\d{8}\b", text_in(r'id="recovery-codes">(.*?)</code>', page))
    assert len(told.codes) == 10
    browser.post("/sign-out/", {})
    browser.get("/sign-in/")
    browser.post("/sign-in/", {"username": "operator", "password": known["the password of a person"]})
    enter_code(told)


def come_by_provider(told: Story) -> None:
    """The account is connected with one at the provider, which from then on is a way in; a wrong code is none."""
    browser, known = told.browser, told.secrets
    back = to_provider(told, purpose="connect")
    assert "is connected" in browser.get(back).text
    browser.post("/sign-out/", {})
    code = known["a wrong code of the provider"] = make("code")
    wrong = re.sub(r"code=[^&]+", f"code={code}", to_provider(told))
    refused = browser.get(wrong)
    told.failed["a wrong code of the provider"] = str(refused.status_code)
    browser.get(to_provider(told))
    enter_code(told)
    assert browser.get("/account/").status_code == 200
    known["the cookie of another session"] = browser.cookie("sessionid")
    for number, given in enumerate(told.provider.given):
        known[f"id token {number}"] = given["id_token"].rpartition(".")[2]
    assert len(told.provider.given) == 2


def to_provider(told: Story, **form: str) -> str:
    """Press the button, and sign in there: the path with which the provider sends back."""
    told.browser.get("/sign-in/")
    page = told.browser.post("/sign-in/with/", form)
    url = html.unescape(text_in(r'content="0;url=([^"]+)"', page.text))
    back = urlsplit(told.provider.sign_in(url))
    (code,) = parse_qs(back.query)["code"]
    told.secrets[f"code {len(told.provider.asked)} of the provider"] = code
    return f"{back.path}?{back.query}"


def enter_code(told: Story) -> None:
    """A recovery code, as that of the app may have been used in this half minute."""
    assert told.browser.post("/sign-in/code/", {"code": "00000000"}).status_code == 422
    entered = told.browser.post("/sign-in/code/", {"code": told.codes[len(told.provider.given)]})
    assert entered.status_code == 200
    assert "/sign-in" not in entered.url


def code_of(secret: str) -> str:
    """RFC 6238, as an authenticator app works it out."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"
