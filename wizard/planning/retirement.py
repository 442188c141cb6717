"""What is over for the classic architecture on a given day (asr-facts 11.1), and who may still need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from wizard.text import Text, _

NEW_VAULTS_MODERNIZED_SINCE: Final = date(2023, 3, 15)
NO_TEMPLATE_SINCE: Final = date(2023, 12, 1)
ENABLING_BLOCKED_SINCE: Final = date(2026, 1, 31)
UNSUPPORTED_SINCE: Final = date(2026, 3, 30)
"""The banner of Microsoft's text says 15 March, its body 30 March; the later one is used (conflict C13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """Something that ended or ends on a day. `over` as seen from the day that was asked about."""

    on: date
    over: bool
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialLink:
    """A page of Microsoft Learn; `title` is what the link says."""

    title: Text
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """The banner that stands before everything else, with what to know before going on."""

    retired: bool
    headline: Text
    milestones: tuple[Milestone, ...]
    still_needed_by: tuple[Text, ...]
    alternative: Text
    links: tuple[OfficialLink, ...]

    def to_json(self) -> dict[str, Any]:
        """Dates as ISO 8601, texts as `Text.to_json` gives them."""
        return {
            "retired": self.retired,
            "headline": self.headline.to_json(),
            "milestones": [
                {"on": stone.on.isoformat(), "over": stone.over, "text": stone.text.to_json()}
                for stone in self.milestones
            ],
            "still_needed_by": [text.to_json() for text in self.still_needed_by],
            "alternative": self.alternative.to_json(),
            "links": [{"title": link.title.to_json(), "url": link.url} for link in self.links],
        }


_MILESTONES: Final = (
    (NEW_VAULTS_MODERNIZED_SINCE, _("New vaults offer the modernized architecture only.")),
    (NO_TEMPLATE_SINCE, _("No new template is published for the configuration server (update rollup 70).")),
    (
        ENABLING_BLOCKED_SINCE,
        _("Classic replication can no longer be enabled, neither in the portal nor by script."),
    ),
    (UNSUPPORTED_SINCE, _("The classic architecture is no longer supported.")),
)

_STILL_NEEDED_BY: Final = (
    _("Sites that rebuild a configuration server which their vault already knows."),
    _("Sites that keep existing protection running until they have moved to the appliance."),
    _("Laboratories that rehearse the move or need the classic components for comparison."),
)

_LEARN: Final = "https://learn.microsoft.com/azure/site-recovery/"

_LINKS: Final = (
    (_("Retirement of the classic architecture"), "vmware-physical-azure-classic-deprecation"),
    (_("Moving from classic to modernized"), "move-from-classic-to-modernized-vmware-disaster-recovery"),
    (_("Deploying the replication appliance"), "deploy-vmware-azure-replication-appliance-modernized"),
)


def classic_on(day: date) -> Retirement:
    """The state of the classic architecture on `day`. A milestone counts as over from its own day on."""
    retired = day >= UNSUPPORTED_SINCE
    headline = (
        _("Microsoft retired the classic architecture in March 2026. It is no longer supported.")
        if retired
        else _("Microsoft retires the classic architecture on 30 March 2026.")
    )
    return Retirement(
        retired=retired,
        headline=Text(headline),
        milestones=tuple(Milestone(on=on, over=day >= on, text=Text(text)) for on, text in _MILESTONES),
        still_needed_by=tuple(Text(text) for text in _STILL_NEEDED_BY),
        alternative=Text(_("For everything new use the modernized replication appliance.")),
        links=tuple(OfficialLink(title=Text(title), url=_LEARN + page) for title, page in _LINKS),
    )
