"""PowerShell that makes room for the bundle on a machine, and that takes everything secret away again.

PowerShell 4 has to understand it. Names come from `wizard.planning.windows_command` and from us: no quote is in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_PREPARE: Final = r"""$ErrorActionPreference = 'Stop'
$folder = %(folder)s
if (Test-Path -LiteralPath $folder) { throw ('{0} is there already.' -f $folder) }
[void](New-Item -Path $folder -ItemType Directory -Force)
& "$env:SystemRoot\System32\icacls.exe" $folder /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' | Out-Null
if ($LASTEXITCODE -ne 0) { throw ('icacls ended with {0} for {1}.' -f $LASTEXITCODE, $folder) }
foreach ($name in @(%(places)s)) { [void](New-Item -Path (Join-Path $folder $name) -ItemType Directory -Force) }
"""

_COPY: Final = r"""$source = %(source)s
if (-not (Test-Path -LiteralPath $source)) { throw ('{0} is not there.' -f $source) }
$found = @(Get-Item -LiteralPath $source)
if (Test-Path -LiteralPath $source -PathType Container) {
    $found = @(Get-ChildItem -LiteralPath $source -Filter %(pattern)s | Where-Object { -not $_.PSIsContainer })
}
if ($found.Count -ne 1) { throw ('Expected is exactly one file {0} in {1}; found are {2}.' -f %(pattern)s, $source, $found.Count) }
Copy-Item -LiteralPath $found[0].FullName -Destination (Join-Path (Join-Path $folder 'installer') %(name)s)
"""

# Install.ps1 removes what is secret by itself, unless it was ended in the middle. Logs stay: somebody will want them.
_CLEAN: Final = r"""$ErrorActionPreference = 'Continue'
$folder = %(folder)s
$staging = %(staging)s
$ignore = [System.StringComparison]::OrdinalIgnoreCase
foreach ($process in @(Get-CimInstance -ClassName Win32_Process)) {
    $path = [string]$process.ExecutablePath
    $line = [string]$process.CommandLine
    $ours = $path.StartsWith($staging + '\', $ignore) -or ($line.IndexOf($folder, $ignore) -ge 0)
    if ($ours) { & "$env:SystemRoot\System32\taskkill.exe" /T /F /PID $process.ProcessId 2>&1 | Out-Null }
}
foreach ($try in 1..10) {
    if (Test-Path -LiteralPath $folder) {
        Get-ChildItem -LiteralPath $folder -Force | Where-Object { $_.Name -notlike 'Logs-*.zip' } | Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
    }
    foreach ($name in @(%(secrets)s)) {
        $path = Join-Path $staging $name
        if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Force -ErrorAction SilentlyContinue }
    }
    $left = @(@(%(secrets)s) | ForEach-Object { Join-Path $staging $_ } | Where-Object { Test-Path -LiteralPath $_ })
    if (Test-Path -LiteralPath $folder) {
        $left += @(Get-ChildItem -LiteralPath $folder -Force | Where-Object { $_.Name -notlike 'Logs-*.zip' } | ForEach-Object { $_.FullName })
    }
    if ($left.Count -eq 0) { break }
    # A program that was ended lets go of its files a moment later.
    Start-Sleep -Seconds 1
}
if ((Test-Path -LiteralPath $folder) -and (@(Get-ChildItem -LiteralPath $folder -Force).Count -eq 0)) { Remove-Item -LiteralPath $folder -Force }
foreach ($path in $left) { 'FOOTHOLD warning {0}' -f $path }
"""


def prepare_folder(
    folder: str, places: Sequence[str], *, source: str | None = None, pattern: str = "*", name: str = ""
) -> str:
    """A script that makes `folder`, for administrators only, with the folders `places` in it.

    `source` is a file on the machine, or a folder that holds exactly one of `pattern`; it is copied to `installer\\name`. The
    script ends with an error that says what is wrong.
    """
    script = _PREPARE % {"folder": _quoted(folder), "places": _list(places)}
    if source is None:
        return script
    return script + _COPY % {
        "source": _quoted(source),
        "pattern": _quoted(pattern),
        "name": _quoted(name),
    }


def remove_secrets(folder: str, staging_folder: str, secrets: Sequence[str]) -> str:
    """A script that ends what runs out of the two folders and removes the bundle and the files `secrets` of staging.

    Archives of logs in `folder` stay. For each path that could not be removed it prints a line of the kind `warning`.
    """
    return _CLEAN % {
        "folder": _quoted(folder),
        "staging": _quoted(staging_folder.rstrip("\\")),
        "secrets": _list(secrets),
    }


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _list(values: Sequence[str]) -> str:
    return ", ".join(_quoted(value) for value in values)
