"""Connections whose answers end: what pyVmomi reads into objects must not grow until nothing is left of this server's memory."""

from __future__ import annotations

import http.client
from typing import Final

from wizard.vsphere.connection import PinnedConnection

# The inventory for a choice of places has some megabytes; what is larger is read piece by piece, by `bulk_call`.
LARGEST_ANSWER: Final = 128 << 20  # bytes


class AnswerTooLarge(http.client.HTTPException):
    """Beyond LARGEST_ANSWER, or encoded, so that nobody knows how large it will be."""


class BoundedAnswer(http.client.HTTPResponse):
    """`limit` is in bytes; None, where the reader takes care of that."""

    limit: int | None = None
    _taken = 0

    def read(self, amt: int | None = None) -> bytes:
        """Raises AnswerTooLarge."""
        if self.limit is None:
            return super().read(amt)
        left = self.limit - self._taken
        piece = super().read(left + 1 if amt is None or amt > left else amt)
        self._taken += len(piece)
        if self._taken > self.limit:
            raise AnswerTooLarge
        return piece


class BoundedConnection(PinnedConnection):
    """`limit` holds for the answers from now on."""

    response_class = BoundedAnswer
    limit: int | None = None

    def getresponse(self) -> http.client.HTTPResponse:
        """Raises AnswerTooLarge for one that is encoded although nobody asked for that, where there is a limit."""
        response = super().getresponse()
        if self.limit is not None and isinstance(response, BoundedAnswer):
            response.limit = self.limit
            if response.getheader("Content-Encoding", "identity").lower() != "identity":
                raise AnswerTooLarge
        return response
