"""The whole API answers whatever it is sent as its description says, to everybody: no 5xx, no status, header or schema of its own.

API_EXAMPLES (requests made up for each operation, each of them sent by everybody) and API_SEED make a longer search by hand:
`API_EXAMPLES=200 API_SEED=7 pytest tests/api/test_schemathesis.py`.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as search
from pytest_django import DjangoDbBlocker
from schemathesis import Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.cases import OneCase, Operation, cases
from tests.api.furnished import Furnished, furnished
from wizard.api.app import api as ninja
from wizard.api.description import TAGS

pytestmark = [pytest.mark.any_database, pytest.mark.database]

EXAMPLES = int(os.environ.get("API_EXAMPLES", "6"))
SEED = int(os.environ.get("API_SEED", "1"))
CHECKS: Final = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# A far end that does not answer is told as 502, with the code of the contract; here none does.
FAR_ENDS: Final = {"probe_vcenter"}
# A plan of moves is made with the vault: `test_additions.py` reads one.
WITHOUT_DATA: Final = {"get_moves"}

Seen = dict[str, set[int]]


@pytest.fixture(scope="module")
def description() -> Any:
    """The document as programs get it, before the application itself."""
    document = json.loads(json.dumps(ninja.get_openapi_schema(), default=str))
    schema = schemathesis.openapi.from_dict(document)
    # Who calls is ours to say.
    schema.config.generation.update(with_security_parameters=False)
    schema.app = get_wsgi_application()
    return schema


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Furnished]:
    """Furnished once: every request finds it as it was."""
    # As Django's test client does it: the connection of the test outlives the request.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with (
        # One token does in a second what a program does in a day. Whatever address is made up: nothing listens there.
        override_settings(
            API_RATE_PER_SECOND=1_000_000, API_RATE_PER_MINUTE=10_000_000, CONNECT_TO="::127.0.0.1:1"
        ),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        yield furnished()
        transaction.set_rollback(True)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("part", TAGS)
def test_everything_is_answered_as_described(part: str, description: Any, site: Furnished) -> None:
    found = [result.ok() for result in description.get_all_operations()]
    operations = [operation for operation in found if part in operation.tags]
    assert operations
    for operation in operations:
        seen = search_in(operation, site)
        assert set(seen) == set(site.tokens)
        name, good = operation.definition.raw["operationId"], {200, 201, 202, 204}
        if operation.method == "get" and name not in WITHOUT_DATA:
            assert seen["admin"] & good, f"{name} has shown nothing to anybody: {dict(seen)}"
        assert not seen["stranger"] & good


def test_every_operation_is_in_a_part(description: Any) -> None:
    tags = [result.ok().tags for result in description.get_all_operations()]
    assert len(tags) > 120
    assert all(len(found) == 1 and found[0] in TAGS for found in tags)


# --- inside -----------------------------------------------------------------------------------------------------------


def search_in(operation: Operation, site: Furnished) -> Seen:
    """Send what is made up for an operation as each person; gives back the statuses that each of them was answered with."""
    seen: Seen = defaultdict(set)

    @seed(SEED)
    @search(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation, site))
    def send(case: OneCase) -> None:
        for person, token in site.tokens.items():
            response = answer_to(case, token)
            seen[person].add(response.status_code)
            look_at(case, response, person)

    send()
    return seen


def answer_to(case: OneCase, token: str | None) -> Response:
    with transaction.atomic():
        try:
            return case.call(headers={"Authorization": f"Bearer {token}"} if token else {})
        finally:
            # The next one finds everything as it was, and nothing is sent to a worker.
            transaction.set_rollback(True)


def look_at(case: OneCase, response: Response, person: str) -> None:
    name, status = case.operation.definition.raw["operationId"], response.status_code
    far_end = status == 502 and name in FAR_ENDS
    try:
        case.validate_response(response, checks=[*CHECKS, *([] if far_end else [not_a_server_error])])
        # An address that cannot be one is refused before anybody asks who calls.
        if person == "stranger" and status not in (400, 404):
            assert status == 401, f"a stranger is answered {status}"
    except BaseException as error:
        error.add_note(f"Sent as {person}: {case.as_curl_command()}\nAnswered: {response.text[:1000]}")
        raise
