"""The recorded topology: components, links, and snapshots with their picture and what differs between any two."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wizard.console.exports import Column
from wizard.console.pictures import picture_of
from wizard.console.reading import OfDeployment
from wizard.models import Component, Deployment, Link, TopologySnapshot
from wizard.services import topology
from wizard.topology.diff import GraphDiff


@admin.register(Component)
class ComponentAdmin(OfDeployment):
    list_display = ("name", "kind", "address", "zone", "deployment_page")
    list_filter = ("kind", "zone")
    search_fields = ("name", "address", "deployment__name")


@admin.register(Link)
class LinkAdmin(OfDeployment):
    list_display = ("edge", "source", "target", "protocol", "port", "purpose", "deployment_page")
    list_filter = ("edge", "protocol")
    list_select_related = ("deployment", "source", "target")
    search_fields = ("source__name", "target__name", "deployment__name")


@admin.register(TopologySnapshot)
class TopologySnapshotAdmin(OfDeployment):
    list_display = ("number", "deployment_page", "digest", "recorded_by", "recorded_at", "changes")
    list_filter = (("recorded_at", admin.DateFieldListFilter), "recorded_by")
    list_select_related = ("deployment", "recorded_by")
    search_fields = ("deployment__name", "digest", "recorded_by__username")
    date_hierarchy = "recorded_at"
    change_form_template = "admin/snapshot.html"
    # A link to where two are compared.
    exported_as: ClassVar[dict[str, Column]] = {**OfDeployment.exported_as, "changes": None}

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.compare_view)
        return [path("compare/", view, name="wizard_topologysnapshot_compare"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TopologySnapshot]:
        return super().get_queryset(request).defer("document")

    def more_on_page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            **super().more_on_page(request, row),
            "picture": picture_of(topology.graph_in(row), row.deployment.name),
            "numbers": numbers_of(row.deployment),
            "number": row.number,
            "before": row.number - 1,
        }

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """What differs between two snapshots of a deployment, named by number in `before` and `after`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = self.get_queryset(request).filter(pk=_number(request.GET.get("of")))
        one = chosen.select_related("deployment").first()
        if one is None:
            raise Http404
        deployment: Deployment = one.deployment
        numbers = numbers_of(deployment)
        before = _number(request.GET.get("before", one.number - 1))
        after = _number(request.GET.get("after", one.number))
        found = topology.compare(deployment, before, after) if {before, after} <= set(numbers) else None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Snapshots of %(name)s compared") % {"name": deployment.name},
            "opts": self.opts,
            "original": one,
            "deployment": deployment,
            "numbers": numbers,
            "number": after,
            "before": before,
            "missing": found is None,
            "rows": _rows(found) if found is not None else [],
        }
        return render(request, "admin/compare.html", context)

    @admin.display(description=_("changes"))
    def changes(self, obj: TopologySnapshot) -> SafeString | str:
        if obj.number == 1:
            return "–"
        url = f"{reverse('admin:wizard_topologysnapshot_compare')}?of={obj.pk}"
        return format_html('<a href="{}">{}</a>', url, _("Since the one before"))


def numbers_of(deployment: Deployment) -> list[int]:
    """The numbers of all its snapshots, the newest first."""
    return list(deployment.snapshots.order_by("-number").values_list("number", flat=True))


def _number(typed: Any) -> int:
    """0, the number of no snapshot, for what is none."""
    written = str(typed)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else 0


def _rows(found: GraphDiff) -> list[dict[str, Any]]:
    """Each difference as a line: how it differs, of which component or connection, in what."""
    component, connection = gettext("Component"), gettext("Connection")
    rows = [
        {"how": how, "kind": component, "name": node.name, "what": node.kind, "before": "", "after": ""}
        for how, nodes in (("added", found.added_nodes), ("removed", found.removed_nodes))
        for node in nodes
    ]
    rows += [
        {
            "how": how,
            "kind": connection,
            "name": link.id,
            "what": f"{link.source} → {link.target}, {link.protocol} {link.port}",
            "before": "",
            "after": "",
        }
        for how, links in (("added", found.added_links), ("removed", found.removed_links))
        for link in links
    ]
    rows += [
        {
            "how": "changed",
            "kind": kind,
            "name": change.key,
            "what": change.field,
            "before": change.before,
            "after": change.after,
        }
        for kind, changes in ((component, found.changed_nodes), (connection, found.changed_links))
        for change in changes
    ]
    return rows
