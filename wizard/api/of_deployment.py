"""What all operations of a deployment share: finding it, its revision, files to take away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Header, Query

from wizard.api.auth import caller
from wizard.api.pages import DEFAULT_LIMIT, MAX_LIMIT, page_of
from wizard.api.problems import IfMatchMissing
from wizard.journey.errors import FieldError
from wizard.models import Deployment, Operator
from wizard.services import deployments
from wizard.services.errors import Invalid, Outdated
from wizard.services.permissions import require
from wizard.text import Text, _

IF_MATCH = Header(
    None,
    alias="If-Match",
    description='Needed: the revision that you read, in quotes: "7". Another one answers 412, and nothing is changed.',
)
IF_MATCH_MAY = Header(
    None,
    alias="If-Match",
    description='Change only this revision, in quotes: "7"; may be left out, as nothing of others is overwritten.',
)
LIMIT = Query(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many rows at most.")
CURSOR = Query(None, description="The next_cursor of the page before.")


def find(request: HttpRequest, deployment_id: UUID, scope: str = "read") -> Deployment:
    """The deployment, if the caller may see it and the token reaches as far as `scope`."""
    return deployments.get(deployment_id, actor=caller(request, scope))


def operate(request: HttpRequest, deployment_id: UUID, use_case: str) -> tuple[Deployment, Operator]:
    """The deployment and the caller, who may change it: said before anybody looks at what was sent."""
    actor = caller(request, "operate")
    require(actor, use_case)
    return deployments.get(deployment_id, actor=actor), actor


def revision(if_match: str | None) -> int:
    if if_match is None:
        raise IfMatchMissing(
            Text(_("Say which revision you change, so that nobody's work is overwritten unseen.")),
            remedy=Text(_('Send the ETag of the deployment that you read as If-Match, such as "7".')),
        )
    # Compressing proxies turn a tag into a weak one; the number is what counts.
    match = re.fullmatch(r'(?:W/)?("?)([0-9]{1,9})\1', if_match.strip())
    if match is None:
        text = Text(_('If-Match must be a revision in quotes, such as "7"; found %(found)s.'), found=if_match)
        raise Invalid([FieldError(path="If-Match", message=text, code="invalid")])
    return int(match[2])


@contextmanager
def changing(deployment: Deployment, if_match: str | None) -> Iterator[None]:
    """One transaction that changes what lies beside the answers. Raises Outdated for another revision than the named one."""
    wanted = None if if_match is None else revision(if_match)
    with transaction.atomic():
        deployments.hold(deployment)
        if wanted is not None and wanted != deployment.revision:
            raise _outdated(deployment.revision, wanted)
        yield
        deployment.refresh_from_db()


@contextmanager
def expecting(deployment: Deployment, wanted: int | None) -> Iterator[None]:
    """Say of another revision than the wanted one which is there; services speak to people who have a page before them."""
    try:
        yield
    except Outdated:
        found = Deployment.objects.filter(pk=deployment.pk).values_list("revision", flat=True).first()
        if found is None or wanted is None or found == wanted:
            raise
        raise _outdated(found, wanted) from None


def _outdated(found: int, wanted: int) -> Outdated:
    return Outdated(
        Text(_("The deployment is at revision %(found)s, not %(wanted)s."), found=found, wanted=wanted),
        remedy=Text(_("Read what is there now, and decide again.")),
    )


def tag(response: HttpResponse, deployment: Deployment) -> None:
    response["ETag"] = f'"{deployment.revision}"'


def text_file(body: str, media_type: str, name: str) -> HttpResponse:
    return binary_file(body.encode(), f"{media_type}; charset=utf-8", name)


def binary_file(body: bytes, media_type: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def whole_list(
    items: list[Any], *, of: str = "", limit: int | None = None, cursor: str | None = None
) -> dict[str, Any]:
    """A list that is short by its nature and so made whole, in the form of all lists; without `limit` all of it."""
    rows = enumerate(items)
    return page_of(rows, of=of, limit=limit or len(items), cursor=cursor, show=lambda item: item)
