<#
.SYNOPSIS
Installs a configuration server or a process server of Azure Site Recovery with Unified Setup, without questions.

.DESCRIPTION
Start it in an elevated PowerShell, from the folder where the bundle was unpacked:

    powershell.exe -NoProfile -ExecutionPolicy Bypass -File .\Install.ps1

It checks the bundle and the installer, copies what setup reads into a folder that only administrators can read,
extracts the installer, runs UNIFIEDSETUP.EXE, waits for its end, and removes every file that holds a secret.

Lines that begin with FOOTHOLD are for people and for the wizard alike:
    FOOTHOLD progress <percent> <text>
    FOOTHOLD warning <text>
    FOOTHOLD logs <path of a zip>
    FOOTHOLD result <exit code> <text>

Exit codes:
    0     installed
    1     setup was started and failed; the logs are collected
    2     ended before anything was started: correct what is said and start again
    3010  installed, and Windows has to be restarted

.PARAMETER DryRun
Makes every check and prints the commands, but changes nothing.

.PARAMETER TimeoutMinutes
How long setup may take before it is ended.
#>
param(
    [switch]$DryRun,
    [ValidateRange(10, 720)]
    [int]$TimeoutMinutes = 180
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$LogFolders = @((Join-Path $env:ProgramData 'ASRSetupLogs'), (Join-Path $env:ProgramData 'ASRLogs'))
$PassphraseFile = Join-Path $env:ProgramData 'Microsoft Azure Site Recovery\private\connection.passphrase'
$KeyLastsDays = 5

#include Install-Common.ps1

function Assert-KeyIsYoung([string]$Path) {
    # The name says when the portal generated it, in UTC: <vault>_yyyy-MM-ddTHH-mm-ss.VaultCredentials
    $name = [regex]::Match($Path, '_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)[^_\\]*\.VaultCredentials$', 'IgnoreCase')
    if (-not $name.Success) {
        Write-Note 'warning' 'The name of the vault credentials file does not say when it was generated. It is valid for 5 days.'
        return
    }
    $stamp = $name.Groups[1].Value
    $styles = [System.Globalization.DateTimeStyles]::AssumeUniversal -bor [System.Globalization.DateTimeStyles]::AdjustToUniversal
    $culture = [System.Globalization.CultureInfo]::InvariantCulture
    $made = [System.DateTime]::ParseExact($stamp, 'yyyy-MM-ddTHH-mm-ss', $culture, $styles)
    if ($made.AddDays($KeyLastsDays) -lt [System.DateTime]::UtcNow) {
        Stop-Here ('The vault credentials file was generated at {0} UTC and ended after {1} days. Download a new one from the portal.' -f $stamp, $KeyLastsDays)
    }
}

$bundle = $PSScriptRoot
$code = 2
$said = 'Nothing was done.'
$started = $false
$secrets = @()
try {
    Write-Step 0 'Checking the bundle'
    Assert-Elevated
    $settings = Read-Settings $bundle
    Assert-Manifest $bundle
    $staging = $settings.staging_folder
    foreach ($name in @($settings.secret_files)) {
        $secrets += (Join-Path $bundle $name)
        $secrets += (Join-Path $staging $name)
    }
    # By its hash a short secret can be guessed at leisure, so what lists the hashes goes with the files.
    if ($secrets.Count -gt 0) { $secrets += (Join-Path $bundle 'Manifest.sha256') }

    Write-Step 4 'Looking for the files that you provide'
    $installer = Get-OnlyFile (Join-Path $bundle 'installer') $settings.installer 'installer'
    $key = $null
    if ($settings.vault_credentials_file) {
        $key = Get-OnlyFile (Join-Path $bundle 'vault-credentials') '*.VaultCredentials' 'vault credentials file'
        Assert-KeyIsYoung $key
        $secrets += $key
        $secrets += (Join-Path $staging $settings.vault_credentials_file)
    }
    if ($settings.mysql_installer) {
        $provided = Join-Path (Join-Path $bundle 'mysql') $settings.mysql_installer
        $waiting = Join-Path $settings.mysql_folder $settings.mysql_installer
        if ((-not (Test-Path -LiteralPath $provided)) -and (-not (Test-Path -LiteralPath $waiting))) {
            Stop-Here ('MySQL is not to be downloaded: put {0} into {1} and start again.' -f $settings.mysql_installer, (Join-Path $bundle 'mysql'))
        }
    }

    Write-Step 8 'Checking the signature of the installer'
    Assert-SignedByMicrosoft $installer

    if ($DryRun) {
        Write-Step 100 'Nothing was changed. These commands would run:'
        Write-Host ('    {0} {1}' -f (Join-Path $staging $settings.installer), $settings.extract_arguments)
        Write-Host ('    {0} {1}' -f (Join-Path $staging $settings.setup), $settings.install_arguments)
        $code = 0
        $said = 'All checks passed. Nothing was changed.'
    }
    else {
        Write-Step 10 'Copying the files into a folder for administrators only'
        New-StagingFolder $staging $bundle
        foreach ($name in @($settings.secret_files)) {
            Protect-Path (Join-Path $bundle $name)
            Copy-Item -LiteralPath (Join-Path $bundle $name) -Destination (Join-Path $staging $name)
        }
        if ($key) {
            Protect-Path $key
            Copy-Item -LiteralPath $key -Destination (Join-Path $staging $settings.vault_credentials_file)
        }
        if ($settings.mysql_installer -and (Test-Path -LiteralPath $provided)) {
            New-Item -Path $settings.mysql_folder -ItemType Directory -Force | Out-Null
            Copy-Item -LiteralPath $provided -Destination $settings.mysql_folder -Force
        }
        $staged = Join-Path $staging $settings.installer
        Copy-Item -LiteralPath $installer -Destination $staged
        # Once more, where nobody but an administrator can exchange the file any longer.
        Assert-SignedByMicrosoft $staged

        $pending = Test-RebootPending
        $started = $true
        Write-Step 20 'Extracting the installer'
        $extraction = Start-Process -FilePath $staged -ArgumentList $settings.extract_arguments -PassThru
        Wait-Program $extraction 30 20 'Extracting the installer'
        $setup = Join-Path $staging $settings.setup
        if (-not (Test-Path -LiteralPath $setup)) {
            throw ('The installer ended with code {0} and left no {1}.' -f $extraction.ExitCode, $setup)
        }

        Write-Step 30 'Unified Setup is running'
        $run = Start-Process -FilePath $setup -ArgumentList $settings.install_arguments -WorkingDirectory (Split-Path -Parent $setup) -PassThru
        Wait-Program $run $TimeoutMinutes 40 'Unified Setup is running'
        # Microsoft documents no exit codes of Unified Setup; these two are those of every Windows installer.
        if (@(0, 3010) -notcontains $run.ExitCode) {
            throw ('Unified Setup ended with code {0}.' -f $run.ExitCode)
        }

        Write-Step 95 'Setup has ended, cleaning up'
        if (($settings.role -eq 'cs') -and (-not (Test-Path -LiteralPath $PassphraseFile))) {
            Write-Note 'warning' ('{0} is missing although setup reported success. Look at the logs in {1}.' -f $PassphraseFile, $LogFolders[0])
        }
        $code = 0
        $said = 'Installed.'
        if (($run.ExitCode -eq 3010) -or ((Test-RebootPending) -and (-not $pending))) {
            $code = 3010
            $said = 'Installed. Restart Windows to complete it.'
        }
    }
}
catch {
    $said = $_.Exception.Message
    $code = 2
    if ($started) {
        $code = 1
        Save-Logs $LogFolders $bundle
    }
}
finally {
    if ($started) {
        Remove-Secrets $secrets
    }
    elseif (-not $DryRun) {
        # Nothing ran: the files of the bundle are still needed, their copies are not.
        Remove-Secrets @($secrets | Where-Object { -not $_.StartsWith($bundle, [System.StringComparison]::OrdinalIgnoreCase) })
        if ($secrets.Count -gt 0) {
            Write-Note 'warning' 'The files of the bundle that hold secrets are kept, so that you can start again. Delete the folder if you do not.'
        }
    }
}
Write-Step 100 'Done'
Write-Note 'result' ('{0} {1}' -f $code, $said)
exit $code
