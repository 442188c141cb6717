# ---- What both installation scripts share -------------------------------------------------------
# PowerShell 4 and plain: Windows Server 2012 R2 runs it, and it needs no module beyond Windows' own.

$MarkOfSettings = 'foothold.bundle/1'

function Write-Step([int]$Percent, [string]$Text) {
    # The wizard reads these lines when it runs this script from afar; at the console a person does.
    Write-Host ('FOOTHOLD progress {0} {1}' -f $Percent, $Text)
}

function Write-Note([string]$Kind, [string]$Text) {
    Write-Host ('FOOTHOLD {0} {1}' -f $Kind, $Text)
}

function Stop-Here([string]$Text) {
    # Called only before anything is started, so the script ends with exit code 2.
    throw $Text
}

function Assert-Elevated {
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object -TypeName System.Security.Principal.WindowsPrincipal -ArgumentList $identity
    if (-not $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)) {
        Stop-Here 'This PowerShell is not elevated. Close it, open another with "Run as administrator", and start again.'
    }
}

function Read-Settings([string]$Folder) {
    $path = Join-Path $Folder 'Settings.json'
    if (-not (Test-Path -LiteralPath $path -PathType Leaf)) {
        Stop-Here ('Settings.json is not next to this script in {0}. Unpack the whole bundle and start again.' -f $Folder)
    }
    $settings = (Get-Content -LiteralPath $path -Raw) | ConvertFrom-Json
    if ($settings.schema -ne $MarkOfSettings) {
        Stop-Here ('Settings.json says {0}; this script understands {1}. Download the bundle again.' -f $settings.schema, $MarkOfSettings)
    }
    return $settings
}

function Assert-Manifest([string]$Folder) {
    $path = Join-Path $Folder 'Manifest.sha256'
    if (-not (Test-Path -LiteralPath $path -PathType Leaf)) {
        Stop-Here ('Manifest.sha256 is missing in {0}. Unpack the whole bundle and start again.' -f $Folder)
    }
    foreach ($line in (Get-Content -LiteralPath $path)) {
        if ($line.Trim() -eq '') { continue }
        $wanted = $line.Substring(0, 64)
        $name = $line.Substring(66)
        $file = Join-Path $Folder $name
        if (-not (Test-Path -LiteralPath $file -PathType Leaf)) {
            Stop-Here ('{0} is missing. Unpack the bundle again; secret files are removed once setup has run.' -f $name)
        }
        $found = (Get-FileHash -LiteralPath $file -Algorithm SHA256).Hash
        if ($found -ne $wanted) {
            Stop-Here ('{0} is not as it was in the bundle: SHA-256 {1}, expected {2}. Unpack the bundle again.' -f $name, $found, $wanted)
        }
    }
}

function Assert-SignedByMicrosoft([string]$Path) {
    $signature = Get-AuthenticodeSignature -LiteralPath $Path
    $signer = '(nobody)'
    if ($null -ne $signature.SignerCertificate) { $signer = $signature.SignerCertificate.Subject }
    if (($signature.Status -ne 'Valid') -or ($signer -notmatch 'O="?Microsoft Corporation')) {
        Stop-Here ('{0}: the signature is {1}, by {2}. Expected is a valid one by Microsoft Corporation. Download the file again.' -f $Path, $signature.Status, $signer)
    }
}

function New-RestrictedSecurity([bool]$Folder) {
    # By SID, since the names of these groups are translated: SYSTEM and Administrators, nobody else.
    if ($Folder) {
        $security = New-Object -TypeName System.Security.AccessControl.DirectorySecurity
    }
    else {
        $security = New-Object -TypeName System.Security.AccessControl.FileSecurity
    }
    $security.SetAccessRuleProtection($true, $false)
    foreach ($sid in @('S-1-5-18', 'S-1-5-32-544')) {
        $who = New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList $sid
        if ($Folder) {
            $rule = New-Object -TypeName System.Security.AccessControl.FileSystemAccessRule -ArgumentList @($who, 'FullControl', 'ContainerInherit,ObjectInherit', 'None', 'Allow')
        }
        else {
            $rule = New-Object -TypeName System.Security.AccessControl.FileSystemAccessRule -ArgumentList @($who, 'FullControl', 'Allow')
        }
        $security.AddAccessRule($rule)
    }
    return $security
}

