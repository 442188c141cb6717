"""The README of a bundle, for the person at the console: English, short, numbered, without any secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wizard.hosts.bundle import BundleContents

_WHAT: Final = {
    "cs": "Configuration server",
    "ps_scaleout": "Process server",
    "appliance": "Replication appliance",
}
_PURPOSES: Final = {
    "MySQLCredentials.txt": "two MySQL passwords: keep a copy where your organisation keeps passwords",
    "ProxySettings.txt": "the proxy, with its password where it has one",
    "Passphrase.txt": "the passphrase of the configuration server",
}


def readme(contents: BundleContents) -> str:
    """The text, lines of at most some 100 characters."""
    title = f"{_WHAT[contents.component]} {contents.machine}"
    made = contents.made_at.strftime("%Y-%m-%d %H:%M %Z").strip()
    steps = [
        "Copy this folder, unpacked, to a local drive of the machine: not to a network share, and not into\n"
        f"{contents.staging_folder}, which the script empties.",
        *_provide(contents),
        'Open PowerShell with "Run as administrator" and change into this folder.',
        "Try first. Nothing is changed by this:\n"
        f"    powershell.exe -NoProfile -ExecutionPolicy Bypass -File .\\{contents.script} -DryRun",
        f"Install:\n    powershell.exe -NoProfile -ExecutionPolicy Bypass -File .\\{contents.script}",
        "Look at the last line. It says FOOTHOLD result, a code and a sentence:\n"
        "    0     installed\n"
        "    1     setup failed; the line FOOTHOLD logs says where the log files are\n"
        "    2     nothing was started; correct what the line says and start again\n"
        "    3010  installed; restart Windows",
        *_afterwards(contents),
    ]
    secrets = _secrets(contents)
    return "\n".join(
        [
            title,
            "=" * len(title),
            f"Deployment {contents.deployment}, made {made}.",
            "",
            *(f"{number}. {_indented(step)}" for number, step in enumerate(steps, 1)),
            "",
            *secrets,
            "Commands.txt has the commands that the script runs. Manifest.sha256 has the hashes of all files here.",
            "",
        ]
    )


def _provide(contents: BundleContents) -> list[str]:
    given = {placed.place for placed in contents.placed}
    steps = []
    if "installer" not in given:
        what = "the zip of the installers" if contents.component == "appliance" else contents.installer
        steps.append(f"Put {what} into the folder installer. Download:\n    {contents.download}")
    if contents.vault_credentials_file and "vault-credentials" not in given:
        steps.append(
            "Download the registration key of the vault from the portal and put the .VaultCredentials file into\n"
            "the folder vault-credentials. It is valid for 5 days; do not rename it."
        )
    if contents.mysql_installer and "mysql" not in given:
        steps.append(
            f"Put {contents.mysql_installer} into the folder mysql. Download:\n    {contents.mysql_download}"
        )
    if any(secret.name == "MySQLCredentials.txt" for secret in contents.secret_files):
        steps.append(
            "Keep a copy of the two passwords in MySQLCredentials.txt where your organisation keeps passwords:\n"
            "the file is removed once setup has run, and a second attempt needs the same passwords."
        )
    return steps


def _afterwards(contents: BundleContents) -> list[str]:
    if contents.component == "appliance":
        return [
            "Register the appliance in the Appliance Configuration Manager. Answers.txt says what to enter."
        ]
    if contents.component == "cs":
        return [
            "Keep the passphrase of the new configuration server: every process server and agent needs it.\n"
            "    C:\\ProgramData\\ASR\\home\\svsystems\\bin\\genpassphrase.exe -v"
        ]
    return ["In the portal the process server appears under its configuration server within 15 minutes."]


def _secrets(contents: BundleContents) -> list[str]:
    names = [secret.name for secret in contents.secret_files]
    if not names and not contents.vault_credentials_file:
        return []
    lines = [
        "These files hold secrets. The script removes them once setup has run; delete this folder afterwards."
    ]
    lines += [f"    {name}: {_PURPOSES.get(name, 'read by setup')}" for name in names]
    if contents.vault_credentials_file:
        lines.append("    vault-credentials: the registration key of the vault")
    return [*lines, ""]


def _indented(step: str) -> str:
    return step.replace("\n", "\n   ")
