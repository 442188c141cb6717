"""A01 and following: a replication appliance by hand with DRInstaller.ps1 (asr-facts 11.3)."""

from __future__ import annotations

from typing import Final

from wizard.planning.manual_step import LEARN, ManualStep, by_fact, by_person, by_requirement
from wizard.text import Text, _

_DEPLOY: Final = LEARN + "deploy-vmware-azure-replication-appliance-modernized"
_PROXY: Final = frozenset({"proxy"})

STEPS: Final[tuple[ManualStep, ...]] = (
    ManualStep(
        id="A01",
        title=Text(_("Open a new vault")),
        what=Text(
            _(
                "In the portal open the vault that was made for this appliance, then Site Recovery, “Prepare "
                "Infrastructure” for VMware machines to Azure."
            )
        ),
        guard=Text(
            _("The vault must be new and serve nothing else: not Backup, and no classic server before.")
        ),
        confirm=Text(_("Is the vault new, and was nothing registered with it before?")),
        proofs=(*by_requirement("AZ-08"), *by_person("A01")),
        link=_DEPLOY,
    ),
    ManualStep(
        id="A02",
        title=Text(_("Put the installers on the machine")),
        what=Text(
            _(
                "Download the zip with the installers, copy it to the machine that becomes the appliance, and unpack "
                "it on a local drive."
            )
        ),
        input=Text(_("https://aka.ms/V2ARcmApplianceCreationPowershellZip gives the zip.")),
        guard=Text(_("Installers fail from a network share or from a drive that the remote desktop lends.")),
        confirm=Text(_("Are the installers unpacked on a local drive of the machine?")),
        proofs=by_person("A02"),
        link=_DEPLOY,
    ),
    ManualStep(
        id="A03",
        title=Text(_("Run DRInstaller.ps1 as administrator")),
        what=Text(
            _(
                "Open PowerShell with “Run as administrator” and run Install-Appliance.ps1 from the bundle, or change "
                "into the unpacked folder and run DRInstaller.ps1. No parameters are documented: answer at the "
                "machine what the script asks."
            )
        ),
        guard=Text(
            _("An appliance, or a machine with a server role of its own, must not be cloned afterwards.")
        ),
        confirm=Text(_("Did the script end without an error?")),
        proofs=(*by_fact("site_recovery.products", "services.states"), *by_requirement("OS-12", "OS-13")),
        link=_DEPLOY,
        unattended=True,
    ),
    ManualStep(
        id="A04",
        title=Text(_("Set the proxy in the Configuration Manager")),
        what=Text(
            _(
                "The Appliance Configuration Manager opens by itself. Switch on “use proxy to connect to internet” and "
                "give the address of the proxy."
            )
        ),
        guard=Text(_("Only HTTP proxies are supported. All services of the appliance use this setting.")),
        confirm=Text(_("Does the Configuration Manager reach the internet through the proxy?")),
        proofs=(*by_requirement("PRX-01", "PRX-05"), *by_person("A04")),
        link=_DEPLOY,
        when=_PROXY,
    ),
    ManualStep(
        id="A04",
        title=Text(_("Open the Configuration Manager")),
        what=Text(_("The Appliance Configuration Manager opens by itself. Leave its proxy switched off.")),
        confirm=Text(_("Does the Configuration Manager reach the internet directly?")),
        proofs=(*by_fact("reach.endpoints"), *by_person("A04")),
        link=_DEPLOY,
        unless=_PROXY,
    ),
    ManualStep(
        id="A05",
        title=Text(_("Pass the prerequisites check")),
        what=Text(
            _(
                "It checks the internet, the time, the configuration of the system, and four group policies. Correct "
                "what fails and check again."
            )
        ),
        guard=Text(_("The time check needs portal.azure.com; without it the clock is not checked for you.")),
        confirm=Text(_("Did all checks of the Configuration Manager pass?")),
        proofs=by_requirement("POL-01", "POL-02", "POL-03", "POL-04", "POL-05", "TIME-06"),
        link=_DEPLOY,
    ),
    ManualStep(
        id="A06",
        title=Text(_("Look at the list of components")),
        what=Text(
            _("The list shows each component of the appliance with its state. Continue when all are well.")
        ),
        confirm=Text(_("Is every component in the list installed and running?")),
        proofs=by_fact("services.states"),
        link=_DEPLOY,
    ),
    ManualStep(
        id="A07",
        title=Text(_("Choose the connectivity")),
        what=Text(
            _("Choose whether machines reach the appliance by its FQDN or by an IP address, and save.")
        ),
        input=Text(_("The choice that you answered in the step about the appliance.")),
        guard=Text(_("With machines in several subnets or behind NAT the FQDN is the choice that works.")),
        confirm=Text(_("Is the connectivity the one that was planned, with data port 9443?")),
        proofs=(*by_requirement("NET-13", "NET-14"), *by_person("A07")),
        link=_DEPLOY,
    ),
    ManualStep(
        id="A08",
        title=Text(_("Give the friendly name and the key")),
        what=Text(
            _(
                "Give the friendly name, copy the appliance key from Prepare Infrastructure in the portal, and paste "
                "it."
            )
        ),
        input=Text(_("The friendly name that you answered, and the key of the vault.")),
        guard=Text(
            _(
                "The friendly name is final. Register one appliance after the other, never two at the same time."
            )
        ),
        confirm=Text(_("Are the friendly name and the key those of this appliance and its vault?")),
        proofs=by_person("A08"),
        link=_DEPLOY,
    ),
    ManualStep(
        id="A09",
        title=Text(_("Sign in with the code")),
        what=Text(_("Choose Login, copy the code into the new tab, and sign in to Azure.")),
        input=Text(_("An account with the rights on the subscription that the preflight names.")),
        guard=Text(_("The code is valid for 5 minutes; after that choose Login again.")),
        confirm=Text(_("Does the Configuration Manager show that you are signed in?")),
        proofs=(*by_requirement("AZ-04", "AZ-05"), *by_person("A09")),
        link=_DEPLOY,
    ),
    ManualStep(
        id="A10",
        title=Text(_("Look at the vault")),
        what=Text(
            _("Subscription, resource group and vault are shown. Sign out to change them, or continue.")
        ),
        confirm=Text(_("Is it the intended vault?")),
        proofs=(*by_fact("site_recovery.registered_vault"), *by_person("A10")),
        link=_DEPLOY,
    ),
    ManualStep(
        id="A11",
        title=Text(_("Add vCenter")),
        what=Text(_("Give address, port, account and friendly name of vCenter or of the ESXi host.")),
        guard=Text(_("The same vCenter must have the same friendly name on every appliance.")),
        confirm=Text(_("Is vCenter saved, under the friendly name it has on other appliances?")),
        proofs=(*by_requirement("NET-11"), *by_person("A11")),
        link=_DEPLOY,
        when=frozenset({"vcenter"}),
    ),
    ManualStep(
        id="A12",
        title=Text(_("Add credentials of the virtual machines")),
        what=Text(_("Add the accounts for push installation: an administrator for Windows, root for Linux.")),
        confirm=Text(_("Are accounts saved for all virtual machines to protect?")),
        proofs=by_person("A12"),
        link=_DEPLOY,
        when=frozenset({"vmware"}),
    ),
    ManualStep(
        id="A13",
        title=Text(_("Add physical servers")),
        what=Text(
            _("Add an account for each kind of server, then each server with its address and account.")
        ),
        guard=Text(_("With the appliance physical servers have no failback at all.")),
        confirm=Text(_("Are all physical servers to protect in the list?")),
        proofs=by_person("A13"),
        link=_DEPLOY,
        when=frozenset({"physical"}),
    ),
    ManualStep(
        id="A14",
        title=Text(_("Finish the registration")),
        what=Text(_("Choose Continue. The registration takes up to 30 minutes; keep the browser open.")),
        confirm=Text(_("Did the registration end without an error?")),
        proofs=(*by_fact("services.states"), *by_person("A14")),
        link=_DEPLOY,
    ),
    ManualStep(
        id="A15",
        title=Text(_("See the appliance in the portal")),
        what=Text(_("Open Prepare Infrastructure again: it lists the appliance under its friendly name.")),
        confirm=Text(_("Does the portal list the appliance as healthy?")),
        proofs=by_person("A15"),
        link=_DEPLOY,
    ),
)