function Protect-Path([string]$Path) {
    $folder = Test-Path -LiteralPath $Path -PathType Container
    Set-Acl -LiteralPath $Path -AclObject (New-RestrictedSecurity $folder)
}

function Remove-Tree([string]$Path) {
    # rd takes a junction away instead of following it, which Remove-Item of old versions does not promise.
    if (Test-Path -LiteralPath $Path) { & "$env:SystemRoot\System32\cmd.exe" /c rd /s /q "$Path" | Out-Null }
    if (Test-Path -LiteralPath $Path) { throw ('{0} cannot be removed. Close what uses it and start again.' -f $Path) }
}

function New-StagingFolder([string]$Path, [string]$Bundle) {
    $inside = ($Bundle.TrimEnd('\') + '\').StartsWith($Path.TrimEnd('\') + '\', [System.StringComparison]::OrdinalIgnoreCase)
    if ($inside) {
        Stop-Here ('The bundle lies in {0}, which this script empties. Move the bundle to another folder.' -f $Path)
    }
    # What an earlier run left, or somebody put there, must not run as part of this one.
    Remove-Tree $Path
    New-Item -Path $Path -ItemType Directory -Force | Out-Null
    Protect-Path $Path
}

function Get-OnlyFile([string]$Folder, [string]$Pattern, [string]$What) {
    $found = @()
    if (Test-Path -LiteralPath $Folder -PathType Container) {
        $found = @(Get-ChildItem -LiteralPath $Folder -Filter $Pattern | Where-Object { -not $_.PSIsContainer })
    }
    if ($found.Count -ne 1) {
        Stop-Here ('Expected is exactly one {0} ({1}) in {2}; found are {3}.' -f $What, $Pattern, $Folder, $found.Count)
    }
    return $found[0].FullName
}

function Test-RebootPending {
    return (Test-Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending')
}

function Wait-Program($Process, [int]$Minutes, [int]$Percent, [string]$Text) {
    # Reading the handle now keeps the exit code readable after the program has ended.
    $null = $Process.Handle
    $started = Get-Date
    while (-not $Process.WaitForExit(30000)) {
        $gone = [int]((Get-Date) - $started).TotalMinutes
        if ($gone -ge $Minutes) {
            & "$env:SystemRoot\System32\taskkill.exe" /T /F /PID $Process.Id | Out-Null
            throw ('{0}: not done after {1} minutes, so it was ended.' -f $Text, $Minutes)
        }
        Write-Step $Percent ('{0}, for {1} minutes now' -f $Text, $gone)
    }
}

function Save-Logs([string[]]$Folders, [string]$Bundle) {
    # Copied first: a log that is still being written cannot be read by the zip writer itself.
    $copy = Join-Path $env:TEMP ('foothold-logs-' + [System.Guid]::NewGuid().ToString('N'))
    $target = Join-Path $Bundle ('Logs-{0}.zip' -f (Get-Date -Format 'yyyyMMdd-HHmmss'))
    try {
        New-Item -Path $copy -ItemType Directory -Force | Out-Null
        Protect-Path $copy
        foreach ($folder in $Folders) {
            if (Test-Path -LiteralPath $folder) {
                Copy-Item -LiteralPath $folder -Destination $copy -Recurse -Force -ErrorAction SilentlyContinue
            }
        }
        Add-Type -AssemblyName System.IO.Compression.FileSystem
        [System.IO.Compression.ZipFile]::CreateFromDirectory($copy, $target)
        Protect-Path $target
        Write-Note 'logs' $target
    }
    catch {
        Write-Note 'warning' ('The logs could not be collected: {0} Look for them in {1}.' -f $_.Exception.Message, ($Folders -join ', '))
    }
    finally {
        if (Test-Path -LiteralPath $copy) { Remove-Item -LiteralPath $copy -Recurse -Force -ErrorAction SilentlyContinue }
    }
}

function Remove-Secrets([string[]]$Paths) {
    foreach ($path in $Paths) {
        if (Test-Path -LiteralPath $path -PathType Leaf) {
            try {
                Remove-Item -LiteralPath $path -Force
            }
            catch {
                Write-Note 'warning' ('{0} holds a secret and could not be removed: {1} Remove it by hand.' -f $path, $_.Exception.Message)
            }
        }
    }
}
# ---- End of what both share ---------------------------------------------------------------------
