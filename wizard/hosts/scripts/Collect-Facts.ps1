<#
Collect-Facts.ps1 - tells a Foothold wizard what this Windows machine looks like.

It reads: name and firmware UUID, operating system, processors, memory, disks and volumes, roles, installed programs,
policies, cryptography settings, IIS, certificates on port 443, network adapters and listeners, time, proxies, services,
antivirus exclusions, and the state of Azure Site Recovery. It tests names, TCP and TLS to the addresses below.
It changes nothing. The only thing it writes is one file, host-facts-<computer>.json, beside itself or at -OutFile;
with -ToOutput, or when it does not run from a file, it writes that text to the output instead, and no file.

Run it as the administrator who will install:
    powershell.exe -NoProfile -ExecutionPolicy Bypass -File .\Collect-Facts.ps1
Where a group policy allows signed scripts only, start Windows PowerShell as that administrator and enter:
    & ([scriptblock]::Create([IO.File]::ReadAllText("$PWD\Collect-Facts.ps1"))) -OutFile "$PWD\host-facts.json"

Needs Windows PowerShell 4 and nothing beyond Windows itself. Plain ASCII, so that no code page spoils it.
#>
param(
    [string]$OutFile = '',
    [switch]$ToOutput
)

#ORDER#

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$Invariant = [System.Globalization.CultureInfo]::InvariantCulture
$TimeoutMs = 5000
$BudgetMs = 180000
$Facts = New-Object System.Collections.Specialized.OrderedDictionary
$Asked = @{}
$Certificate = @{ issuer = $null; problems = '' }

# ---- how facts are kept ---------------------------------------------------------------------------------------------

function Get-Reason {
    param($Failure)
    $text = ''
    if ($null -ne $Failure.Exception) {
        $text = [string]$Failure.Exception.GetBaseException().Message
        if ($text.Trim() -eq '') { $text = $Failure.Exception.GetBaseException().GetType().Name }
    }
    if ($text.Trim() -eq '') { $text = 'failed without a message' }
    $text.Trim()
}

function Read-Fact {
    param([string]$Fact, [scriptblock]$From)
    try {
        $value = & $From
        $Facts[$Fact] = @{ value = $value }
    }
    catch { $Facts[$Fact] = @{ error = (Get-Reason $_) } }
}

# A list of one stays a list: PowerShell would unroll it.
function Read-FactList {
    param([string]$Fact, [scriptblock]$From)
    try {
        $value = @(& $From)
        $Facts[$Fact] = @{ value = $value }
    }
    catch { $Facts[$Fact] = @{ error = (Get-Reason $_) } }
}

# ConvertTo-Json of PowerShell 4 writes dates, enumerations and wrapped strings in ways of its own.
function Get-JsonString {
    param([string]$Text)
    $whole = [regex]::Replace($Text, '[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]', '?')
    $whole = $whole.Replace([string][char]0, '')
    $escape = [System.Text.RegularExpressions.MatchEvaluator] {
        param($found)
        '\u' + ([int][char]$found.Value).ToString('x4', $Invariant)
    }
    '"' + [regex]::Replace($whole, '[^\x20-\x21\x23-\x5b\x5d-\x7e]', $escape) + '"'
}

function Get-JsonText {
    param($Value)
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [bool]) {
        if ($Value) { return 'true' }
        return 'false'
    }
    if ($Value -is [System.Collections.IDictionary]) {
        $members = @(foreach ($name in @($Value.Keys)) { (Get-JsonString $name) + ':' + (Get-JsonText $Value[$name]) })
        return '{' + ($members -join ',') + '}'
    }
    if ($Value -is [array]) {
        $items = @(foreach ($item in $Value) { Get-JsonText $item })
        return '[' + ($items -join ',') + ']'
    }
    if ($Value -is [double] -or $Value -is [single] -or $Value -is [decimal]) {
        if ([double]::IsNaN($Value) -or [double]::IsInfinity($Value)) { return 'null' }
        return ([double]$Value).ToString('R', $Invariant)
    }
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [uint32] -or $Value -is [int16] -or $Value -is [uint16]) {
        return ([long]$Value).ToString($Invariant)
    }
    Get-JsonString ([string]$Value)
}

function Get-UtcText {
    param([DateTime]$When)
    $When.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", $Invariant)
}

# ---- where facts come from ------------------------------------------------------------------------------------------

# A class that does not answer is asked once: with a broken WMI every question costs its whole deadline.
function Get-Rows {
    param([string]$Class, [string]$Filter = '', [string]$Namespace = 'root/cimv2')
    $name = "$Class $Filter"
    if (-not $Asked.ContainsKey($name)) {
        $question = @{ ClassName = $Class; Namespace = $Namespace; OperationTimeoutSec = 60; ErrorAction = 'Stop' }
        if ($Filter -ne '') { $question['Filter'] = $Filter }
        try { $Asked[$name] = @{ rows = @(Get-CimInstance @question); failure = $null } }
        catch { $Asked[$name] = @{ rows = @(); failure = "WMI ${Class}: " + (Get-Reason $_) } }
    }
    if ($null -ne $Asked[$name].failure) { throw $Asked[$name].failure }
    $Asked[$name].rows
}

