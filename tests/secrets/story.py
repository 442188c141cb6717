"""What is told of an installation: who came, what they knew, and what went wrong on purpose."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from tests.secrets.databases import SqliteDatabase
from tests.secrets.installation import Installation
from tests.secrets.searching import Secret
from tests.secrets.visitors import Browser, Program
from tests.web.oidc_provider import Provider
from wizard.lab.run import Lab


@dataclass
class Story:
    installation: Installation
    lab: Lab
    provider: Provider
    browser: Browser
    program: Program
    # Those that secrets are sealed with, the newest first.
    keys: list[str]
    # Under the name by which a leak is told.
    secrets: dict[str, Secret]
    # Too short to be looked for in the middle of something.
    codes: list[str] = field(default_factory=list)
    # What only whoever manages webhooks may read.
    hooks: dict[str, Secret] = field(default_factory=dict)
    redis: list[tuple[str, bytes]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    # Archives that were handed out, under what they are.
    handed_out: dict[str, bytes] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """On the server of another database what is the same on each is left out: pages, and what a crash shows."""
        return isinstance(self.installation.database, SqliteDatabase)

    def known(self, name: str) -> str:
        """One that is text."""
        found = self.secrets[name]
        assert isinstance(found, str)
        return found

    def version(self, page: str) -> str:
        """Of what a form shows."""
        found = re.search(r'name="version" value="([^"]*)"', self.browser.get(page).text)
        return found[1] if found else ""


def make(name: str) -> str:
    return f"Canary-{name}-{secrets.token_hex(8)}"


def text_in(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    assert found is not None, f"{pattern} in {text[:2000]}"
    return found[1]
