"""P1 to P15: a configuration server or a process server by hand with Unified Setup (asr-facts 2.5)."""

from __future__ import annotations

from typing import Final

from wizard.planning.manual_step import LEARN, ManualStep, by_fact, by_person, by_requirement
from wizard.text import Text, _

_CS: Final = frozenset({"cs"})
_PS: Final = frozenset({"ps_scaleout"})
_VMWARE: Final = frozenset({"vmware"})

_PHYSICAL_SOURCE: Final = LEARN + "physical-azure-set-up-source"
_CS_BY_HAND: Final = LEARN + "physical-manage-configuration-server"
_PS_BY_HAND: Final = LEARN + "vmware-azure-set-up-process-server-scale"

STEPS: Final[tuple[ManualStep, ...]] = (
    ManualStep(
        id="P1",
        title=Text(_("Choose the protection goal")),
        what=Text(
            _(
                "In the portal open the vault, then Site Recovery, Prepare Infrastructure, Protection goal. Choose "
                "“To Azure” and “Not virtualized/Other”."
            )
        ),
        input=Text(_("An account that may write to the vault.")),
        guard=Text(
            _(
                "Physical servers return from a failover only as VMware virtual machines; without VMware not at all."
            )
        ),
        confirm=Text(_("Does the vault show “To Azure” and “Not virtualized/Other” as its goal?")),
        proofs=by_person("P1"),
        link=_PHYSICAL_SOURCE,
        when=_CS,
        unless=_VMWARE,
    ),
    ManualStep(
        id="P1",
        title=Text(_("Choose the protection goal")),
        what=Text(
            _(
                "In the portal open the vault, then Site Recovery, Prepare Infrastructure, Protection goal. Choose "
                "“To Azure” and VMware; physical servers are served by the same configuration server."
            )
        ),
        input=Text(_("An account that may write to the vault.")),
        confirm=Text(_("Does the vault show “To Azure” and VMware as its goal?")),
        proofs=by_person("P1"),
        link=_CS_BY_HAND,
        when=_CS | _VMWARE,
    ),
    ManualStep(
        id="P1",
        title=Text(_("Find the configuration server in the vault")),
        what=Text(
            _(
                "In the portal open the vault, then Site Recovery Infrastructure, Configuration Servers. The process "
                "server will belong to exactly one of them; the protection goal was chosen with that one."
            )
        ),
        guard=Text(_("A process server must not be newer than its configuration server.")),
        confirm=Text(_("Is the configuration server connected, and do you know its version?")),
        proofs=(*by_requirement("SW-06"), *by_person("P1")),
        link=_PS_BY_HAND,
        when=_PS,
    ),
    ManualStep(
        id="P2",
        title=Text(_("Add a configuration server in the portal")),
        what=Text(
            _("In Prepare source choose “+Configuration server”, and the server type “Configuration Server”.")
        ),
        confirm=Text(_("Does the portal show the page to add a server?")),
        proofs=by_person("P2"),
        link=_PHYSICAL_SOURCE,
        when=_CS,
    ),
    ManualStep(
        id="P2",
        title=Text(_("Add a process server in the portal")),
        what=Text(
            _("Open the configuration server, choose “+Process Server”, and the server type on-premises.")
        ),
        confirm=Text(_("Does the portal show the page to add a process server?")),
        proofs=by_person("P2"),
        link=_PS_BY_HAND,
        when=_PS,
    ),
    ManualStep(
        id="P3",
        title=Text(_("Download Unified Setup and the registration key")),
        what=Text(
            _(
                "Download MicrosoftAzureSiteRecoveryUnifiedSetup.exe and the registration key. Put both where the "
                "README of the installation bundle says."
            )
        ),
        input=Text(_("https://aka.ms/unifiedinstaller gives the installer without the portal.")),
        guard=Text(_("The key is valid for 5 days from the moment it is generated.")),
        confirm=Text(_("Are the installer and a key younger than 5 days on the machine?")),
        proofs=by_person("P3"),
        link=_PHYSICAL_SOURCE,
        when=_CS,
    ),
    ManualStep(
        id="P3",
        title=Text(_("Download Unified Setup")),
        what=Text(
            _(
                "Download MicrosoftAzureSiteRecoveryUnifiedSetup.exe, in the version of the configuration server. Put "
                "it where the README of the installation bundle says."
            )
        ),
        input=Text(_("https://aka.ms/unifiedinstaller gives the newest installer without the portal.")),
        guard=Text(
            _("An installer newer than the configuration server must not be used: upgrade that one first.")
        ),
        confirm=Text(_("Is the installer on the machine of the configuration server’s version or older?")),
        proofs=(*by_requirement("SW-06"), *by_person("P3")),
        link=_PS_BY_HAND,
        when=_PS,
    ),
    ManualStep(
        id="P4",
        title=Text(_("Start setup as a local administrator")),
        what=Text(
            _(
                "Sign in at the machine with a local administrator, open PowerShell with “Run as administrator”, and "
                "run Install.ps1 from the bundle, or the setup itself from a local copy."
            )
        ),
        guard=Text(
            _(
                "Without elevation setup ends with “Failed to create certificate”. A network share does not serve."
            )
        ),
        confirm=Text(_("Was setup started elevated, from a local drive?")),
        proofs=(*by_fact("os.elevated", "os.is_administrator"), *by_requirement("OS-09")),
        link=_CS_BY_HAND,
    ),
    ManualStep(
        id="P5",
        title=Text(_("Before you begin")),
        what=Text(_("Choose “Install the configuration server and process server”.")),
        confirm=Text(_("Was the configuration server chosen, not the additional process server?")),
        proofs=by_fact("site_recovery.products"),
        link=_CS_BY_HAND,
        unattended=True,
        when=_CS,
    ),
    ManualStep(
        id="P5",
        title=Text(_("Before you begin")),
        what=Text(_("Choose “Add additional process servers to scale out deployment”.")),
        confirm=Text(_("Was the additional process server chosen?")),
        proofs=by_fact("site_recovery.products"),
        link=_PS_BY_HAND,
        unattended=True,
        when=_PS,
    ),
    ManualStep(
        id="P6",
        title=Text(_("Accept the third-party licence")),
        what=Text(_("Read and accept the licence of MySQL. Setup then downloads MySQL and installs it.")),
        input=Text(
            _("Where MySQL cannot be downloaded: its installer in C:\\Temp\\ASRSetup, before setup starts.")
        ),
        guard=Text(_("With private endpoints MySQL cannot be downloaded and has to be staged by hand.")),
        confirm=Text(_("Did you read and accept the licence of MySQL?")),
        proofs=(*by_requirement("SW-01"), *by_person("P6")),
        link=_CS_BY_HAND,
        unattended=True,
        when=_CS,
    ),
    ManualStep(
        id="P7",
        title=Text(_("Register with the vault")),
        what=Text(_("Choose the file with the registration key (.VaultCredentials).")),
        input=Text(_("The registration key file that was downloaded from the portal.")),
        guard=Text(_("The vault is final: another one means to register anew and stops all replication.")),
        confirm=Text(_("Is the key that of the intended vault, and younger than 5 days?")),
        proofs=by_fact("site_recovery.registered_vault"),
        link=_CS_BY_HAND,
        unattended=True,
        when=_CS,
    ),
    ManualStep(
        id="PS1",
        title=Text(_("Name the configuration server")),
        what=Text(
            _(
                "In Configuration Server Details give the IPv4 address of the configuration server and its "
                "passphrase."
            )
        ),
        input=Text(
            _(
                "The passphrase: on the configuration server run genpassphrase.exe -v in "
                "C:\\ProgramData\\ASR\\home\\svsystems\\bin."
            )
        ),
        guard=Text(_("Never generate a new passphrase while agents and process servers are registered.")),
        confirm=Text(_("Were address and passphrase taken from the configuration server itself?")),
        proofs=(*by_requirement("NET-08"), *by_fact("site_recovery.passphrase_file")),
        link=_PS_BY_HAND,
        unattended=True,
        when=_PS,
    ),
    ManualStep(
        id="P8",
        title=Text(_("Internet settings")),
        what=Text(_("Choose “Connect with custom proxy settings” and give address and port of the proxy.")),
        input=Text(_("Address and port of an HTTP proxy.")),
        guard=Text(
            _("HTTPS proxies are not supported, and a proxy that asks for a password is not reliable.")
        ),
        confirm=Text(_("Is the proxy an HTTP proxy, and does it let this machine through?")),
        proofs=(*by_fact("proxy.site_recovery"), *by_requirement("PRX-01", "PRX-03")),
        link=_CS_BY_HAND,
        unattended=True,
        when=frozenset({"proxy"}),
    ),
    ManualStep(
        id="P8",
        title=Text(_("Internet settings")),
        what=Text(_("Choose to connect directly, without a proxy.")),
        confirm=Text(_("Does the machine reach Azure without a proxy?")),
        proofs=by_fact("proxy.site_recovery", "reach.endpoints"),
        link=_CS_BY_HAND,
        unattended=True,
        unless=frozenset({"proxy"}),
    ),
    ManualStep(
        id="P9",
        title=Text(_("Prerequisites check")),
        what=Text(_("Setup checks the machine. Correct what fails before going on.")),
        guard=Text(
            _(
                "“Global time sync check” means that the clock or the time zone is wrong; registration fails above 5 "
                "minutes."
            )
        ),
        confirm=Text(_("Did every check of setup pass, or is each warning understood?")),
        proofs=(*by_fact("time.ntp", "time.zone"), *by_requirement("TIME-01", "TIME-02")),
        link=_CS_BY_HAND,
        unattended=True,
    ),
    ManualStep(
        id="P10",
        title=Text(_("MySQL configuration")),
        what=Text(_("Give two passwords: one for root, one for the user that Site Recovery works as.")),
        input=Text(
            _("Two passwords, kept where your organisation keeps such. The bundle can generate them.")
        ),
        guard=Text(_("No rule for their complexity is published, and no double quote may be in them.")),
        confirm=Text(_("Are both passwords kept in a safe place?")),
        proofs=by_person("P10"),
        link=_CS_BY_HAND,
        unattended=True,
        when=_CS,
    ),
    ManualStep(
        id="P11",
        title=Text(_("Environment details")),
        what=Text(_("Answer “Yes”: VMware virtual machines will be protected.")),
        guard=Text(_("Setups older than 9.14 then ask for VMware PowerCLI 6.0; take a newer one instead.")),
        confirm=Text(_("Was “Yes” answered for VMware virtual machines?")),
        proofs=by_person("P11"),
        link=_CS_BY_HAND,
        unattended=True,
        when=_VMWARE,
    ),
    ManualStep(
        id="P11",
        title=Text(_("Environment details")),
        what=Text(_("Answer “No”: physical servers or machines of other clouds will be protected.")),
        confirm=Text(_("Was “No” answered for VMware virtual machines?")),
        proofs=by_person("P11"),
        link=_CS_BY_HAND,
        unattended=True,
        unless=_VMWARE,
    ),
    ManualStep(
        id="P12",
        title=Text(_("Install location")),
        what=Text(_("Choose the drive for the binaries and the cache.")),
        input=Text(_("A drive with at least 5 GB free; 600 GB are recommended for the cache.")),
        guard=Text(_("The cache drive is final: it cannot be moved later.")),
        confirm=Text(_("Is it the drive that was planned for the cache, not the system drive?")),
        proofs=(*by_fact("hardware.volumes"), *by_requirement("HW-04", "HW-05", "HW-10")),
        link=_CS_BY_HAND,
        unattended=True,
    ),
    ManualStep(
        id="P13",
        title=Text(_("Network selection")),
        what=Text(
            _(
                "Choose the adapter for replication data and the one for Azure, and leave the data port at 9443 unless "
                "you planned another."
            )
        ),
        guard=Text(
            _(
                "Adapter and address are final after registration. 443 must never be the data port; 9433 is a misprint."
            )
        ),
        confirm=Text(_("Are adapter and port the planned ones, with a static address?")),
        proofs=(*by_fact("network.adapters", "network.listeners"), *by_requirement("NET-01", "NET-05")),
        link=_CS_BY_HAND,
        unattended=True,
    ),
    ManualStep(
        id="P14",
        title=Text(_("Install, and keep the passphrase")),
        what=Text(
            _("Review the summary and choose Install. At the end copy the passphrase that setup shows.")
        ),
        guard=Text(_("Every process server, master target and agent needs this passphrase.")),
        confirm=Text(_("Did setup end without an error, and is the passphrase kept in a safe place?")),
        proofs=(
            *by_fact("site_recovery.passphrase_file", "services.states"),
            *by_requirement("SW-16", "IIS-05", "NET-04", "NET-05", "SEC-06"),
        ),
        link=_CS_BY_HAND,
        unattended=True,
        when=_CS,
    ),
    ManualStep(
        id="P14",
        title=Text(_("Install")),
        what=Text(_("Review the summary and choose Install.")),
        confirm=Text(_("Did setup end without an error?")),
        proofs=(*by_fact("services.states", "site_recovery.products"), *by_requirement("NET-05", "NET-08")),
        link=_PS_BY_HAND,
        unattended=True,
        when=_PS,
    ),
    ManualStep(
        id="P15",
        title=Text(_("Add accounts and vCenter")),
        what=Text(
            _(
                "Add the accounts for vCenter and for push installation in cspsconfigtool.exe, then add vCenter or the "
                "ESXi host in the portal."
            )
        ),
        input=Text(_("Address, port, friendly name, and the account whose role Site Recovery asks for.")),
        guard=Text(
            _("It takes up to 15 minutes until the accounts can be chosen; “Refresh Server” shortens it.")
        ),
        confirm=Text(_("Does the portal list vCenter and the virtual machines that it discovered?")),
        proofs=(*by_requirement("NET-11"), *by_person("P15")),
        link=LEARN + "vmware-azure-manage-vcenter",
        when=_CS | frozenset({"vcenter"}),
    ),
    ManualStep(
        id="P15",
        title=Text(_("Add accounts for push installation")),
        what=Text(
            _(
                "Add the accounts with which the Mobility service is installed on the protected machines in "
                "cspsconfigtool.exe: an administrator for Windows, root for Linux."
            )
        ),
        guard=Text(
            _("It takes up to 15 minutes until the accounts can be chosen; “Refresh Server” shortens it.")
        ),
        confirm=Text(
            _("Is the configuration server connected in the portal, and can the accounts be chosen?")
        ),
        proofs=by_person("P15"),
        link=_CS_BY_HAND,
        when=_CS,
        unless=frozenset({"vcenter"}),
    ),
    ManualStep(
        id="P15",
        title=Text(_("Let the process server take over machines")),
        what=Text(
            _(
                "In the portal the process server appears under its configuration server within 15 minutes. Choose it "
                "for new machines, or move machines to it with “Load balance” or “Switch”."
            )
        ),
        guard=Text(_("A process server in critical state cannot be chosen.")),
        confirm=Text(_("Does the portal show the process server as connected?")),
        proofs=by_person("P15"),
        link=LEARN + "vmware-azure-manage-process-server",
        when=_PS,
    ),
)