function Get-Row {
    param([string]$Class, [string]$Filter = '')
    $rows = @(Get-Rows $Class $Filter)
    if ($rows.Count -eq 0) { throw "WMI ${Class}: nothing found" }
    $rows[0]
}

# Cast to a number, a property without a value would become 0, which reads like an answer.
function Get-Field {
    param([string]$Class, [string]$Field)
    $value = (Get-Row $Class).$Field
    if ($null -eq $value) { throw "WMI ${Class}: $Field has no value" }
    $value
}

# The registry is read in its 64-bit view, whichever PowerShell this is.
function Get-RegistryValue {
    param([string]$Path, [string]$Name, [string]$Hive = 'LocalMachine')
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey($Hive, 'Registry64')
    try {
        $key = $base.OpenSubKey($Path)
        if ($null -eq $key) { return $null }
        try { return $key.GetValue($Name, $null) }
        finally { $key.Close() }
    }
    finally { $base.Close() }
}

function Get-RegistryNumber {
    param([string]$Path, [string]$Name, [string]$Hive = 'LocalMachine')
    $found = Get-RegistryValue $Path $Name $Hive
    if ($null -eq $found) { return $null }
    [long]$found
}

function Get-RegistryNames {
    param([string]$Path, [string]$Kind, [string]$Hive = 'LocalMachine')
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey($Hive, 'Registry64')
    try {
        $key = $base.OpenSubKey($Path)
        if ($null -eq $key) { return }
        try {
            if ($Kind -eq 'keys') { $key.GetSubKeyNames() }
            else { $key.GetValueNames() }
        }
        finally { $key.Close() }
    }
    finally { $base.Close() }
}

function Test-RegistryKey {
    param([string]$Path)
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    try {
        $key = $base.OpenSubKey($Path)
        if ($null -eq $key) { return $false }
        $key.Close()
        return $true
    }
    finally { $base.Close() }
}

# The first value whose name matches: spellings differ between versions of Site Recovery.
function Get-MatchingValue {
    param([string]$Path, [string]$Pattern)
    foreach ($name in @(Get-RegistryNames $Path 'values')) {
        if ($name -match $Pattern) { return (Get-RegistryValue $Path $name) }
    }
}

function Get-InstalledPrograms {
    $uninstall = 'Microsoft\Windows\CurrentVersion\Uninstall'
    foreach ($root in @("SOFTWARE\$uninstall", "SOFTWARE\Wow6432Node\$uninstall")) {
        foreach ($key in @(Get-RegistryNames $root 'keys')) {
            $name = [string](Get-RegistryValue "$root\$key" 'DisplayName')
            if ($name.Trim() -ne '') {
                @{ name = $name.Trim(); version = [string](Get-RegistryValue "$root\$key" 'DisplayVersion') }
            }
        }
    }
}

# ---- network, each step with its own deadline -----------------------------------------------------------------------

function Resolve-Address {
    param([string]$Name)
    $task = [System.Net.Dns]::GetHostAddressesAsync($Name)
    if (-not $task.Wait($TimeoutMs)) { throw "DNS: no answer for $Name within $($TimeoutMs / 1000) s" }
    $found = @($task.Result | Where-Object { $_.AddressFamily -eq 'InterNetwork' })
    if ($found.Count -eq 0) { throw "DNS: $Name has no IPv4 address" }
    $found
}

function Open-Tcp {
    param([System.Net.IPAddress[]]$Addresses, [int]$Port)
    $client = New-Object System.Net.Sockets.TcpClient
    try {
        $task = $client.ConnectAsync($Addresses, $Port)
        if (-not $task.Wait($TimeoutMs)) { throw "TCP: no answer on port $Port within $($TimeoutMs / 1000) s" }
    }
    catch {
        $client.Close()
        throw
    }
    $client.ReceiveTimeout = $TimeoutMs
    $client.SendTimeout = $TimeoutMs
    $client
}

function Send-Text {
    param($Stream, [string]$Text)
    $bytes = [System.Text.Encoding]::ASCII.GetBytes($Text)
    $Stream.Write($bytes, 0, $bytes.Length)
    $Stream.Flush()
}

function Read-Status {
    param($Stream)
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $head = New-Object System.Text.StringBuilder
    while ($head.Length -lt 16384 -and $clock.ElapsedMilliseconds -lt $TimeoutMs) {
        $byte = $Stream.ReadByte()
        if ($byte -lt 0) { break }
        [void]$head.Append([char]$byte)
        if ($head.Length -ge 4 -and $head.ToString($head.Length - 4, 4) -eq "`r`n`r`n") { break }
    }
    if ($head.ToString() -notmatch '^HTTP/1\.[01] ([0-9]{3})') { throw 'HTTP: the answer is not HTTP' }
    [int]$Matches[1]
}

