"""The few lines of PowerShell and shell that this room itself runs on a machine.

PowerShell 4 has to understand them: that is what Windows Server 2012 R2 brings.
"""

from __future__ import annotations

from typing import Final

# Appends to a file, or begins it at offset 0. A length that is not the offset means that somebody else writes.
WRITE_PIECE: Final = """\
param([string]$Path, [byte[]]$Data, [long]$Offset)
$ErrorActionPreference = 'Stop'
$mode = [IO.FileMode]::Open
if ($Offset -eq 0) { $mode = [IO.FileMode]::Create }
$file = New-Object IO.FileStream($Path, $mode, [IO.FileAccess]::Write, [IO.FileShare]::None)
try {
    if ($file.Length -ne $Offset) { throw "The file has $($file.Length) bytes instead of $Offset." }
    [void]$file.Seek($Offset, [IO.SeekOrigin]::Begin)
    $file.Write($Data, 0, $Data.Length)
} finally {
    $file.Dispose()
}
"""

# Compares the hash and gives the file its name. The provider also computes where FIPS mode is on; older versions of .NET
# refuse SHA256.Create() there.
FINISH_FILE: Final = """\
param([string]$Part, [string]$Path, [string]$Sha256)
$ErrorActionPreference = 'Stop'
$file = [IO.File]::OpenRead($Part)
$algorithm = New-Object Security.Cryptography.SHA256CryptoServiceProvider
try {
    $found = [BitConverter]::ToString($algorithm.ComputeHash($file)).Replace('-', '')
} finally {
    $file.Dispose()
    $algorithm.Dispose()
}
if ($found -ne $Sha256) { throw "The file arrived damaged: its SHA-256 is $found." }
if ([IO.File]::Exists($Path)) { [IO.File]::Delete($Path) }
[IO.File]::Move($Part, $Path)
"""

# Seconds since 1970, as texts of dates depend on the culture.
BOOT_TIME: Final = """\
$boot = (Get-CimInstance -ClassName Win32_OperatingSystem).LastBootUpTime.ToUniversalTime()
$epoch = New-Object DateTime 1970, 1, 1, 0, 0, 0, ([DateTimeKind]::Utc)
[string][long][Math]::Floor(($boot - $epoch).TotalSeconds)
"""

RESTART: Final = "Restart-Computer -Force -ErrorAction Stop\n"

LINUX_BOOT_ID: Final = "cat /proc/sys/kernel/random/boot_id\n"

# Answered before the connection goes, as far as possible: the delay lets the exit code through.
LINUX_RESTART: Final = """\
elevate=
if [ "$(id -u)" != 0 ]; then
    sudo -n true || exit 1
    elevate='sudo -n'
fi
nohup sh -c "sleep 1; $elevate shutdown -r now" </dev/null >/dev/null 2>&1 &
"""
