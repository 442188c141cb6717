"""What all record pages of the console share: they are for reading. Changes go through the services, by the other doors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import IGNORED_PARAMS, ChangeList
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Field, JSONField, Max, Min, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from wizard.console.actions import work_of
from wizard.console.exports import Exporting
from wizard.models import Deployment, Operator
from wizard.models.fields import SentenceField
from wizard.services.permissions import may
from wizard.services.visibility import rows_for
from wizard.text import STORED_KEYS, Text


class Reading:
    """Who may look may look at everything here, and nobody changes anything."""

    # Who may see these records at all.
    use_case: ClassVar[str] = "product.use"

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request.user, self.use_case)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """All columns of the record but those that are left out on purpose, also what nobody could edit anyway."""
        model: type[Model] = self.model  # type: ignore[attr-defined]
        left_out: Sequence[str] = self.exclude or ()  # type: ignore[attr-defined]
        columns = [*model._meta.concrete_fields, *model._meta.many_to_many]
        names: Sequence[str] = self.fields or [field.name for field in columns]  # type: ignore[attr-defined]
        return [
            _as_json(model, name) if _is_json(model, name) else name for name in names if name not in left_out
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return self.get_fields(request, obj)


class Rows(ChangeList):
    """A page of a list; its admin reads at once what the columns show of all its rows."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        # Only the pages below have lists of this class.
        page = cast(RecordPages, self.model_admin)
        page.prepare_rows(self.result_list)
        self.nothing = page.nothing_here(
            narrowed=bool(self.query or self.filter_params.keys() - set(IGNORED_PARAMS))
        )
        self.exports = page.exports(self.get_query_string(remove=["p"]))
        # Asked by the hierarchy of dates, for which SQLite would call Python for each row.
        self.queryset.datetimes = partial(_datetimes, self.queryset)


def _datetimes(rows: QuerySet[Any], field: str, kind: Any, *args: Any, **kwargs: Any) -> Any:
    """Of years those between the first and the last row, whether or not one of them is empty; the rest as Django does."""
    if kind != "year":
        return QuerySet.datetimes(rows, field, kind, *args, **kwargs)
    found = rows.aggregate(first=Min(field), last=Max(field))
    if found["first"] is None:
        return []
    first, last = (timezone.localtime(found[end]) for end in ("first", "last"))
    return [first.replace(year=year, month=1, day=1) for year in range(first.year, last.year + 1)]


def list_title(opts: Any) -> str:
    """What the records are called together at the head of a page; a capital letter would make VCenters of vCenters."""
    name = str(opts.verbose_name_plural)
    return name if name[1:2].isupper() else str(capfirst(name))