# Takes any certificate, since the issuer is to be seen; whether it is trusted is kept in $Certificate.
function Open-Tls {
    param($Stream, [string]$Name)
    $Certificate['issuer'] = $null
    $Certificate['problems'] = ''
    $look = [System.Net.Security.RemoteCertificateValidationCallback] {
        param($from, $presented, $chain, $problems)
        if ($null -ne $presented) { $Certificate['issuer'] = [string]$presented.Issuer }
        $Certificate['problems'] = [string]$problems
        $true
    }
    $tls = New-Object System.Net.Security.SslStream($Stream, $false, $look)
    $versions = [System.Security.Authentication.SslProtocols]'Tls, Tls11, Tls12'
    $tls.AuthenticateAsClient($Name, $null, $versions, $false)
    $tls
}

function Test-Endpoint {
    param([string]$Name, [int]$Port)
    $seen = @{
        host = $Name; port = $Port; dns = $false; tcp = $false; tls = $false; issuer = $null; http_status = $null
        via_proxy = ($ProxyHost -ne ''); error = $null; seconds = 0.0
    }
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $client = $null
    try {
        if ($ProxyHost -eq '') {
            $addresses = @(Resolve-Address $Name)
            $seen['dns'] = $true
            $client = Open-Tcp $addresses $Port
        }
        else {
            try {
                $addresses = @(Resolve-Address $Name)
                $seen['dns'] = $true
            }
            catch { $seen['dns'] = $false }
            $client = Open-Tcp @(Resolve-Address $ProxyHost) $ProxyPort
            Send-Text $client.GetStream() "CONNECT ${Name}:$Port HTTP/1.1`r`nHost: ${Name}:$Port`r`n`r`n"
            $answer = Read-Status $client.GetStream()
            if ($answer -eq 407) { throw 'the proxy asks for a user name and password (HTTP 407)' }
            if ($answer -ne 200) { throw "the proxy refused the connection (HTTP $answer)" }
        }
        $seen['tcp'] = $true
        $tls = Open-Tls $client.GetStream() $Name
        $seen['issuer'] = $Certificate['issuer']
        if ($Certificate['problems'] -ne 'None') {
            throw "TLS: this machine does not trust the certificate ($($Certificate['problems']))"
        }
        $seen['tls'] = $true
        Send-Text $tls "HEAD / HTTP/1.1`r`nHost: $Name`r`nConnection: close`r`n`r`n"
        $seen['http_status'] = Read-Status $tls
    }
    catch { $seen['error'] = Get-Reason $_ }
    finally { if ($null -ne $client) { $client.Close() } }
    $seen['seconds'] = [math]::Round($clock.Elapsed.TotalSeconds, 2)
    $seen
}

# A peer may sign its certificate itself: for it TLS means that a session came about.
function Test-Peer {
    param([string]$Label, [string]$Name, [int]$Port, [bool]$WithTls)
    $seen = @{ name = $Label; host = $Name; port = $Port; tcp = $false; tls = $null; error = $null }
    $client = $null
    try {
        $client = Open-Tcp @(Resolve-Address $Name) $Port
        $seen['tcp'] = $true
        if ($WithTls) {
            $seen['tls'] = $false
            $tls = Open-Tls $client.GetStream() $Name
            $seen['tls'] = $true
            $tls.Close()
        }
    }
    catch { $seen['error'] = Get-Reason $_ }
    finally { if ($null -ne $client) { $client.Close() } }
    $seen
}

function Get-NtpTime {
    param([byte[]]$Packet, [int]$At)
    $whole = 0.0
    for ($i = 0; $i -lt 8; $i++) { $whole = $whole * 256 + $Packet[$At + $i] }
    $whole / 4294967296
}

function Get-OwnTime {
    ([DateTime]::UtcNow - [DateTime]'1900-01-01').TotalSeconds
}

function Test-TimeServer {
    param([string]$Name)
    $seen = @{ server = $Name; offset_s = $null; error = $null }
    $client = New-Object System.Net.Sockets.UdpClient
    try {
        $address = @(Resolve-Address $Name)[0]
        $client.Client.ReceiveTimeout = $TimeoutMs
        $client.Connect($address, 123)
        $question = New-Object byte[] 48
        $question[0] = 27
        $sent = Get-OwnTime
        [void]$client.Send($question, 48)
        $from = New-Object System.Net.IPEndPoint([System.Net.IPAddress]::Any, 0)
        [byte[]]$answer = $client.Receive([ref]$from)
        $received = Get-OwnTime
        if ($answer.Length -lt 48 -or ($answer[0] -band 7) -ne 4) { throw 'NTP: the answer is not NTP' }
        if ($answer[1] -lt 1 -or $answer[1] -gt 15) { throw 'NTP: the server is not synchronised' }
        $there = (Get-NtpTime $answer 32) + (Get-NtpTime $answer 40)
        $seen['offset_s'] = [math]::Round(($there - $sent - $received) / 2, 3)
    }
    catch { $seen['error'] = Get-Reason $_ }
    finally { $client.Close() }
    $seen
}

