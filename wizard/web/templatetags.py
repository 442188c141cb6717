"""How times, sizes and sentences are written on pages. Registered as the library `foothold` in the settings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.template import Context
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from wizard.text import Text, _

register = template.Library()

_MISSING = "–"
_TOOLS = {
    "toolsOk": _("Running"),
    "toolsOld": _("Running, out of date"),
    "toolsNotRunning": _("Not running"),
    "toolsNotInstalled": _("Not installed"),
    "guestToolsRunning": _("Running"),
    "guestToolsExecutingScripts": _("Starting"),
    "guestToolsNotRunning": _("Not running"),
}


@register.simple_tag
def when(value: datetime | str | None) -> str:
    """A time in the reader's zone, with the exact one for programs. Takes a datetime or RFC 3339."""
    if not value:
        return _MISSING
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), local.strftime("%Y-%m-%d %H:%M")
    )


@register.simple_tag
def day_or_moment(value: date | datetime) -> str:
    """A moment as `when` writes it; a whole day belongs to no zone."""
    return when(value) if isinstance(value, datetime) else format_html("<time>{}</time>", value.isoformat())


@register.filter
def sentence(stored: dict[str, Any] | Text | None) -> str:
    """A stored `Text`, in the reader's language."""
    return str(stored if isinstance(stored, Text) else Text.from_json(stored))


@register.filter
def gb(size_bytes: float | None) -> str:
    """Bytes as GB, 1 GB being 1,073,741,824 bytes, as vSphere counts."""
    return number_gb(None if size_bytes is None else size_bytes / 2**30)


@register.filter
def mb(size_mb: float | None) -> str:
    return number_gb(None if size_mb is None else size_mb / 1024)


@register.filter
def number_gb(size_gb: float | None) -> str:
    if size_gb is None:
        return _MISSING
    decimals = 0 if size_gb >= 100 or float(size_gb).is_integer() else 2 if size_gb < 1 else 1
    return f"{formats.number_format(size_gb, decimals, force_grouping=True)} GB"


@register.filter
def tools(status: str | None) -> str:
    """What vSphere's word for the state of VMware Tools means; a word that is not known is shown as it is."""
    return gettext(_TOOLS[status]) if status in _TOOLS else status or _MISSING


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in words that fit a table."""
    if seconds is None:
        return _MISSING
    if seconds < 1:
        return gettext("%(number)d ms") % {"number": round(seconds * 1000)}
    if seconds < 60:
        return gettext("%(number)s s") % {"number": formats.number_format(round(seconds, 1))}
    minutes = round(seconds / 60)
    return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}


@register.simple_tag(takes_context=True)
def look_again(context: Context) -> str:
    """Where a page that follows work loads itself anew without JavaScript: at the work.

    Each time another address: to a place of the page that it shows a browser goes without asking for it.
    """
    query = context["request"].GET.copy()
    looked = query.get("look", "")
    query["look"] = str(int(looked) + 1 if looked.isascii() and looked.isdigit() and len(looked) < 6 else 1)
    return f"?{query.urlencode()}#outcome"


@register.simple_tag
def elapsed(start: datetime | None, end: datetime | None) -> str:
    """How long something took, or has taken so far."""
    if start is None:
        return ""
    return duration(((end or timezone.now()) - start).total_seconds())
