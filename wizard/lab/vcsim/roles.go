package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Roles and permissions that are changed through the API, as vCenter does it: a permission replaces that of the same
// user on the same object only, names a user and a role that exist, and a role in use stays unless it is forced.

func (a *authorization) AddAuthorizationRole(req *types.AddAuthorizationRole) soap.HasFault {
	a.lock.Lock()
	defer a.lock.Unlock()
	body := a.AuthorizationManager.AddAuthorizationRole(req).(*methods.AddAuthorizationRoleBody)
	if body.Res == nil {
		return body
	}
	// The simulator counts from 0, which is nobody's role in vCenter.
	a.RoleList[len(a.RoleList)-1].RoleId = a.nextRole
	body.Res.Returnval = a.nextRole
	a.nextRole++
	return body
}

func (a *authorization) UpdateAuthorizationRole(req *types.UpdateAuthorizationRole) soap.HasFault {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.AuthorizationManager.UpdateAuthorizationRole(req)
}

func (a *authorization) RemoveAuthorizationRole(req *types.RemoveAuthorizationRole) soap.HasFault {
	a.lock.Lock()
	defer a.lock.Unlock()
	given := a.given(req.RoleId)
	if req.FailIfUsed && len(given) > 0 {
		return &methods.RemoveAuthorizationRoleBody{Fault_: simulator.Fault("", &types.RemoveFailed{})}
	}
	for _, permission := range given {
		a.AuthorizationManager.RemoveEntityPermission(&types.RemoveEntityPermission{
			Entity: *permission.Entity, User: permission.Principal, IsGroup: permission.Group,
		})
	}
	return a.AuthorizationManager.RemoveAuthorizationRole(req)
}

// given are the permissions with a role. The caller holds the lock.
func (a *authorization) given(role int32) []types.Permission {
	request := &types.RetrieveRolePermissions{RoleId: role}
	return a.AuthorizationManager.RetrieveRolePermissions(request).(*methods.RetrieveRolePermissionsBody).Res.Returnval
}

func (a *authorization) RetrieveRolePermissions(req *types.RetrieveRolePermissions) soap.HasFault {
	a.lock.RLock()
	defer a.lock.RUnlock()
	if !a.hasRole(req.RoleId) {
		return &methods.RetrieveRolePermissionsBody{Fault_: simulator.Fault("", &types.NotFound{})}
	}
	return a.AuthorizationManager.RetrieveRolePermissions(req)
}

func (a *authorization) hasRole(id int32) bool {
	return slices.ContainsFunc(a.RoleList, func(role types.AuthorizationRole) bool { return role.RoleId == id })
}

func (a *authorization) SetEntityPermissions(req *types.SetEntityPermissions) soap.HasFault {
	refuse := func(fault types.BaseMethodFault) soap.HasFault {
		return &methods.SetEntityPermissionsBody{Fault_: simulator.Fault("", fault)}
	}
	if a.ctx.Map.Get(req.Entity) == nil {
		return refuse(&types.ManagedObjectNotFound{Obj: req.Entity})
	}
	kept := a.permissions(req.Entity)
	a.lock.Lock()
	defer a.lock.Unlock()
	merged := []types.Permission{}
	for _, old := range kept {
		if !slices.ContainsFunc(req.Permission, func(fresh types.Permission) bool { return samePrincipal(old, fresh) }) {
			merged = append(merged, old)
		}
	}
	for _, fresh := range req.Permission {
		if !fresh.Group && !a.users[principal(fresh.Principal)] {
			return refuse(&types.UserNotFound{Principal: fresh.Principal})
		}
		if !a.hasRole(fresh.RoleId) {
			return refuse(&types.NotFound{})
		}
		fresh.Entity = &req.Entity
		merged = append(merged, fresh)
	}
	return a.AuthorizationManager.SetEntityPermissions(&types.SetEntityPermissions{
		This: req.This, Entity: req.Entity, Permission: merged,
	})
}

func samePrincipal(one, other types.Permission) bool {
	return one.Group == other.Group && principal(one.Principal) == principal(other.Principal)
}

func (a *authorization) RemoveEntityPermission(req *types.RemoveEntityPermission) soap.HasFault {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.AuthorizationManager.RemoveEntityPermission(req)
}
