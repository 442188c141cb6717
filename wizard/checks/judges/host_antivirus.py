"""Folders that virus scanners leave alone (asr-facts 3.12)."""

from __future__ import annotations

from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _

_VARIABLES = {
    "%programdata%": "c:\\programdata",
    "%programfiles%": "c:\\program files",
    "%programfiles(x86)%": "c:\\program files (x86)",
    "%systemdrive%": "c:",
    "%systemroot%": "c:\\windows",
    "%windir%": "c:\\windows",
}


@judge("defender_exclusions")
def judge_defender_exclusions(facts: Facts, params: Params) -> Verdict:
    """Fact host.antivirus.defender {enabled, exclusions}, None without Defender; parameters folders,
    installation_folder (below the drive of the hint installation.install_drive, where one was chosen).

    An exclusion covers what is below it.
    """
    defender = facts["host.antivirus.defender"]
    folders = list(params["folders"])
    if below := params.get("installation_folder"):
        drive = facts.get("installation.install_drive") or "C:"
        folders.append(f"{drive[:1].upper()}:\\{below}")
    if defender is None or not defender["enabled"]:
        return Verdict(
            status="pass",
            summary=Text(_("Microsoft Defender is not active.")),
            observed=Text(_("not active")),
            expected=Text(_("every folder excluded")),
        )
    excluded = [_plain(path) for path in defender["exclusions"]]
    missing = [folder for folder in folders if not any(_covers(path, _plain(folder)) for path in excluded)]
    return Verdict(
        status="fail" if missing else "pass",
        summary=Text(_("Microsoft Defender scans folders of Site Recovery: %(number)s."), number=len(missing))
        if missing
        else Text(_("Microsoft Defender leaves the folders of Site Recovery alone.")),
        observed=Text(_("%(done)s of %(all)s excluded"), done=len(folders) - len(missing), all=len(folders)),
        expected=Text(_("every folder excluded")),
        details=tuple(Text("%(folder)s", folder=folder) for folder in missing),
    )


def _covers(excluded: str, folder: str) -> bool:
    return bool(excluded) and (folder == excluded or folder.startswith(f"{excluded}\\"))


def _plain(path: str) -> str:
    plain = path.strip().replace("/", "\\").lower()
    for variable, folder in _VARIABLES.items():
        if plain.startswith(variable):
            plain = folder + plain.removeprefix(variable)
    return plain.rstrip("*").rstrip("\\")