class RecordPages(Exporting):
    """Lists that are called by what is in them and can be taken as files, and histories that lead to the audit trail."""

    show_full_result_count = False
    list_per_page = 50
    # What an empty list says of what belongs there and how it gets there, and the name of the page where that is done.
    nothing_yet: ClassVar[Any] = _(
        "Foothold writes these records by itself, as work goes on. There is none yet."
    )
    nothing_yet_at: ClassVar[str] = ""

    def name_of(self, row: Any) -> str:
        """How a record is called above its page and where an action asks about it."""
        return str(row)

    def nothing_here(self, *, narrowed: bool) -> dict[str, Any]:
        """What an empty list says; `narrowed` where search or filters leave nothing of it."""
        url = reverse(self.nothing_yet_at) if self.nothing_yet_at else ""
        return {"narrowed": narrowed, "text": self.nothing_yet, "url": url}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Django lets the address ask for any column of the record: what is left out could be guessed letter by letter, and
        a pattern could keep the database busy for hours."""
        column, *_parts = lookup.split("__")
        column = self.opts.pk.name if column == "pk" else column  # type: ignore[attr-defined]
        if column in (self.exclude or ()) or lookup.endswith("regex"):  # type: ignore[attr-defined]
            return False
        allowed: bool = super().lookup_allowed(lookup, value, request)  # type: ignore[misc]
        return allowed

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The record, which knows who reads it: not everything that it refers to is for everybody."""
        row = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if row is not None:
            row.reader = request.user
        return row

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": list_title(self.opts), **(extra_context or {})}  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, context)  # type: ignore[misc]
        return response

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that the person may do; that is asked for again in the service that does it."""
        found: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        return {
            name: entry
            for name, entry in found.items()
            if (work := work_of(entry[0])) is not None and may(request.user, work.use_case)
        }

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any
    ) -> HttpResponse | None:
        """Django looks for the chosen rows without having looked at their ids: of one that cannot be it would die."""
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.clean(chosen, None)  # type: ignore[attr-defined]
        except ValidationError as error:
            raise BadRequest from error
        response: HttpResponse | None = super().response_action(request, queryset, *args)  # type: ignore[misc]
        return response

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        context = {**(extra_context or {}), **({} if row is None else self.more_on_page(request, row))}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)  # type: ignore[misc]
        return response

    def more_on_page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of a record shows beside its columns: first of all what can be done with it."""
        found = self.get_actions(request)
        return {
            "subtitle": self.name_of(row),
            "list_title": list_title(self.opts),  # type: ignore[attr-defined]
            "may_read_trail": may(request.user, "audit.read"),
            "row_actions": [
                (name, label)
                for name, (function, _name, label) in found.items()
                if (work := work_of(function)) is not None and work.fits(row)
            ],
        }

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        trail = reverse("admin:wizard_auditentry_changelist")
        return redirect(f"{trail}?{urlencode({'subject_id': object_id})}")


class ReadingAdmin(Reading, RecordPages, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What is a team's is there for its members and administrators alone."""
        # Only who is known comes here.
        return rows_for(cast(Operator, request.user), super().get_queryset(request))

    def view_on_site(self, obj: Model) -> str | None:
        """The page of the product that shows this record, or else its deployment."""
        shown = obj if hasattr(obj, "get_absolute_url") else getattr(obj, "deployment", None)
        return shown.get_absolute_url() if shown is not None else None


class Seen(admin.RelatedFieldListFilter):
    """To filter by what the reader may see: which other teams and vCenters there are is nobody's business."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        rows = rows_for(cast(Operator, request.user), field.related_model._default_manager.all())
        return [(row.pk, str(row)) for row in rows]


class OfDeployment(ReadingAdmin):
    """Records of a deployment link to its page."""

    list_select_related: ClassVar[tuple[str, ...]] = ("deployment",)

    @admin.display(description=_("deployment"), ordering="deployment__name")
    def deployment_page(self, obj: Any) -> SafeString:
        deployment: Deployment = obj.deployment
        return page_link(deployment, deployment)


def page_link(obj: Any, text: object) -> SafeString:
    """A link to the object's own page in the product."""
    return format_html('<a href="{}">{}</a>', obj.get_absolute_url(), text)


# --- JSON for people --------------------------------------------------------------------------------------------------


def _is_json(model: type[Model], name: Any) -> bool:
    fields: dict[str, Field[Any, Any]] = {field.name: field for field in model._meta.concrete_fields}
    found = fields.get(name)
    return isinstance(found, JSONField) and not isinstance(found, SentenceField)


# The admin compares what it is given in two places, so it must be one function for a column.
@cache
def _as_json(model: type[Model], name: str) -> Callable[[Any], SafeString | str]:
    @admin.display(description=model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    def show(obj: Any) -> SafeString | str:
        return shown(getattr(obj, name))

    show.__name__ = name
    return show


def shown(value: Any) -> SafeString | str:
    """Stored JSON as people read it, its sentences in their language."""
    if value in (None, {}, []):
        return "–"
    text = json.dumps(_spoken(value), ensure_ascii=False, indent=2)
    # Long ones scroll, by the keyboard, too.
    return format_html('<pre class="json" tabindex="0">{}</pre>', text)


def _spoken(value: Any) -> Any:
    """The same with its sentences in the reader's language."""
    if isinstance(value, dict):
        if "text" in value and value.keys() <= STORED_KEYS:
            return str(Text.from_json(value))
        return {key: _spoken(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_spoken(part) for part in value]
    return value
