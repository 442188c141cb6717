"""That a list of records left the product as a file: who took it, which rows, how many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from django.db import transaction

from wizard.models import Operator
from wizard.services import audit
from wizard.services.permissions import require
from wizard.text import Text

ExportFormat = Literal["csv", "json"]


@transaction.atomic
def note_export(
    *, what: str, form: ExportFormat, rows: int, filters: Mapping[str, str], actor: Operator
) -> None:
    """Write down an export before its first byte leaves. `what` is the code of the record, such as "task"; `filters` are
    search, filters and order as they stood in the address. Raises NotAllowed."""
    require(actor, "export.take")
    audit.record(
        "records.exported",
        subject=actor,
        actor=actor,
        sentence=Text.counted(
            "%(who)s exported %(rows)s row of the list “%(what)s” as %(form)s.",
            "%(who)s exported %(rows)s rows of the list “%(what)s” as %(form)s.",
            "rows",
            who=actor.username,
            rows=rows,
            what=what,
            form=form.upper(),
        ),
        after={"list": what, "format": form, "rows": rows, "filters": dict(filters)},
    )
