"""Settings that cannot be read are refused by name, and nothing of a password is repeated."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from wizard.config import env


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://foothold:Canary-4711@db.example.net:five/foothold",
        "postgresql://foothold:Canary-4711@db.example.net:70000/foothold",
        # A slash ends the host, so that the password stands where the port would.
        "postgresql://foothold:Canary-4711/@db.example.net/foothold",
        "postgresql://foothold:Canary-4711@[db.example.net/foothold",
    ],
)
def test_an_address_of_a_database_that_cannot_be_read_is_refused_by_name(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refused:
        env.postgresql(address)
    assert "Canary" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_password_with_escaped_signs_is_taken_as_it_was_meant() -> None:
    found = env.postgresql("postgresql://foothold:a%2Fb%40c@db.example.net:5433/foothold")
    assert (found["PASSWORD"], found["HOST"], found["PORT"]) == ("a/b@c", "db.example.net", "5433")


def test_what_an_address_of_a_database_asks_of_tls_is_asked_of_the_driver() -> None:
    found = env.postgresql(
        "postgresql://foothold@db/foothold?sslmode=verify-full&sslrootcert=/etc/ssl/own%20ca.pem"
    )
    assert found["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/own ca.pem"}
    assert env.postgresql("postgresql://foothold@db/foothold")["OPTIONS"] == {}


@pytest.mark.parametrize(
    "query",
    [
        "ssl=Canary-4711",
        "sslmode=Canary-4711",
        "sslmode=",
        "connect_timeout=Canary-4711",
        "sslrootcert=/ca#1.pem&sslmode=Canary-4711",
    ],
)
def test_what_an_address_of_a_database_asks_without_sense_is_refused_by_name(query: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refused:
        env.postgresql(f"postgresql://foothold@db/foothold?{query}")
    assert "Canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("redis://:a%2Fb@db:6379/0", "redis://:a%2Fb@db:6379/0"),
        ("rediss://db:6379/0", "rediss://db:6379/0?ssl_cert_reqs=required"),
        ("rediss://db/0?ssl_ca_certs=/ca.pem", "rediss://db/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required"),
        ("rediss://db/0?ssl_cert_reqs=none", "rediss://db/0?ssl_cert_reqs=none"),
        ("rediss://db/0#x", "rediss://db/0?ssl_cert_reqs=required"),
        (
            "REDISS://db/0?other_ssl_cert_reqs=none",
            "rediss://db/0?other_ssl_cert_reqs=none&ssl_cert_reqs=required",
        ),
    ],
)
def test_the_broker_verifies_whom_it_speaks_to_unless_it_is_told_not_to(address: str, meant: str) -> None:
    assert env.redis(address) == meant


@pytest.mark.parametrize(
    "address",
    [
        "localhost:6379",
        "redis://",
        "redis://:Canary-4711/@db/0",
        "redis://db:port",
        "http://db:6379",
        "rediss://:Canary@db/0?ssl_cert_reqs=",
        "rediss://:Canary@db/0?ssl_cert_reqs=CERT_REQUIRED",
        "rediss://db/0?ssl_cert_reqs=required&ssl_cert_reqs=Canary",
    ],
)
def test_an_address_of_redis_that_cannot_be_read_is_refused_by_name(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL") as refused:
        env.redis(address)
    assert "Canary" not in str(refused.value)


@pytest.mark.parametrize("value", ["https://[sign-in.example.net", "https://sign-in.example.net:https"])
def test_an_address_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OIDC_ISSUER", value)
    with pytest.raises(ImproperlyConfigured, match="OIDC_ISSUER must start with https://"):
        env.https_url("OIDC_ISSUER")


def test_a_level_that_nobody_knows_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL must be one of DEBUG, INFO"):
        env.log_level("LOG_LEVEL")
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert env.log_level("LOG_LEVEL") == "DEBUG"
