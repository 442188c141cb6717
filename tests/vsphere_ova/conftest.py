from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wizard.lab.ova import make_ova


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab's template, right in everything."""
    return make_ova(tmp_path_factory.mktemp("template") / "template.ova")


@pytest.fixture
def stopwatch() -> Iterator[None]:
    """The test must not take longer than a person would wait for a form to be checked."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 2.0
