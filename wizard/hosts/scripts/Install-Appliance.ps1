<#
.SYNOPSIS
Installs a replication appliance of Azure Site Recovery with Microsoft's DRInstaller.ps1.

.DESCRIPTION
Start it in an elevated PowerShell, from the folder where the bundle was unpacked:

    powershell.exe -NoProfile -ExecutionPolicy Bypass -File .\Install-Appliance.ps1

It checks the bundle, unpacks Microsoft's zip into a folder that only administrators can change, verifies the signature
of DRInstaller.ps1, runs it in this window and waits for its end. Microsoft documents no parameters of that script, so
none are passed: answer here what it asks. The registration follows in the Appliance Configuration Manager; Answers.txt
says what to enter there.

Lines that begin with FOOTHOLD, and the exit codes, are those of Install.ps1:
    0     installed
    1     DRInstaller.ps1 was started and failed; the logs are collected
    2     ended before anything was started: correct what is said and start again
    3010  installed, and Windows has to be restarted

.PARAMETER DryRun
Makes every check that needs no unpacking and prints the command, but changes nothing.

.PARAMETER TimeoutMinutes
How long DRInstaller.ps1 may take before it is ended.
#>
param(
    [switch]$DryRun,
    [ValidateRange(10, 720)]
    [int]$TimeoutMinutes = 180
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$LogFolders = @((Join-Path $env:ProgramData 'ASRSetupLogs'), (Join-Path $env:ProgramData 'ASRLogs'), (Join-Path $env:ProgramData 'Microsoft Azure\Logs'))

#include Install-Common.ps1

function Find-Script([string]$Folder, [string]$Name) {
    $found = @(Get-ChildItem -LiteralPath $Folder -Filter $Name -Recurse | Where-Object { -not $_.PSIsContainer })
    if ($found.Count -ne 1) {
        Stop-Here ('Expected is exactly one {0} in {1}; found are {2}.' -f $Name, $Folder, $found.Count)
    }
    return $found[0].FullName
}

$bundle = $PSScriptRoot
$code = 2
$said = 'Nothing was done.'
$started = $false
try {
    Write-Step 0 'Checking the bundle'
    Assert-Elevated
    $settings = Read-Settings $bundle
    Assert-Manifest $bundle
    $staging = $settings.staging_folder

    Write-Step 4 'Looking for the installers that you provide'
    $place = Join-Path $bundle 'installer'
    $unpacked = Test-Path -LiteralPath (Join-Path $place $settings.installer)
    $zip = $null
    if (-not $unpacked) { $zip = Get-OnlyFile $place '*.zip' 'zip with the installers' }

    if ($DryRun) {
        if ($unpacked) { Assert-SignedByMicrosoft (Join-Path $place $settings.installer) }
        Write-Step 100 'Nothing was changed. This would run:'
        Write-Host ('    {0}' -f (Join-Path (Join-Path $staging 'Installers') $settings.installer))
        $code = 0
        $said = 'All checks passed. Nothing was changed.'
    }
    else {
        Write-Step 10 'Unpacking the installers into a folder for administrators only'
        New-StagingFolder $staging $bundle
        $target = Join-Path $staging 'Installers'
        if ($unpacked) {
            Copy-Item -LiteralPath $place -Destination $target -Recurse
        }
        else {
            Add-Type -AssemblyName System.IO.Compression.FileSystem
            [System.IO.Compression.ZipFile]::ExtractToDirectory($zip, $target)
        }
        $script = Find-Script $target $settings.installer
        Write-Step 25 'Checking the signature of DRInstaller.ps1'
        Assert-SignedByMicrosoft $script

        $pending = Test-RebootPending
        $started = $true
        Write-Step 30 'DRInstaller.ps1 is running'
        $shell = Join-Path $env:SystemRoot 'System32\WindowsPowerShell\v1.0\powershell.exe'
        $arguments = '-NoProfile -ExecutionPolicy Bypass -File "{0}"' -f $script
        # In this window, so that a person can answer what the script asks.
        $run = Start-Process -FilePath $shell -ArgumentList $arguments -WorkingDirectory (Split-Path -Parent $script) -NoNewWindow -PassThru
        Wait-Program $run $TimeoutMinutes 40 'DRInstaller.ps1 is running'
        if (@(0, 3010) -notcontains $run.ExitCode) {
            throw ('DRInstaller.ps1 ended with code {0}.' -f $run.ExitCode)
        }
        $code = 0
        $said = 'Installed. Register the appliance in the Appliance Configuration Manager; Answers.txt says what to enter.'
        if (($run.ExitCode -eq 3010) -or ((Test-RebootPending) -and (-not $pending))) {
            $code = 3010
            $said = 'Installed. Restart Windows, then register the appliance in the Appliance Configuration Manager.'
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
Write-Step 100 'Done'
Write-Note 'result' ('{0} {1}' -f $code, $said)
exit $code
