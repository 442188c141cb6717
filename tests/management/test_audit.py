"""`manage.py audit`: verified, taken away, and proven elsewhere with nothing but the file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any

import pytest
from django.db import connection

from tests.builders import make_deployment
from tests.management.commands import Commands
from wizard.models import AuditEntry, Deployment, Operator
from wizard.services import audit, audit_chain, deployments
from wizard.text import Text

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    """With four entries, of two deployments, all sealed."""
    first = make_deployment(operator, "lyon-cs01")
    deployments.answer(first, "source", {"protects": ["vmware"], "method": "ova"}, actor=operator)
    deployments.rename(first, name="lyon-cs02", actor=operator)
    # Names begin with a letter; what a table holds may be older than that rule.
    other = Deployment(name="=paris")
    audit.record("test.done", subject=other, actor=operator, sentence=Text("Something was done."))
    audit_chain.sweep()
    return first


def test_a_trail_that_holds_is_verified_with_the_digest_to_keep(
    manage: Commands, deployment: Deployment
) -> None:
    head = manage("audit", "head")
    place, digest = head.out.split()
    assert (head.code, place) == (0, "4")
    found = manage("audit", "verify")
    assert found.code == 0
    assert "The audit trail holds: 4 entries" in found.flat()
    assert digest in found.flat()
    assert manage("audit", "verify", "--head", digest).code == 0
    told = json.loads(manage("audit", "verify", "--json").out)
    assert (told["holds"], told["entries"], told["digest"], told["broken"]) == (True, 4, digest, None)


def test_the_first_broken_link_is_named_and_the_exit_code_says_so(
    manage: Commands, deployment: Deployment
) -> None:
    third = AuditEntry.objects.order_by("id")[2]
    AuditEntry.objects.filter(pk=third.pk).update(subject="nothing")
    found = manage("audit", "verify")
    assert found.code == 1
    assert f"Place 3, entry {third.pk} about “nothing”, is not what was sealed" in found.flat()
    assert "What comes before holds: 2 entries." in found.flat()
    told = json.loads(manage("audit", "verify", "--json").out)
    assert (told["holds"], told["broken"]["kind"], told["broken"]["entry_id"]) == (False, "changed", third.pk)


def test_a_digest_that_the_chain_never_had_is_refused(manage: Commands, deployment: Deployment) -> None:
    found = manage("audit", "verify", "--head", "ab" * 32)
    assert found.code == 1
    assert "never passed through the digest" in found.flat()


def test_what_was_taken_away_can_be_proven_elsewhere(manage: Commands, deployment: Deployment) -> None:
    taken = json.loads(manage("audit", "export").out)
    previous = ""
    for item in taken:
        # As docs/audit.md says, with nothing of Foothold's.
        digest, text = item.pop("digest"), item.pop("text")
        spelled = json.dumps(item, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        assert hashlib.sha256(spelled.encode("ascii")).hexdigest() == digest
        assert item["previous"] == previous
        assert text
        previous = digest
    assert previous == manage("audit", "head").out.split()[1]
    assert [item["place"] for item in taken] == [1, 2, 3, 4]
    assert taken[0]["entry"]["actor"]["name"] == "oskar"


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("--deployment", "lyon-cs02"), 3),
        (("--until", "2000-01-01"), 0),
        (("--since", "2000-01-01", "--until", "2999-01-01"), 4),
    ],
)
def test_a_part_of_it_is_taken_away(
    manage: Commands, deployment: Deployment, arguments: tuple[str, ...], count: int
) -> None:
    assert len(json.loads(manage("audit", "export", *arguments).out)) == count


def test_a_spreadsheet_takes_no_name_for_a_formula(manage: Commands, deployment: Deployment) -> None:
    text = manage("audit", "export", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 4
    assert rows[-1]["Subject"] == "'=paris"
    assert rows[1]["What happened"] == "oskar answered “Source and method” of lyon-cs01."


@pytest.mark.parametrize("arguments", [("--since", "yesterday"), ("--deployment", "nowhere")])
def test_what_is_not_understood_is_refused(
    manage: Commands, deployment: Deployment, arguments: tuple[str, ...]
) -> None:
    assert manage("audit", "export", *arguments).code in (1, 2)


def test_an_export_reads_the_trail_in_pieces(
    manage: Commands, deployment: Deployment, operator: Operator, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        manage("audit", "export")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM wizard_auditseal")
        assert cursor.fetchone() == (4,)
