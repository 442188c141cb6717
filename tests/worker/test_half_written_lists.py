"""What a full disk leaves of the broker's lists of queues costs nothing once there is space again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from kombu import Connection

from wizard.config import broker


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    (tmp_path / "messages").mkdir()
    (tmp_path / "control").mkdir()
    broker.install()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection("filesystem://localhost//", transport_options=options) as connection:
        yield connection


@pytest.mark.parametrize("left", [b"", b'[["celery", "", "cel'])
def test_a_list_that_was_half_written_is_made_anew(
    connection: Connection, tmp_path: Path, left: bytes
) -> None:
    # A name that this process never bound: it remembers those.
    name = uuid4().hex
    file = tmp_path / "control" / f"{name}.exchange"
    file.write_bytes(left)
    with connection.SimpleQueue(name) as queue:
        queue.put("a nudge")
        message = queue.get(block=False)
        message.ack()
    assert message.payload == "a nudge"
    assert name.encode() in file.read_bytes()
