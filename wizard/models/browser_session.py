"""Sessions of browsers: whose they are, and under the digest of their key, so that a copy of the table opens none."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class BrowserSession(AbstractBaseSession):
    """`session_key` is the SHA-256 of what the cookie says."""

    session_key = models.CharField(_("key digest"), max_length=64, primary_key=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="browser_sessions",
        verbose_name=_("person"),
    )

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> type[DatabaseStore]:
        return SessionStore


class SessionStore(DatabaseStore):
    """Django's sessions in the database, whose row cannot be turned into a cookie and knows its person."""

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        return BrowserSession

    # Django gives all stores the name of the key; only here it is another in the table than in the cookie.
    def _get_session_from_db(self) -> Any:
        found = self._row(self.session_key)
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return BrowserSession.objects.filter(session_key=digest_of(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        row = super().create_model_instance(data)
        return BrowserSession(
            session_key=digest_of(row.session_key),
            session_data=row.session_data,
            expire_date=row.expire_date,
            person_id=data.get(SESSION_KEY),
        )

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            BrowserSession.objects.filter(session_key=digest_of(key)).delete()

    @staticmethod
    def _row(key: str | None) -> BrowserSession | None:
        if key is None:
            return None
        return BrowserSession.objects.filter(
            session_key=digest_of(key), expire_date__gt=timezone.now()
        ).first()


def digest_of(key: str) -> str:
    """How the session of a cookie is called in the table."""
    return hashlib.sha256(key.encode()).hexdigest()
