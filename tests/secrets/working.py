"""Work that signs in somewhere: at vCenter, at a machine over WinRM, at one over SSH; and what is handed over in the end."""

from __future__ import annotations

import yaml

from tests.management.commands import PHYSICAL
from tests.secrets.giving import parts_of_vault_key
from tests.secrets.story import Story
from tests.vault_files import file_of
from wizard.lab.environment import SSH_PORT
from wizard.lab.linux_host import LinuxHost
from wizard.lab.windows_host import WindowsHost
from wizard.planning.unified_setup import INSTALLER


def try_vcenter(told: Story) -> None:
    """At the page, with a wrong password and with the right one."""
    browser, program = told.browser, told.program
    browser.post("/deployments/new/", {"name": "lyon", "profile": "asr-classic"})
    lyon = program.deployment("lyon")
    page = f"/deployments/{lyon}/steps/vcenter/"
    vcenter = told.lab.description()["vcenter"]
    address = {"host": vcenter["host"], "port": str(vcenter["port"])}
    browser.post(page, {"action": "probe", **address})
    assert program.finished(lyon, "probe_vcenter")["state"] == "succeeded"
    trusted = {"action": "trust", "sha256": vcenter["thumbprint_sha256"]}
    browser.post(page, {**trusted, "version": told.version(page)})
    username = vcenter["accounts"]["asr-operator"]["username"]
    for name, state in (("a wrong password of vCenter", "failed"), ("the password of vCenter", "succeeded")):
        typed = {"username": username, "password": told.secrets[name], "version": told.version(page)}
        browser.post(page, {"action": "sign_in", **typed, "username": ""})
        browser.post(page, {"action": "sign_in", **typed})
        ended = program.finished(lyon, "sign_in_vcenter")
        assert ended["state"] == state, ended
        told.failed[name] = (ended["error"] or {"code": ""})["code"]
        browser.get(page)


def install(told: Story) -> None:
    """A machine over WinRM, from the command line: looked at, checked, installed."""
    known, installation, program = told.secrets, told.installation, told.program
    machine = told.lab.hosts["healthy"]
    assert isinstance(machine, WindowsHost)
    machine.accounts.change_password(machine.username, told.known("the password of Windows"))
    (installation.var / "installers" / INSTALLER).write_bytes(b"MZ" + bytes(1000))
    answers = yaml.safe_load(PHYSICAL.read_text("utf-8"))["answers"]
    key = installation.directory / "secrets" / "essen-vault.VaultCredentials"
    key.write_bytes(file_of(answers["vault"]).make())
    known |= parts_of_vault_key(key.read_bytes(), "the registration key of the vault")
    set_windows = ("credential", "set", "lab-windows", "--kind", "windows", "--username", machine.username)
    installation.manage(*set_windows, text=f"{known['the password of Windows']!s}\n")
    apply = ("apply", str(PHYSICAL), "--trust", machine.thumbprint_sha256, "--vault-credentials", str(key))
    shown = installation.manage(*apply)
    program.saw.append(("apply", shown.encode()))
    essen = program.deployment("essen-cs01")
    secret = {"username": "proxy", "secret": known["the password of a proxy"]}
    not_asked = program.ask("PUT", f"/deployments/{essen}/installation-secrets/proxy/", json=secret)
    assert not_asked.status_code == 422


def ask_linux(told: Story) -> None:
    """The Linux master target over SSH, with a wrong password and with the right one."""
    program = told.program
    machine = told.lab.hosts["linuxmt"]
    assert isinstance(machine, LinuxHost)
    machine.password = told.known("the password of Linux")
    metz = program.deployment("metz-cs")
    account = {"name": "metz-linux", "kind": "linux", "username": machine.username}
    wrong = {**account, "secret": told.secrets["a wrong password of Linux"]}
    made = program.ask("POST", "/credentials/", json=wrong)
    assert made.status_code == 201
    where = {"host": machine.name, "port": SSH_PORT, "thumbprint_sha256": machine.thumbprint_sha256}
    for name, state in (("a wrong password of Linux", "failed"), ("the password of Linux", "succeeded")):
        right = {"username": machine.username, "secret": told.secrets[name]}
        path = f"/credentials/{made.json()['id']}/"
        assert program.ask("PATCH", path, json=right).status_code == 200
        program.start(metz, "collect_facts", component="mt_linux", credential="metz-linux", **where)
        ended = program.finished(metz, "collect_facts")
        assert ended["state"] == state, ended
        told.failed[name] = (ended["error"] or {"code": ""})["code"]


def hand_over(told: Story) -> None:
    """A pack of the deployment that was installed."""
    program = told.program
    essen = program.deployment("essen-cs01")
    program.start(essen, "make_hand_over_pack")
    ended = program.finished(essen, "make_hand_over_pack")
    assert ended["state"] == "succeeded", ended
    (pack,) = program.ask("GET", f"/deployments/{essen}/packs/").json()["items"]
    content = program.ask("GET", f"/deployments/{essen}/packs/{pack['id']}/file").content
    told.handed_out["the hand-over pack"] = content
