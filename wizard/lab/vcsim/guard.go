package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// guard stands before every call: rights, and the rules of vCenter that the simulator does not keep.
type guard struct {
	places        *places
	authorization *authorization
	leases        *leases
}

// check returns the fault with which a call is refused. It never replaces the object that is called.
func (g *guard) check(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if ctx.Session == nil || ctx.Session.UserName == systemSession {
		return nil, nil
	}
	for _, need := range g.needs(method) {
		if g.places.ctx.Map.Get(need.entity) == nil {
			return nil, &types.ManagedObjectNotFound{Obj: need.entity}
		}
		if !g.authorization.allowed(ctx.Session.UserName, need.privilege, need.entity) {
			return nil, &types.NoPermission{Object: &need.entity, PrivilegeId: need.privilege}
		}
	}
	switch body := method.Body.(type) {
	case *types.ImportVApp:
		return nil, g.placeImport(method.This, body)
	case *types.PowerOnVM_Task:
		if g.leases.holds(method.This) {
			return nil, &types.InvalidState{}
		}
	case *types.HttpNfcLeaseProgress:
		return nil, g.leases.progress(method.This, body.Percent)
	case *types.HttpNfcLeaseComplete:
		return nil, g.leases.complete(method.This)
	case *types.HttpNfcLeaseAbort:
		g.leases.abort(method.This)
	}
	return nil, nil
}

type need struct {
	privilege string
	entity    types.ManagedObjectReference
}

// needs are the privileges that a changing call wants, and on which object each.
func (g *guard) needs(method *simulator.Method) []need {
	this := func(privilege string) []need { return []need{{privilege, method.This}} }
	switch body := method.Body.(type) {
	case *types.CreateImportSpec:
		return []need{{"VApp.Import", body.ResourcePool}}
	case *types.ImportVApp:
		return g.importNeeds(method.This, body)
	case *types.CreateVM_Task:
		return []need{{"VirtualMachine.Inventory.Create", method.This}, {"Resource.AssignVMToPool", body.Pool}}
	case *types.CreateFolder:
		return this("Folder.Create")
	case *types.PowerOnVM_Task:
		return this("VirtualMachine.Interact.PowerOn")
	case *types.PowerOffVM_Task, *types.ShutdownGuest:
		return this("VirtualMachine.Interact.PowerOff")
	case *types.ReconfigVM_Task:
		return this("VirtualMachine.Config.Settings")
	case *types.UnregisterVM:
		return this("VirtualMachine.Inventory.Unregister")
	case *types.SetEntityPermissions:
		return []need{{"Authorization.ModifyPermissions", body.Entity}}
	case *types.RemoveEntityPermission:
		return []need{{"Authorization.ModifyPermissions", body.Entity}}
	case *types.AddAuthorizationRole, *types.UpdateAuthorizationRole, *types.RemoveAuthorizationRole:
		return []need{{"Authorization.ModifyRoles", g.authorization.root()}}
	case *types.TerminateSession:
		return []need{{"Sessions.TerminateSession", g.authorization.root()}}
	case *types.Rename_Task:
		if method.This.Type == "VirtualMachine" {
			return this("VirtualMachine.Config.Rename")
		}
		return this("Folder.Rename")
	case *types.Destroy_Task:
		if method.This.Type == "VirtualMachine" {
			return this("VirtualMachine.Inventory.Delete")
		}
		return this("Folder.Delete")
	}
	return nil
}