function Get-OwnAddresses {
    foreach ($adapter in [System.Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()) {
        if ($adapter.OperationalStatus -eq 'Up' -and $adapter.NetworkInterfaceType -ne 'Loopback') {
            foreach ($unicast in $adapter.GetIPProperties().UnicastAddresses) {
                if ($unicast.Address.AddressFamily -eq 'InterNetwork') { [string]$unicast.Address }
            }
        }
    }
}

# Asks the DNS servers themselves: Windows answers for its own name and addresses without them.
function Test-Record {
    param([string]$Name, [string]$Type)
    $seen = @{ name = $Name; addresses = @(); error = $null }
    try {
        $records = @(Resolve-DnsName -Name $Name -Type $Type -DnsOnly -NoHostsFile -QuickTimeout -ErrorAction Stop)
        $seen['addresses'] = @(foreach ($record in $records) {
            if ($Type -eq 'PTR' -and $record.NameHost) { [string]$record.NameHost }
            if ($Type -eq 'A' -and $record.IPAddress) { [string]$record.IPAddress }
        })
        if ($seen['addresses'].Count -eq 0) { throw "DNS: no $Type record" }
    }
    catch { $seen['error'] = Get-Reason $_ }
    $seen
}

function Get-FullName {
    $properties = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
    if ($properties.DomainName) { return $properties.HostName + '.' + $properties.DomainName }
    $properties.HostName
}

# ---- identity -------------------------------------------------------------------------------------------------------

$Started = Get-UtcText ([DateTime]::UtcNow)
$Windows = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$Policies = 'SOFTWARE\Policies\Microsoft\Windows'

Read-Fact 'identity.computer_name' { [Environment]::MachineName }
Read-Fact 'identity.fqdn' { Get-FullName }
Read-Fact 'identity.bios_uuid' { [string](Get-Row 'Win32_ComputerSystemProduct').UUID }
Read-Fact 'identity.domain_role' { [long](Get-Field 'Win32_ComputerSystem' 'DomainRole') }
Read-Fact 'identity.domain' { [string](Get-Row 'Win32_ComputerSystem').Domain }
Read-Fact 'identity.manufacturer' { [string](Get-Row 'Win32_ComputerSystem').Manufacturer }
Read-Fact 'identity.model' { [string](Get-Row 'Win32_ComputerSystem').Model }

# ---- operating system -----------------------------------------------------------------------------------------------

Read-Fact 'os.caption' { ([string](Get-Row 'Win32_OperatingSystem').Caption).Trim() }
Read-Fact 'os.version' { [string](Get-Row 'Win32_OperatingSystem').Version }
Read-Fact 'os.build' { Get-RegistryNumber $Windows 'CurrentBuildNumber' }
Read-Fact 'os.product_type' { [long](Get-Field 'Win32_OperatingSystem' 'ProductType') }
Read-Fact 'os.installation_type' { [string](Get-RegistryValue $Windows 'InstallationType') }
Read-Fact 'os.language' { [long](Get-Field 'Win32_OperatingSystem' 'OSLanguage') }
Read-Fact 'os.system_locale' {
    $number = [Convert]::ToInt32((Get-RegistryValue 'SYSTEM\CurrentControlSet\Control\Nls\Language' 'Default'), 16)
    [System.Globalization.CultureInfo]::GetCultureInfo($number).Name
}
Read-Fact 'os.install_language' {
    [string](Get-RegistryValue 'SYSTEM\CurrentControlSet\Control\Nls\Language' 'InstallLanguage')
}
Read-Fact 'os.licence' {
    $filter = "ApplicationID='55c92734-d682-4d71-983e-d6ec3f16059f' AND PartialProductKey IS NOT NULL"
    $product = Get-Row 'SoftwareLicensingProduct' $filter
    @{
        status = [long]$product.LicenseStatus; grace_minutes = [long]$product.GracePeriodRemaining
        description = [string]$product.Description
    }
}
Read-FactList 'os.pending_reboot' {
    $current = 'SOFTWARE\Microsoft\Windows\CurrentVersion'
    $control = 'SYSTEM\CurrentControlSet\Control'
    if (Test-RegistryKey "$current\Component Based Servicing\RebootPending") { 'component servicing' }
    if (Test-RegistryKey "$current\WindowsUpdate\Auto Update\RebootRequired") { 'Windows Update' }
    $renames = @(Get-RegistryValue "$control\Session Manager" 'PendingFileRenameOperations' | Where-Object { $_ })
    if ($renames.Count -gt 0) { 'file renames' }
    $active = [string](Get-RegistryValue "$control\ComputerName\ActiveComputerName" 'ComputerName')
    $next = [string](Get-RegistryValue "$control\ComputerName\ComputerName" 'ComputerName')
    if ($active -ne $next) { 'computer name' }
}
Read-Fact 'os.last_boot' { Get-UtcText (Get-Row 'Win32_OperatingSystem').LastBootUpTime }
Read-Fact 'os.powershell_version' { [string]$PSVersionTable.PSVersion }
Read-Fact 'os.user' { [System.Security.Principal.WindowsIdentity]::GetCurrent().Name }
Read-Fact 'os.elevated' {
    $account = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object System.Security.Principal.WindowsPrincipal($account)
    $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
}
Read-Fact 'os.is_administrator' {
    # Without elevation the group is in the token for denials only, which the claims show and the groups do not.
    $account = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    @($account.Claims | Where-Object { $_.Value -eq 'S-1-5-32-544' }).Count -gt 0
}

# ---- hardware -------------------------------------------------------------------------------------------------------

Read-Fact 'hardware.logical_processors' { [long](Get-Field 'Win32_ComputerSystem' 'NumberOfLogicalProcessors') }
Read-Fact 'hardware.memory_bytes' { [long](Get-Field 'Win32_ComputerSystem' 'TotalPhysicalMemory') }
Read-Fact 'hardware.max_clock_mhz' { [long](Get-Field 'Win32_Processor' 'MaxClockSpeed') }
Read-FactList 'hardware.disks' {
    Get-Disk | Sort-Object Number | ForEach-Object {
        @{
            number = [long]$_.Number; size_bytes = [long]$_.Size; bus = [string]$_.BusType
            model = ([string]$_.FriendlyName).Trim()
        }
    }
}
Read-FactList 'hardware.volumes' {
    $disks = @{}
    foreach ($partition in @(Get-Partition)) {
        foreach ($path in @($partition.AccessPaths)) { if ($path) { $disks[[string]$path] = [long]$partition.DiskNumber } }
    }
    foreach ($volume in @(Get-Rows 'Win32_Volume' 'DriveType=3')) {
        $drive = $null
        if ($volume.DriveLetter) { $drive = [string]$volume.DriveLetter }
        @{
            drive = $drive; label = [string]$volume.Label; file_system = [string]$volume.FileSystem
            size_bytes = [long]$volume.Capacity; free_bytes = [long]$volume.FreeSpace
            disk_number = $disks[[string]$volume.DeviceID]
        }
    }
}
Read-Fact 'hardware.cpu_load_percent' {
    $class = 'Win32_PerfFormattedData_PerfOS_Processor'
    $loads = @(for ($i = 0; $i -lt 4; $i++) {
        $row = Get-CimInstance -ClassName $class -Filter "Name='_Total'" -OperationTimeoutSec 20
        # Counters that are out of order give no row, which is not the same as no load.
        if ($null -eq $row -or $null -eq $row.PercentProcessorTime) { throw "WMI ${class}: nothing found" }
        [double]$row.PercentProcessorTime
        Start-Sleep -Seconds 1
    })
    # The first sample has nothing before it to be compared with.
    [math]::Round(($loads[1] + $loads[2] + $loads[3]) / 3, 1)
}
Read-Fact 'hardware.memory_in_use_percent' {
    $free = [double](Get-Field 'Win32_OperatingSystem' 'FreePhysicalMemory')
    [math]::Round(100 * (1 - $free / [double](Get-Field 'Win32_OperatingSystem' 'TotalVisibleMemorySize')), 1)
}

# ---- roles and programs ---------------------------------------------------------------------------------------------

Read-FactList 'roles.installed' { Get-WindowsFeature | Where-Object { $_.Installed } | ForEach-Object { [string]$_.Name } }
Read-FactList 'software.installed' { Get-InstalledPrograms }
Read-Fact 'software.dotnet_release' { Get-RegistryNumber 'SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full' 'Release' }
Read-FactList 'software.vmware_modules' {
    Get-Module -ListAvailable -Name 'VMware*' | ForEach-Object { "$($_.Name) $($_.Version)" } | Sort-Object -Unique
}

# ---- policies and cryptography --------------------------------------------------------------------------------------

Read-Fact 'policy.disable_registry_tools' {
    Get-RegistryNumber 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' 'DisableRegistryTools'
}
Read-Fact 'policy.disable_cmd' { Get-RegistryNumber "$Policies\System" 'DisableCMD' }
Read-Fact 'policy.use_trusted_handlers' {
    Get-RegistryNumber 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\Attachments' 'UseTrustedHandlers'
}
Read-Fact 'policy.execution_policies' {
    $scopes = @{}
    foreach ($row in @(Get-ExecutionPolicy -List)) { $scopes[[string]$row.Scope] = [string]$row.ExecutionPolicy }
    $scopes
}
Read-Fact 'policy.script_execution' {
    $policy = Get-RegistryValue "$Policies\PowerShell" 'ExecutionPolicy'
    if ($null -ne $policy) { $policy = [string]$policy }
    @{ enable_scripts = (Get-RegistryNumber "$Policies\PowerShell" 'EnableScripts'); execution_policy = $policy }
}
Read-Fact 'policy.user_disable_registry_tools' {
    Get-RegistryNumber 'Software\Microsoft\Windows\CurrentVersion\Policies\System' 'DisableRegistryTools' 'CurrentUser'
}
Read-Fact 'policy.user_disable_cmd' {
    Get-RegistryNumber 'Software\Policies\Microsoft\Windows\System' 'DisableCMD' 'CurrentUser'
}
Read-Fact 'crypto.fips_documented' { Get-RegistryNumber 'SYSTEM\CurrentControlSet\Control\Lsa' 'fipsalgorithmpolicy' }
Read-Fact 'crypto.fips_enabled' { Get-RegistryNumber 'SYSTEM\CurrentControlSet\Control\Lsa\FIPSAlgorithmPolicy' 'Enabled' }
Read-Fact 'crypto.schannel' {
    $versions = @{}
    foreach ($version in @('TLS 1.0', 'TLS 1.2')) {
        $path = "SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\$version\Client"
        $versions[$version] = @{
            enabled = (Get-RegistryNumber $path 'Enabled')
            disabled_by_default = (Get-RegistryNumber $path 'DisabledByDefault')
        }
    }
    $versions
}
Read-Fact 'crypto.strong_crypto' {
    @{
        native = (Get-RegistryNumber 'SOFTWARE\Microsoft\.NETFramework\v4.0.30319' 'SchUseStrongCrypto')
        wow64 = (Get-RegistryNumber 'SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v4.0.30319' 'SchUseStrongCrypto')
    }
}

# ---- IIS and its certificate ----------------------------------------------------------------------------------------

$Inetsrv = Join-Path ([Environment]::SystemDirectory) 'inetsrv'

function Get-Iis {
    $library = Join-Path $Inetsrv 'Microsoft.Web.Administration.dll'
    if (-not (Test-Path -LiteralPath $library)) { return $null }
    [void][System.Reflection.Assembly]::LoadFrom($library)
    New-Object Microsoft.Web.Administration.ServerManager
}

Read-FactList 'iis.sites' {
    $manager = Get-Iis
    if ($null -ne $manager) {
        foreach ($site in $manager.Sites) {
            # The state needs the running service; the configuration does not.
            $state = 'Unknown'
            try { $state = [string]$site.State } catch { $state = 'Unknown' }
            $bindings = @(foreach ($binding in $site.Bindings) { "$($binding.Protocol) $($binding.BindingInformation)" })
            @{ name = [string]$site.Name; state = $state; bindings = $bindings }
        }
    }
}
Read-Fact 'iis.anonymous' {
    $manager = Get-Iis
    if ($null -eq $manager) { return $null }
    $name = 'system.webServer/security/authentication/anonymousAuthentication'
    $section = $manager.GetApplicationHostConfiguration().GetSection($name)
    [bool]$section.GetAttributeValue('enabled')
}
Read-Fact 'iis.fastcgi' {
    $manager = Get-Iis
    $installed = Test-Path -LiteralPath (Join-Path $Inetsrv 'iisfcgi.dll')
    $locked = $null
    if ($installed -and $null -ne $manager) {
        $locked = [bool]$manager.GetApplicationHostConfiguration().GetSection('system.webServer/fastCgi').IsLocked
    }
    @{ installed = [bool]$installed; locked = $locked }
}
Read-Fact 'certificates.bound_443' {
    # netsh shows the same in the language of Windows.
    $root = 'SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo'
    foreach ($name in @(Get-RegistryNames $root 'keys')) {
        if ($name -match ':443$') {
            $hash = @(Get-RegistryValue "$root\$name" 'SslCertHash')
            $thumbprint = @($hash | ForEach-Object { ([int]$_).ToString('X2', $Invariant) }) -join ''
            $place = [string](Get-RegistryValue "$root\$name" 'SslCertStoreName')
            if ($place -eq '') { $place = 'My' }
            $store = New-Object System.Security.Cryptography.X509Certificates.X509Store($place, 'LocalMachine')
            $store.Open('ReadOnly')
            try { $held = @($store.Certificates | Where-Object { $_.Thumbprint -eq $thumbprint }) }
            finally { $store.Close() }
            if ($held.Count -eq 0) { throw "the certificate $thumbprint of $name is not in the store $place" }
            return @{
                subject = [string]$held[0].Subject; thumbprint = $thumbprint; not_after = (Get-UtcText $held[0].NotAfter)
            }
        }
    }
}

# ---- network adapters and listeners ---------------------------------------------------------------------------------

function Get-PrefixLength {
    param([string]$Mask)
    $bits = 0
    foreach ($octet in $Mask.Split('.')) { $bits += [Convert]::ToString([int]$octet, 2).Replace('0', '').Length }
    $bits
}

Read-FactList 'network.adapters' {
    $cards = @{}
    foreach ($card in @(Get-Rows 'Win32_NetworkAdapter')) { $cards[[string]$card.Index] = $card }
    foreach ($settings in @(Get-Rows 'Win32_NetworkAdapterConfiguration' 'IPEnabled=TRUE')) {
        $card = $cards[[string]$settings.Index]
        $ipv4 = @()
        $all = @($settings.IPAddress)
        for ($i = 0; $i -lt $all.Count; $i++) {
            if ([string]$all[$i] -match '^[0-9.]+$') {
                $ipv4 += @{ address = [string]$all[$i]; prefix = (Get-PrefixLength ([string]@($settings.IPSubnet)[$i])) }
            }
        }
        @{
            name = [string]$card.NetConnectionID; description = [string]$settings.Description
            dhcp = [bool]$settings.DHCPEnabled; physical = [bool]$card.PhysicalAdapter; ipv4 = $ipv4
            gateways = @($settings.DefaultIPGateway | Where-Object { $_ } | ForEach-Object { [string]$_ })
            dns = @($settings.DNSServerSearchOrder | Where-Object { $_ } | ForEach-Object { [string]$_ })
        }
    }
}
Read-FactList 'network.listeners' {
    $names = @{}
    foreach ($process in @(Get-Process)) { $names[[string]$process.Id] = [string]$process.ProcessName }
    Get-NetTCPConnection -State Listen | Sort-Object -Property @('LocalPort', 'LocalAddress') | ForEach-Object {
        @{
            port = [long]$_.LocalPort; address = [string]$_.LocalAddress
            process = [string]$names[[string]$_.OwningProcess]
        }
    }
}

# ---- time -----------------------------------------------------------------------------------------------------------

Read-Fact 'time.zone' { [TimeZoneInfo]::Local.Id }
Read-Fact 'time.utc_offset_minutes' { [long][TimeZoneInfo]::Local.GetUtcOffset([DateTime]::UtcNow).TotalMinutes }
Read-Fact 'time.source' {
    $said = @(w32tm.exe /query /source)
    if ($LASTEXITCODE -ne 0) { throw ([string]($said -join ' ')) }
    ([string]$said[0]).Trim()
}
Read-FactList 'time.ntp' { foreach ($server in $TimeServers) { Test-TimeServer $server } }

# ---- proxies --------------------------------------------------------------------------------------------------------

Read-Fact 'proxy.winhttp' {
    # Bytes 8 to 11: flags, 2 is a named proxy; 12 to 15: length of its name, which follows.
    $settings = Get-RegistryValue 'SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections' 'WinHttpSettings'
    if ($null -eq $settings -or $settings.Length -lt 16) { return $null }
    $bytes = [byte[]]$settings
    $length = [BitConverter]::ToInt32($bytes, 12)
    if (([BitConverter]::ToInt32($bytes, 8) -band 2) -eq 0 -or $length -le 0) { return $null }
    [System.Text.Encoding]::ASCII.GetString($bytes, 16, $length)
}
Read-Fact 'proxy.system' {
    $path = 'S-1-5-18\Software\Microsoft\Windows\CurrentVersion\Internet Settings'
    $enabled = Get-RegistryNumber $path 'ProxyEnable' 'Users'
    if ($null -eq $enabled) { return $null }
    @{
        enabled = ($enabled -ne 0); server = [string](Get-RegistryValue $path 'ProxyServer' 'Users')
        bypass = [string](Get-RegistryValue $path 'ProxyOverride' 'Users')
    }
}
Read-Fact 'proxy.site_recovery' {
    $path = 'SOFTWARE\Microsoft\Azure Site Recovery\ProxySettings'
    $address = [string](Get-MatchingValue $path '^(?!.*Bypass).*Address')
    if ($address -eq '') { return $null }
    $port = Get-MatchingValue $path 'Port'
    if ($null -ne $port) { $port = [long]$port }
    $bypass = @(Get-MatchingValue $path 'Bypass' | Where-Object { $_ }) -join ';'
    @{ address = $address; port = $port; bypass = $bypass }
}
Read-Fact 'proxy.backup_agent' {
    # The command comes with the Recovery Services agent; without the agent there is no setting.
    if ($null -eq (Get-Command 'Get-OBMachineSetting' -ErrorAction SilentlyContinue)) { return $null }
    $setting = Get-OBMachineSetting
    if ([string]$setting.ProxyServer -eq '') { return $null }
    $port = $null
    if ($null -ne $setting.ProxyPort) { $port = [long]$setting.ProxyPort }
    @{ server = [string]$setting.ProxyServer; port = $port }
}

# ---- services and antivirus -----------------------------------------------------------------------------------------

Read-FactList 'services.states' {
    Get-Rows 'Win32_Service' | Sort-Object Name | ForEach-Object {
        @{
            name = [string]$_.Name; display_name = [string]$_.DisplayName; state = [string]$_.State
            start_mode = [string]$_.StartMode
        }
    }
}
Read-Fact 'antivirus.defender' {
    if ($null -eq (Get-Command 'Get-MpPreference' -ErrorAction SilentlyContinue)) { return $null }
    $exclusions = @((Get-MpPreference).ExclusionPath | Where-Object { $_ } | ForEach-Object { [string]$_ })
    if (@($exclusions | Where-Object { $_ -match '^N/A' }).Count -gt 0) {
        throw 'only an elevated administrator sees the exclusions'
    }
    @{ enabled = [bool](Get-MpComputerStatus).AntivirusEnabled; exclusions = $exclusions }
}
Read-FactList 'antivirus.products' {
    $makers = 'Symantec Endpoint|McAfee|Trellix|Trend Micro|Sophos|CrowdStrike|SentinelOne|Sentinel Agent|' +
        'Carbon Black|ESET|Kaspersky|Bitdefender|Cylance|Cortex XDR|F-Secure|WithSecure|Webroot|Malwarebytes|Panda|Avast|AVG |Check Point Endpoint'
    Get-InstalledPrograms | ForEach-Object { $_['name'] } | Where-Object { $_ -match $makers } | Sort-Object -Unique
}

# ---- what can be reached --------------------------------------------------------------------------------------------

Read-FactList 'reach.dns' {
    Test-Record (Get-FullName) 'A'
    foreach ($address in @(Get-OwnAddresses)) { Test-Record $address 'PTR' }
    if ($ProxyHost -match '[A-Za-z]') { Test-Record $ProxyHost 'A' }
}
Read-FactList 'reach.endpoints' {
    $budget = [System.Diagnostics.Stopwatch]::StartNew()
    foreach ($endpoint in $Endpoints) {
        if ($budget.ElapsedMilliseconds -lt $BudgetMs) { Test-Endpoint $endpoint['host'] $endpoint['port'] }
        else {
            @{
                host = $endpoint['host']; port = $endpoint['port']; dns = $false; tcp = $false; tls = $false
                issuer = $null; http_status = $null; via_proxy = ($ProxyHost -ne ''); seconds = 0.0
                error = 'not tried: the tests before it took too long'
            }
        }
    }
}
Read-FactList 'reach.peers' {
    foreach ($peer in $Peers) { Test-Peer $peer['name'] $peer['host'] $peer['port'] $peer['tls'] }
}

# ---- Azure Site Recovery --------------------------------------------------------------------------------------------

Read-Fact 'site_recovery.passphrase_file' {
    $data = [Environment]::GetFolderPath('CommonApplicationData')
    [bool](Test-Path -LiteralPath (Join-Path $data 'Microsoft Azure Site Recovery\private\connection.passphrase'))
}
Read-FactList 'site_recovery.products' {
    $ours = 'Azure Site Recovery|Recovery Services Agent|' +
        'Azure.*(Appliance|Push Install|RCM Proxy|Server Discovery|VMware Discovery|Reprotect|Replication agent)'
    Get-InstalledPrograms | Where-Object { $_['name'] -match $ours }
    $root = 'SOFTWARE\Wow6432Node\InMage Systems\Installed Products'
    foreach ($key in @(Get-RegistryNames $root 'keys')) {
        $name = [string](Get-MatchingValue "$root\$key" '^Product_?Name$')
        if ($name -ne '') { @{ name = $name; version = [string](Get-MatchingValue "$root\$key" '^Prod(uct)?_?Version$') } }
    }
}
Read-Fact 'site_recovery.registered_vault' {
    $path = 'SOFTWARE\Microsoft\Azure Site Recovery\Registration'
    if (-not (Test-RegistryKey $path)) { return $null }
    foreach ($pattern in @('^VaultName$', '^ResourceName$', '^ResourceId$', 'Vault')) {
        $name = [string](Get-MatchingValue $path $pattern)
        if ($name -ne '') { return $name }
    }
    throw 'the machine is registered, and the registration names no vault'
}

# ---- the document ---------------------------------------------------------------------------------------------------

$Machine = $null
if ($Facts['identity.bios_uuid'].ContainsKey('value')) { $Machine = $Facts['identity.bios_uuid']['value'] }
$Document = New-Object System.Collections.Specialized.OrderedDictionary
$Document['schema'] = 'foothold.host-facts/1'
$Document['collector'] = 'Collect-Facts.ps1'
$Document['nonce'] = $Nonce
$Document['deployment'] = $Deployment
$Document['component'] = $Component
$Document['host'] = @{ name = [Environment]::MachineName; machine_id = $Machine }
$Document['started_at'] = $Started
$Document['finished_at'] = Get-UtcText ([DateTime]::UtcNow)
$Document['facts'] = $Facts

$Text = Get-JsonText $Document
$Text = $Text.Substring(0, $Text.Length - 1)
$KeyBytes = [byte[]]@(for ($i = 0; $i -lt $Key.Length; $i += 2) { [Convert]::ToByte($Key.Substring($i, 2), 16) })
$Hmac = New-Object System.Security.Cryptography.HMACSHA256(, $KeyBytes)
$Digest = $Hmac.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($Text))
$Seal = @($Digest | ForEach-Object { ([int]$_).ToString('x2', $Invariant) }) -join ''
$Text = $Text + ',"hmac":"' + $Seal + '"}'

if ($ToOutput -or ($OutFile -eq '' -and [string]$PSScriptRoot -eq '')) {
    Write-Output $Text
}
else {
    if ($OutFile -eq '') { $OutFile = Join-Path $PSScriptRoot ('host-facts-' + [Environment]::MachineName + '.json') }
    [System.IO.File]::WriteAllText($OutFile, $Text, (New-Object System.Text.UTF8Encoding($false)))
    Write-Output "The facts of this machine are in $OutFile. Upload that file to the wizard."
}
