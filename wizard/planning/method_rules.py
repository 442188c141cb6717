"""The decision rules DD01 to DD15 (asr-facts 2.1), each with the case it applies to and its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from wizard.planning.retirement import NEW_VAULTS_MODERNIZED_SINCE, UNSUPPORTED_SINCE
from wizard.planning.vocabulary import Cloud, MachineKind, Method, ProfileId
from wizard.text import _

Route = Method
Effect = Literal["info", "warn", "refuse", "recommend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """What the rules read; everything that nobody said has the value that triggers no rule.

    `method` is the wanted one. `vault_switched_to_classic`: somebody used the toggle in the portal.
    `vcenter_access`: there is an account that may import a template. `web_sites_open`: www.live.com and
    www.microsoft.com may be reached. `newest_components`: update rollup 70 (9.57) or newer is wanted.
    `process_server_only`: a further process server is installed, no configuration server.
    `server_is_physical`: the machine that is installed (configuration server, process server, appliance) is no VMware
    virtual machine.
    """

    profile: ProfileId
    protects: frozenset[MachineKind]
    today: date
    method: Method | None = None
    vault_created: date | None = None
    vault_switched_to_classic: bool = False
    template_obtainable: bool = True
    vcenter_access: bool = True
    private_endpoints: bool = False
    web_sites_open: bool = True
    newest_components: bool = False
    cloud: Cloud = "public"
    mfa_account: bool = False
    process_server_only: bool = False
    failback: bool = False
    server_is_physical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of asr-facts 2.1. `route` is the one that an effect `refuse` or `recommend` leads to.

    A row that says different things to different cases stands once for each, under the same id; of those at most one
    applies, since their cases exclude each other.
    """

    id: str
    effect: Effect
    route: Route | None
    applies: Callable[[RouteFacts], bool]
    text: str


def _classic(facts: RouteFacts) -> bool:
    return facts.profile == "asr-classic"


def _modernized(facts: RouteFacts) -> bool:
    return facts.profile == "asr-modernized"


def _only_physical(facts: RouteFacts) -> bool:
    return facts.protects == {"physical"}


def _serves_vmware(facts: RouteFacts) -> bool:
    return "vmware" in facts.protects


def _template_at_hand(facts: RouteFacts) -> bool:
    return facts.template_obtainable and facts.vcenter_access


def _configuration_server(facts: RouteFacts) -> bool:
    return _classic(facts) and not facts.process_server_only


ONLY_PHYSICAL: Final = _(
    "Only physical servers are to be protected: the configuration server is installed by hand with "
    "Unified Setup, "
    "the environment being not VMware. Add VMware virtual machines, or choose manual installation."
)

