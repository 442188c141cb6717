"""People, their tokens, their sign-ins. People are the one thing that is changed here, and by administrators alone."""

from __future__ import annotations

from typing import Any, ClassVar

from axes.models import AccessAttempt, AccessLog
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wizard.console.actions import Work, confirmed
from wizard.console.exports import Column
from wizard.console.proving import proof_wanted
from wizard.console.reading import ReadingAdmin, RecordPages, Seen
from wizard.models import ApiToken, BrowserSession, Operator, SignInLink, Team
from wizard.services import accounts, audit, teams
from wizard.services.errors import UserError
from wizard.services.permissions import may
from wizard.services.visibility import rows_for
from wizard.text import Text
from wizard.text import _ as sentence

# What other packages bring along can be changed and deleted on their pages, and shows secrets; ours are for reading, and come
# after this. Django's own groups are not asked anywhere: roles say who may what.
for model in list(admin.site._registry):
    if model._meta.app_label != "wizard":
        admin.site.unregister(model)


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    # Django's field shows the beginning of the hash; a link to the page that sets another password is enough.
    password = None  # type: ignore[assignment]
    # Set to who is changing; see OperatorAdmin.get_form.
    actor: Operator | None = None
    teams = forms.ModelMultipleChoiceField(
        Team.objects.all(), required=False, label=_("Teams"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Who may not change anything gets a form without fields.
        if self.instance.pk and "teams" in self.fields:
            self.fields["teams"].initial = self.instance.teams.all()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        wanted = (cleaned.get("role"), cleaned.get("is_active"), cleaned.get("is_staff"))
        if (
            self.actor is not None
            and self.actor.pk == self.instance.pk
            and wanted != (Operator.Role.ADMIN, True, True)
        ):
            raise ValidationError(
                gettext(
                    "You cannot take the administrator's rights from yourself. Ask another administrator."
                ),
                code="own_rights",
            )
        return cleaned


@admin.register(Operator)
class OperatorAdmin(RecordPages, UserAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Who left is made inactive, not deleted: the audit trail speaks of them."""

    form = PersonForm
    list_display = ("username", "email", "role", "is_active", "is_staff", "last_login")
    list_filter = ("role", "is_active", "is_staff", ("teams", Seen))
    search_fields = ("username", "first_name", "last_name", "email")
    date_hierarchy = "date_joined"
    fieldsets = (
        (None, {"fields": ("username", "sign_in")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "time_zone")}),
        (_("Rights"), {"fields": ("role", "teams", "is_active", "is_staff")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "role", "is_staff", "usable_password", "password1", "password2")}),
    )
    readonly_fields = ("sign_in", "last_login", "date_joined")
    filter_horizontal = ()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request.user, "product.use")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "person.change")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request.user, "person.change")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        changes = request.method == "POST" or object_id is None
        wanted = proof_wanted(request, request.get_full_path()) if changes and self._may(request) else None
        found: HttpResponse = wanted or super().changeform_view(request, object_id, form_url, extra_context)
        return found

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Also of one's own, for which the product's own page asks for the old one."""
        wanted = proof_wanted(request, request.get_full_path()) if self._may(request) else None
        found: HttpResponse = wanted or super().user_change_password(request, id, form_url)
        return found

    @staticmethod
    def _may(request: HttpRequest) -> bool:
        return may(request.user, "person.change")

    @admin.display(description=_("password"))
    def sign_in(self, obj: Operator) -> SafeString | str:
        if not obj.pk:
            return "–"
        return format_html('<a class="button" href="../password/">{}</a>', _("Set another password"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return found
        return [
            (
                name,
                {
                    **options,
                    "fields": tuple(
                        "in_teams" if field == "teams" else field
                        for field in options["fields"]
                        if field != "sign_in"
                    ),
                },
            )
            for name, options in found
        ]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[Any]]:
        form = super().get_form(request, obj, change=change, **kwargs)
        if issubclass(form, PersonForm):
            form.actor = request.user  # type: ignore[assignment]  # only staff come here
        return form

    def save_model(self, request: HttpRequest, obj: Operator, form: Any, change: bool) -> None:
        # Django's flag for everything would outlive the role that it came with.
        obj.is_superuser = obj.is_superuser and obj.role == Operator.Role.ADMIN
        super().save_model(request, obj, form, change)
        if "teams" in form.cleaned_data:
            self._put_into(request, obj, set(form.cleaned_data["teams"]))

    def _put_into(self, request: Any, person: Operator, wanted: set[Team]) -> None:
        """By the service, which writes down each team that the person is in from now on, or no more."""
        now = set(person.teams.all())
        for team in sorted(wanted ^ now, key=str):
            change = teams.add_member if team in wanted else teams.remove_member
            try:
                change(team, username=person.username, actor=request.user)
            except UserError as error:
                lines = [str(one.message) for one in error.errors] or [str(error.text)]
                self.message_user(request, f"{team}: {' '.join(lines)}", messages.ERROR)

    @admin.display(description=_("teams"))
    def in_teams(self, obj: Any) -> str:
        return ", ".join(str(team) for team in rows_for(obj.reader, obj.teams.all())) or "–"

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "person.added", sentence("%(who)s added %(person)s."))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "person.changed", sentence("%(who)s changed %(person)s."))
        return super().log_change(request, obj, message)

    def _record(self, request: Any, obj: Operator, action: str, template: str) -> None:
        audit.record(
            action,
            subject=obj,
            actor=request.user,
            sentence=Text(template, who=request.user.username, person=obj.username),
            after={"role": obj.role, "is_active": obj.is_active, "is_staff": obj.is_staff},
        )


def _revoke(row: ApiToken, actor: Operator, reason: str) -> None:
    accounts.revoke_token(token=row, actor=actor)


_REVOKE = Work(
    name="revoke",
    label=_("Revoke"),
    question=_("Programs that use these tokens are turned away from now on, and for good. Revoke them?"),
    use_case="token.revoke_for_others",
    run=_revoke,
    about=lambda row: row.user.get_username(),
    fits=lambda row: row.revoked_at is None,
    danger=True,
)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadingAdmin):
    list_display = ("name", "user", "scope", "hint", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("scope", "user")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "hint")
    date_hierarchy = "created_at"
    actions = (confirmed(_REVOKE),)
    exclude = ("token_hash",)
    nothing_yet = _(
        "Programs sign in with tokens. People make their own under “Your account”; whoever runs the server makes them with "
        "“manage.py token”. A token is shown once, when it is made, and never again."
    )
    nothing_yet_at = "tokens"


@admin.register(SignInLink)
class SignInLinkAdmin(ReadingAdmin):
    list_display = ("user", "expires_at", "used_at")
    list_filter = (("used_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("user__username",)
    date_hierarchy = "expires_at"
    exclude = ("token_hash",)


@admin.register(BrowserSession)
class BrowserSessionAdmin(ReadingAdmin):
    """Whose sessions there are; what a session remembers is its person's."""

    list_display = ("person", "expire_date")
    # What a session is called is left out everywhere, digest though it is.
    list_display_links = None
    exported_as: ClassVar[dict[str, Column]] = {"pk": None}
    list_select_related = ("person",)
    search_fields = ("person__username",)
    date_hierarchy = "expire_date"
    exclude = ("session_key", "session_data")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BrowserSession]:
        return super().get_queryset(request).defer("session_data")


@admin.register(Team)
class TeamAdmin(ReadingAdmin):
    list_display = ("name", "member_count", "created_at")
    search_fields = ("name", "members__username")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        rows: QuerySet[Team] = super().get_queryset(request).annotate(people=Count("members"))
        return rows

    @admin.display(description=_("members"), ordering="people")
    def member_count(self, obj: Any) -> int:
        count: int = obj.people
        return count


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadingAdmin):
    """Failed sign-ins that still count."""

    list_display = (
        "attempt_time",
        "username",
        "ip_address",
        "failures_since_start",
        "user_agent",
        "path_info",
    )
    list_filter = (("attempt_time", admin.DateFieldListFilter),)
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
    exclude = ("get_data", "post_data")


@admin.register(AccessLog)
class AccessLogAdmin(ReadingAdmin):
    list_display = ("attempt_time", "logout_time", "username", "ip_address", "user_agent", "path_info")
    list_filter = (("attempt_time", admin.DateFieldListFilter),)
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
    exclude = ("session_hash",)
