#Requires -Version 5.1
#Requires -Modules VMware.VimAutomation.Core
# Makes a role with exactly the privileges below, or changes the role of that name into that, and assigns it to one account.
# What the account had itself on these objects is replaced; groups, other accounts and other objects stay as they are.
# It can be run again at any time; nothing is changed where everything is so already.
#
# Needs VMware PowerCLI, and an account that may change roles and permissions: it asks for one unless you are connected.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$server = @@server@@
$port = @@port@@
$instance = @@instance@@
$roleName = @@role@@
$principal = @@principal@@

# System.* belongs to every role.
$wanted = @(
@@privileges@@
)

# The role, or vSphere's own read-only role, on each object; with Propagate it holds for everything below.
$grants = @(
@@grants@@
)

$vcenter = $null
if (Test-Path -Path Variable:Global:DefaultVIServers) {
    foreach ($candidate in $Global:DefaultVIServers) {
        if ($candidate.Name -eq $server -and $candidate.Port -eq $port -and $candidate.IsConnected) {
            $vcenter = $candidate
        }
    }
}
if ($null -eq $vcenter) {
    $vcenter = Connect-VIServer -Server $server -Port $port
}
# In another vCenter the same ids are other objects.
if ($instance -ne '' -and $vcenter.ExtensionData.Content.About.InstanceUuid -ne $instance) {
    throw "$server is not the vCenter that this script was made for (instance $instance). Nothing was changed."
}
$manager = Get-View -Id $vcenter.ExtensionData.Content.AuthorizationManager -Server $vcenter

# What this release of vCenter does not know, it would refuse.
$known = @($manager.PrivilegeList | ForEach-Object { $_.PrivId })
[string[]] $privileges = @($wanted | Where-Object { $known -contains $_ })
foreach ($id in $wanted) {
    if ($known -notcontains $id) {
        Write-Warning "This vCenter does not know the privilege $id; the role goes without it."
    }
}

$role = $manager.RoleList | Where-Object { $_.Name -ceq $roleName } | Select-Object -First 1
if ($null -eq $role) {
    $roleId = $manager.AddAuthorizationRole($roleName, $privileges)
} else {
    $roleId = $role.RoleId
    $manager.UpdateAuthorizationRole($roleId, $roleName, $privileges)
}
$readOnlyId = ($manager.RoleList | Where-Object { $_.Name -ceq 'ReadOnly' }).RoleId

foreach ($grant in $grants) {
    $object = New-Object VMware.Vim.ManagedObjectReference
    $object.Type = $grant.Type
    $object.Value = $grant.Id
    $permission = New-Object VMware.Vim.Permission
    $permission.Principal = $principal
    $permission.Group = $false
    $permission.Propagate = $grant.Propagate
    $permission.RoleId = $roleId
    if ($grant.ReadOnly) {
        $permission.RoleId = $readOnlyId
    }
    $manager.SetEntityPermissions($object, @($permission))
}