RULES: Final = (
    Rule(
        id="DD01",
        effect="warn",
        route=None,
        applies=lambda facts: (
            _classic(facts)
            and (
                facts.today > UNSUPPORTED_SINCE
                or (facts.vault_created is not None and facts.vault_created > NEW_VAULTS_MODERNIZED_SINCE)
            )
        ),
        text=_(
            "Classic can no longer be newly enabled: it is retired, and vaults made since 15 March "
            "2023 are modernized. "
            "The way ahead is the modernized appliance; go on only to rebuild what a vault already knows."
        ),
    ),
    Rule(
        id="DD02",
        effect="warn",
        route=None,
        applies=lambda facts: facts.vault_switched_to_classic,
        text=_(
            "The vault was switched to the classic experience, which is final for that vault. An "
            "appliance will need a "
            "new vault of its own."
        ),
    ),
    Rule(
        id="DD03",
        effect="recommend",
        route="ova",
        applies=lambda facts: (
            _configuration_server(facts)
            and _serves_vmware(facts)
            and _template_at_hand(facts)
            and not facts.server_is_physical
        ),
        text=_(
            "VMware virtual machines are protected, vCenter is at hand and the template can be had: "
            "the OVA template "
            "gives a VMware virtual machine that vSphere keeps available."
        ),
    ),
    Rule(
        id="DD04",
        effect="refuse",
        route="manual",
        applies=lambda facts: (
            _configuration_server(facts)
            and _serves_vmware(facts)
            and not _template_at_hand(facts)
            and not facts.server_is_physical
        ),
        text=_(
            "The template cannot be had or cannot be imported: run Unified Setup on a virtual machine "
            "that satisfies "
            "the requirements."
        ),
    ),
    Rule(
        id="DD04",
        effect="refuse",
        route="manual",
        applies=lambda facts: (
            _configuration_server(facts) and _serves_vmware(facts) and facts.server_is_physical
        ),
        text=_(
            "The configuration server is to be a physical machine, which no template makes: run "
            "Unified Setup on a Windows Server that satisfies the requirements."
        ),
    ),
    Rule(
        id="DD05",
        effect="refuse",
        route="manual",
        applies=lambda facts: _classic(facts) and _only_physical(facts),
        text=ONLY_PHYSICAL,
    ),
    Rule(
        id="DD06",
        effect="info",
        route=None,
        applies=lambda facts: _configuration_server(facts) and facts.protects == {"vmware", "physical"},
        text=_(
            "One configuration server serves virtual machines and physical servers alike; prefer the "
            "template. "
            "Physical servers come back from a failover only as VMware virtual machines."
        ),
    ),
    Rule(
        id="DD07",
        effect="refuse",
        route="manual",
        applies=lambda facts: _classic(facts) and facts.private_endpoints and not facts.web_sites_open,
        text=_(
            "The vault uses private endpoints and www.live.com and www.microsoft.com may not be "
            "opened. The template "
            "needs these two sites in any case: install by hand."
        ),
    ),
    Rule(
        id="DD08",
        effect="warn",
        route=None,
        applies=lambda facts: _configuration_server(facts) and facts.private_endpoints,
        text=_(
            "The vault uses private endpoints: MySQL cannot be downloaded during setup, so put its "
            "installer on the "
            "configuration server by hand."
        ),
    ),
    Rule(
        id="DD09",
        effect="refuse",
        route="manual",
        applies=lambda facts: _classic(facts) and facts.newest_components,
        text=_(
            "Components of update rollup 70 (9.57) or newer are wanted. Since that release, December "
            "2023, no template "
            "is published: install by hand."
        ),
    ),
    Rule(
        id="DD10",
        effect="recommend",
        route="manual",
        applies=lambda facts: _classic(facts) and facts.cloud == "us_government",
        text=_(
            "For Azure Government, Microsoft's text on Azure Migrate asks for the installer rather "
            "than the template; "
            "the text on Site Recovery is silent."
        ),
    ),
    Rule(
        id="DD11",
        effect="warn",
        route=None,
        applies=lambda facts: _classic(facts) and facts.mfa_account and facts.method != "manual",
        text=_(
            "The template signs in to Azure interactively, which fails for an account with "
            "multi-factor authentication "
            "or federation through AD FS. Use another account, or install by hand with the "
            "registration key file."
        ),
    ),
    Rule(
        id="DD12",
        effect="refuse",
        route="manual",
        applies=lambda facts: _classic(facts) and facts.process_server_only,
        text=_(
            "A further process server is never made from the template: run Unified Setup with “Add "
            "additional process "
            "servers to scale out deployment”."
        ),
    ),
    Rule(
        id="DD13",
        effect="warn",
        route=None,
        applies=lambda facts: _configuration_server(facts) and facts.failback and facts.server_is_physical,
        text=_(
            "Failback is wished and the configuration server is a physical machine: add a master "
            "target as a VMware "
            "virtual machine. Without VMware there is no failback."
        ),
    ),
    Rule(
        id="DD14",
        effect="warn",
        route=None,
        applies=lambda facts: _modernized(facts) and "physical" in facts.protects,
        text=_("The modernized appliance offers no failback at all for physical servers."),
    ),
    Rule(
        id="DD15",
        effect="recommend",
        route="ova",
        applies=lambda facts: (
            _modernized(facts) and not facts.server_is_physical and _template_at_hand(facts)
        ),
        text=_(
            "The appliance is to be a VMware virtual machine: Microsoft's OVF template makes it with everything it "
            "needs. Where your organisation forbids the template, DRInstaller.ps1 installs the appliance by hand."
        ),
    ),
    Rule(
        id="DD15",
        effect="refuse",
        route="manual",
        applies=lambda facts: (
            _modernized(facts) and not facts.server_is_physical and not _template_at_hand(facts)
        ),
        text=_(
            "The template cannot be had or cannot be imported: install the appliance with DRInstaller.ps1 on a virtual "
            "machine that satisfies the requirements."
        ),
    ),
    Rule(
        id="DD15",
        effect="refuse",
        route="manual",
        applies=lambda facts: _modernized(facts) and facts.server_is_physical,
        text=_(
            "The appliance is to be a physical machine, which no template makes: install it with DRInstaller.ps1."
        ),
    ),
)

RULE_IDS: Final = tuple(dict.fromkeys(rule.id for rule in RULES))
