"""Client of the emulator's control, for other processes than the one that it runs in."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 30.0


class ControlRefused(Exception):
    """The emulator refused an order; the message is its answer."""


class RemoteControl:
    """Every method of `wizard.lab.arm.control.REMOTE`, by its name and with its keywords; nothing is kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)

    def call(self, name: str, /, **arguments: Any) -> Any:
        """Raises ControlRefused, and OSError where nobody answers."""
        connection = HTTPConnection(*self._address, timeout=TIMEOUT_S)
        try:
            body = json.dumps(arguments)
            connection.request("POST", f"/_lab/{name}", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ControlRefused(answer["error"]["message"])
        return answer["result"]
