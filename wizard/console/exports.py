"""Any list of the console as a file: the rows that its filters, search and order give, in the columns that it shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from html import unescape
from itertools import islice
from typing import Any, ClassVar, Final, cast, get_args

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import lookup_field
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeData

from wizard.models import Operator
from wizard.services.exports import ExportFormat, note_export
from wizard.spreadsheet import csv_line
from wizard.text import Text

Getter = Callable[[Any], Any]
# What a column of a list is in a file: the same under another name, none (None), or one or several with values of their own.
Column = str | None | Mapping[str, Getter]

_CHUNK: Final = 500
# Whoever reads the list: a program that reads its file finds the same words.
_LANGUAGE: Final = "en"
_TYPES: Final[dict[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


class Exporting:
    """Gives a list its files. What a list does not show, such as a secret, is in none of them."""

    # For the columns that a file has otherwise than the list.
    exported_as: ClassVar[dict[str, Column]] = {
        "pk": "id",
        "deployment_page": "deployment",
        "page": None,
    }

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export_view)  # type: ignore[attr-defined]
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"  # type: ignore[attr-defined]
        urls: list[Any] = super().get_urls()  # type: ignore[misc]
        return [path("export/<slug:form>/", view, name=name), *urls]

    def prepare_rows(self, rows: Sequence[Any]) -> None:
        """Read at once what columns show of all these rows; by default nothing."""

    def exports(self, query: str) -> list[tuple[str, str]]:
        """Format and address of each file of the list as it stands with that query string."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_export"  # type: ignore[attr-defined]
        forms = get_args(ExportFormat)
        return [(form.upper(), f"{reverse(name, args=[form])}{query}") for form in forms]

    def export_view(self, request: HttpRequest, form: str) -> HttpResponseBase:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        if form not in _TYPES:
            raise Http404
        try:
            listed = self.get_changelist_instance(request)  # type: ignore[attr-defined]
        except IncorrectLookupParameters:
            return redirect("../../")
        columns = self._columns(request)
        note_export(
            what=self.opts.model_name,  # type: ignore[attr-defined]
            form=cast(ExportFormat, form),
            rows=listed.result_count,
            filters={key: request.GET[key] for key in request.GET if key != "p"},
            actor=cast(Operator, request.user),
        )
        records = self._records(listed.queryset, columns)
        response = StreamingHttpResponse(
            _as_csv(columns, records) if form == "csv" else _as_json(records),
            content_type=_TYPES[form],
        )
        at = timezone.now().strftime("%Y%m%dT%H%M%SZ")
        name = f"{self.opts.model_name}-{at}.{form}"  # type: ignore[attr-defined]
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _columns(self, request: HttpRequest) -> dict[str, Getter]:
        """The columns of the file and where their values come from; first what identifies the row."""
        found: dict[str, Getter] = {}
        for name in ("pk", *self.get_list_display(request)):  # type: ignore[attr-defined]
            column = self.exported_as.get(name, name)
            if isinstance(column, str):
                found[column] = partial(self._cell, name)
            elif column is not None:
                found.update(column)
        return found

    def _records(self, rows: Any, columns: Mapping[str, Getter]) -> Iterator[dict[str, Any]]:
        left = iter(rows.iterator(chunk_size=_CHUNK))
        while chunk := list(islice(left, _CHUNK)):
            # A stream is read after the request, when the language of its thread is anybody's.
            with translation.override(_LANGUAGE):
                self.prepare_rows(chunk)
                records = [{out: _plain(get(row)) for out, get in columns.items()} for row in chunk]
            yield from records

    def _cell(self, name: str, row: Any) -> Any:
        try:
            _field, _attribute, value = lookup_field(name, row, cast(Any, self))
        except ObjectDoesNotExist:
            return None
        return value


def _plain(value: Any) -> Any:
    """The value as a file has it: codes rather than words, times in UTC, durations in seconds, texts without markup."""
    match value:
        case None | bool() | int() | float():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return float(value)
        case Text():
            return str(value)
        case dict() | list():
            return value
        case SafeData():
            return unescape(strip_tags(str(value))).strip()
    return str(value)


def _as_csv(header: Iterable[str], records: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield csv_line(header)
    for record in records:
        yield csv_line(_word(value) for value in record.values())


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _as_json(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "["
    between = "\n"
    for record in records:
        yield between + json.dumps(record, ensure_ascii=False)
        between = ",\n"
    yield "\n]\n"
