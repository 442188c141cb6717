"""The kinds of work, by the names of the task API. The only list of them."""

from __future__ import annotations

from typing import Final

from wizard.services import (
    additions_checking,
    additions_recording,
    appliance,
    deployment_plan,
    hand_over,
    host_preparation,
    host_tasks,
    machine_moves,
    machine_moves_running,
    physical_in_vault,
    preflight,
    protectable_items,
    registration,
    templates,
    topology,
    vault_look_ups,
    vault_observation,
    vault_registration,
    vault_vcenter_removal,
    vcenters,
    verification,
)
from wizard.services.tasks.work import Kind
from wizard.text import Text, _

_ALL = (
    Kind(
        id="probe_vcenter",
        title=Text(_("Look at vCenter")),
        about=Text(
            _(
                "Shows certificate and version of an address before anybody trusts it. Needs host and port. Changes nothing."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=vcenters.prepare_probe,
        run=vcenters.run_probe,
    ),
    Kind(
        id="sign_in_vcenter",
        title=Text(_("Sign in to vCenter")),
        about=Text(
            _(
                "Tries the account once, reads the inventory and compares privileges. Needs a confirmed certificate and an "
                "account. Changes nothing in vCenter. Not repeated by itself: vCenter locks accounts."
            )
        ),
        changing=False,
        repeatable=False,
        prepare=vcenters.prepare_sign_in,
        run=vcenters.run_sign_in,
        tidy=vcenters.tidy_sign_in,
    ),
    Kind(
        id="look_up_vaults",
        title=Text(_("Look up vaults")),
        about=Text(
            _(
                "Signs in to Azure with the account that the input account names, or the vault step, and lists the subscriptions "
                "and Recovery Services vaults that it sees, with what is registered with each. Changes nothing. Safe to repeat."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=vault_look_ups.prepare,
        run=vault_look_ups.run,
    ),
    Kind(
        id="probe_host",
        title=Text(_("Look at the machine")),
        about=Text(
            _(
                "Shows certificate or host key of a target machine before anybody trusts it. Needs host, port and transport "
                "(https, http or ssh). Changes nothing."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=host_tasks.prepare_probe,
        run=host_tasks.run_probe,
    ),
    Kind(
        id="collect_facts",
        title=Text(_("Collect facts")),
        about=Text(
            _(
                "Signs in to a target machine once and runs the read-only collector there (WinRM, or SSH for the Linux master "
                "target, whose component is mt_linux). Needs a confirmed fingerprint and an account. Changes nothing there. "
                "Safe to repeat, except while its password is being tried."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=host_tasks.prepare_collect,
        run=host_tasks.run_collect,
        tidy=host_tasks.tidy_collect,
    ),
    Kind(
        id="inspect_template",
        title=Text(_("Inspect the template")),
        about=Text(
            _("Reads and verifies the OVA; fetches it first where it is named by URL. Safe to repeat.")
        ),
        changing=False,
        repeatable=True,
        prepare=templates.prepare_inspect,
        run=templates.run_inspect,
    ),
    Kind(
        id="preflight",
        title=Text(_("Preflight")),
        about=Text(
            _(
                "Judges every requirement that can be judged before anything is installed. Changes nothing outside. Safe to repeat."
            )
        ),
        changing=True,
        repeatable=True,
        prepare=preflight.prepare,
        run=preflight.run,
        tidy=vcenters.tidy_visit,
    ),
    Kind(
        id="plan_deployment",
        title=deployment_plan.TITLE,
        about=Text(
            _(
                "Records what the import of the template would make: import specification, placement, networks, properties, "
                "privileges, and the digest of the template, with a SHA-256 over all of it. Needs a preflight that passed. "
                "Changes nothing in vCenter. Safe to repeat; only the newest plan can be approved."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=deployment_plan.prepare,
        run=deployment_plan.run,
        tidy=vcenters.tidy_visit,
    ),
    Kind(
        id="deploy_ova",
        title=Text(_("Deploy the appliance")),
        about=Text(
            _(
                "Imports the template into vCenter, powers the virtual machine on and waits for its guest. Needs a preflight "
                "that passed, and in plan_sha256 the digest of the current plan, which is approved by that; where anything "
                "differs from the plan it stops before it changes anything. Creates a virtual machine; a cancelled or failed "
                "run removes it again."
            )
        ),
        changing=True,
        repeatable=False,
        prepare=deployment_plan.prepare_approved,
        run=appliance.run_deploy,
        tidy=appliance.tidy_deploy,
    ),
    Kind(
        id="prepare_host",
        title=Text(_("Install on the machine")),
        about=Text(
            _(
                "Sends the installation bundle to the target machine over WinRM, runs it there, restarts Windows where that is "
                "asked for, and verifies what was installed. Needs a preflight that passed, for a configuration server the vault "
                "credentials file, and the installer in INSTALLER_DIR or installer_path, its path on the machine. Not repeated "
                "by itself; a cancelled or failed run removes every file with a secret."
            )
        ),
        changing=True,
        repeatable=False,
        prepare=host_preparation.prepare_install,
        run=host_preparation.run_install,
        tidy=host_preparation.tidy_install,
    ),
    Kind(
        id="verify_installation",
        title=Text(_("Verify the installation")),
        about=Text(
            _(
                "Judges what must be true once the installer has run: services, ports, products and more. Over WinRM it collects "
                "the facts of the machine first; by hand they must have been uploaded since preflight. Changes nothing outside. "
                "Safe to repeat."
            )
        ),
        changing=True,
        repeatable=True,
        prepare=verification.prepare,
        run=verification.run,
        tidy=verification.tidy,
    ),
    Kind(
        id="register_vcenter",
        title=Text(_("Register vCenter")),
        about=Text(
            _(
                "Registers the vCenter and discovers its machines. With an Azure account in the vault step it goes on into the vault: "
                "the vCenter is added to the configuration server there, or changed to what it is here; run_as_account and "
                "process_server name what is used of several. Needs the deployed appliance. Safe to repeat."
            )
        ),
        changing=True,
        repeatable=True,
        prepare=registration.prepare_register,
        run=registration.run_register,
        tidy=vcenters.tidy_visit,
    ),
    Kind(
        id="register_vault",
        title=Text(_("Wait for the server in the vault")),
        about=Text(
            _(
                "Waits until the configuration server, process server or appliance shows in the vault with a fresh heartbeat, and "
                "names the documented causes where it does not. Needs an Azure account in the vault step and a server that is set "
                "up. Changes nothing in the vault but asks servers to report; the vault credentials file is forgotten afterwards. "
                "Safe to repeat."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=vault_registration.prepare,
        run=vault_registration.run,
    ),
    Kind(
        id="remove_vcenter",
        title=Text(_("Remove vCenter from the vault")),
        about=Text(
            _(
                "Takes the vCenter out of the vault; here it stays registered. Needs an Azure account and in confirm the friendly "
                "name of the vCenter. Refused while machines of it are protected. Safe to repeat."
            )
        ),
        changing=True,
        repeatable=True,
        prepare=vault_vcenter_removal.prepare,
        run=vault_vcenter_removal.run,
    ),
    Kind(
        id="match_protectable_items",
        title=Text(_("Match machines with the vault")),
        about=Text(
            _(
                "Reads the machines that the vault lists and finds each among those that are known here. Needs an Azure account and "
                "a configuration server in the vault. Changes nothing outside. Safe to repeat."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=protectable_items.prepare,
        run=protectable_items.run,
    ),
    Kind(
        id="add_physical_to_vault",
        title=Text(_("Add physical servers to the vault")),
        about=Text(
            _(
                "Tells the configuration server in the vault of the physical servers that it does not list yet, some at a time; "
                "what fails is named, the rest goes on. Needs an Azure account and physical servers. Safe to repeat."
            )
        ),
        changing=True,
        repeatable=True,
        prepare=physical_in_vault.prepare,
        run=physical_in_vault.run,
    ),
    Kind(
        id="discover_machines",
        title=Text(_("Discover machines")),
        about=Text(
            _(
                "Reads what has changed among the machines of the registered vCenter, or with full all of them. Safe to repeat."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=registration.prepare_discover,
        run=registration.run_discover,
        tidy=vcenters.tidy_visit,
    ),
    Kind(
        id="record_topology",
        title=Text(_("Record the topology")),
        about=Text(
            _(
                "Writes the component graph as an immutable snapshot. Needs what was set up, and vCenter registered where there is "
                "one. Each run adds a snapshot."
            )
        ),
        changing=True,
        repeatable=True,
        prepare=topology.prepare,
        run=topology.run,
    ),
    Kind(
        id="refresh_health",
        title=Text(_("Look at the vault")),
        about=Text(
            _(
                "Asks the vault what it sees, compares that with the recorded topology and with vCenter, judges the health of every "
                "component, and keeps what changed. Needs an Azure account in the vault step and a deployment that stands. Changes "
                "nothing outside. Safe to repeat; a vault is asked at most once a minute."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=vault_observation.prepare,
        run=vault_observation.run,
    ),
    Kind(
        id="make_hand_over_pack",
        title=Text(_("Make the hand-over pack")),
        about=Text(
            _(
                "Puts what is known of the deployment and no secret into one signed zip: reports, topology, firewall matrix, "
                "calendar, answers, task sheets, audit extract, newest observation of the vault. What does not exist yet is left "
                "out and named. Takes language, the language of its words. Changes nothing outside. Safe to repeat; the newest "
                "ten packs are kept."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=hand_over.prepare,
        run=hand_over.run,
    ),
    Kind(
        id="check_addition",
        title=Text(_("Check the further component")),
        about=Text(
            _(
                "Judges a component that is to be added, by its id in addition: name and address, what it must reach, its size, and "
                "the rules of its kind. Needs the network step. Changes nothing outside. Safe to repeat."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=additions_checking.prepare,
        run=additions_checking.run,
    ),
    Kind(
        id="record_addition",
        title=Text(_("Record the further component")),
        about=Text(
            _(
                "Takes a component that was added, by its id in addition, into the recorded topology as a new snapshot. Needs a "
                "recorded deployment and the component in the vault, or confirmed where no Azure account can ask the vault. Safe to "
                "repeat; each run adds a snapshot."
            )
        ),
        changing=True,
        repeatable=True,
        prepare=additions_recording.prepare,
        run=additions_recording.run,
    ),
    Kind(
        id="plan_moves",
        title=Text(_("Plan moves between process servers")),
        about=Text(
            _(
                "Reads from the vault which machine replicates through which server, and plans the moves that bring every server "
                "within its limits. Takes total_change_gb, rates_csv (name, daily_change_gb, peak_mb_s), leave (ids of servers to be "
                "emptied) and sizes (S, M or L by id). Needs an Azure account in the vault step. Changes nothing. Safe to repeat."
            )
        ),
        changing=False,
        repeatable=True,
        prepare=machine_moves.prepare_plan,
        run=machine_moves.run_plan,
    ),
    Kind(
        id="move_machines",
        title=Text(_("Move machines")),
        about=Text(
            _(
                "Moves machines between process servers or appliances. Needs in plan_sha256 the digest of the newest plan, which is "
                "approved by that, or in undo the id of the newest move, to take it back. Can be cancelled between two jobs of the "
                "vault; the result says of each machine what became of it. Safe to repeat: what has moved already is left alone."
            )
        ),
        changing=True,
        repeatable=True,
        prepare=machine_moves_running.prepare,
        run=machine_moves_running.run,
    ),
)

KINDS: Final[dict[str, Kind]] = {kind.id: kind for kind in _ALL}
