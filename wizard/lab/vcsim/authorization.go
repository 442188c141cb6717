package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	adminRole     = "Admin"
	firstOwnRole  = int32(1000)
	systemSession = "" // the user name of the simulator's own in-process client
)

// authorization answers the privilege questions from roles and permissions; the simulator grants everything to all.
type authorization struct {
	simulator.AuthorizationManager

	ctx      *simulator.Context
	places   *places
	sessions *sessions
	users    map[string]bool

	// lock guards roles and permissions: those who ask hold no lock of the simulator's.
	lock     sync.RWMutex
	nextRole int32
}

func newAuthorization(ctx *simulator.Context, places *places, config accountsConfig) (*authorization, error) {
	content := ctx.Map.Get(serviceInstance).(*simulator.ServiceInstance).Content
	original := ctx.Map.Get(*content.AuthorizationManager).(*simulator.AuthorizationManager)
	a := &authorization{
		AuthorizationManager: *original,
		ctx:                  ctx,
		places:               places,
		sessions:             &sessions{ctx: ctx},
		users:                map[string]bool{},
	}
	for _, account := range config.Accounts {
		a.users[principal(account.User)] = true
	}
	a.PrivilegeList = catalogue()
	ids := map[string]int32{adminRole: a.roleNamed(adminRole).RoleId}
	names := make([]string, 0, len(config.Roles))
	for name := range config.Roles {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		ids[name] = firstOwnRole + int32(i)
		a.RoleList = append(a.RoleList, types.AuthorizationRole{
			RoleId:    ids[name],
			Name:      name,
			Info:      &types.Description{Label: name, Summary: name},
			Privilege: config.Roles[name],
		})
	}
	a.nextRole = firstOwnRole + int32(len(names))
	return a, a.grant(config.Accounts, ids)
}

func (a *authorization) grant(accounts []accountConfig, roles map[string]int32) error {
	permissions := map[types.ManagedObjectReference][]types.Permission{}
	for _, account := range accounts {
		for _, grant := range account.Grants {
			entity, err := a.places.find(grant.Path)
			if err != nil {
				return fmt.Errorf("account %s: %w", account.User, err)
			}
			role, known := roles[grant.Role]
			if !known {
				return fmt.Errorf("account %s: there is no role %q", account.User, grant.Role)
			}
			permissions[entity] = append(permissions[entity], types.Permission{
				Entity:    &entity,
				Principal: principal(account.User),
				RoleId:    role,
				Propagate: true,
			})
		}
	}
	for entity, list := range permissions {
		a.AuthorizationManager.SetEntityPermissions(&types.SetEntityPermissions{Entity: entity, Permission: list})
	}
	return nil
}

func (a *authorization) root() types.ManagedObjectReference {
	return a.ctx.Map.Get(serviceInstance).(*simulator.ServiceInstance).Content.RootFolder
}

// catalogue lists every privilege that this vCenter knows, which is all that its administrator has.
func catalogue() []types.AuthorizationPrivilege {
	var list []types.AuthorizationPrivilege
	for _, role := range esx.RoleList {
		if role.Name != adminRole {
			continue
		}
		for _, id := range role.Privilege {
			dot := strings.LastIndex(id, ".")
			list = append(list, types.AuthorizationPrivilege{PrivId: id, Name: id[dot+1:], PrivGroupName: id[:max(dot, 0)]})
		}
	}
	return list
}

func (a *authorization) roleNamed(name string) types.AuthorizationRole {
	for _, role := range a.RoleList {
		if role.Name == name {
			return role
		}
	}
	return types.AuthorizationRole{}
}

// privileges are those a user has on an entity: the permission nearest to it decides, a propagated one of an
// ancestor only where the entity and what lies between have none for this user.
func (a *authorization) privileges(user string, entity types.ManagedObjectReference) []string {
	user = principal(user)
	own := true
	for ref := &entity; ref != nil; {
		object, isEntity := a.ctx.Map.Get(*ref).(mo.Entity)
		if !isEntity {
			return nil
		}
		for _, permission := range a.permissions(*ref) {
			if principal(permission.Principal) == user && (own || permission.Propagate) {
				return a.rolePrivileges(permission.RoleId)
			}
		}
		ref, own = above(object), false
	}
	return nil
}

func (a *authorization) permissions(entity types.ManagedObjectReference) []types.Permission {
	a.lock.RLock()
	defer a.lock.RUnlock()
	response := a.RetrieveEntityPermissions(a.ctx, &types.RetrieveEntityPermissions{This: a.Self, Entity: entity})
	return response.(*methods.RetrieveEntityPermissionsBody).Res.Returnval
}

func (a *authorization) rolePrivileges(id int32) []string {
	a.lock.RLock()
	defer a.lock.RUnlock()
	for _, role := range a.RoleList {
		if role.RoleId == id {
			return role.Privilege
		}
	}
	return nil
}

func (a *authorization) allowed(user, privilege string, entity types.ManagedObjectReference) bool {
	return user == systemSession || slices.Contains(a.privileges(user, entity), privilege)
}

func (a *authorization) availability(user string, entities []types.ManagedObjectReference, ids []string) ([]types.EntityPrivilege, *soap.Fault) {
	var list []types.EntityPrivilege
	for _, entity := range entities {
		if a.ctx.Map.Get(entity) == nil {
			return nil, simulator.Fault("", &types.ManagedObjectNotFound{Obj: entity})
		}
		granted := a.privileges(user, entity)
		item := types.EntityPrivilege{Entity: entity}
		for _, id := range ids {
			item.PrivAvailability = append(item.PrivAvailability, types.PrivilegeAvailability{
				PrivId:    id,
				IsGranted: slices.Contains(granted, id),
			})
		}
		list = append(list, item)
	}
	return list, nil
}

func (a *authorization) HasUserPrivilegeOnEntities(req *types.HasUserPrivilegeOnEntities) soap.HasFault {
	body := &methods.HasUserPrivilegeOnEntitiesBody{}
	list, fault := a.availability(req.UserName, req.Entities, req.PrivId)
	if fault != nil {
		body.Fault_ = fault
		return body
	}
	body.Res = &types.HasUserPrivilegeOnEntitiesResponse{Returnval: list}
	return body
}

func (a *authorization) HasPrivilegeOnEntities(req *types.HasPrivilegeOnEntities) soap.HasFault {
	body := &methods.HasPrivilegeOnEntitiesBody{}
	list, fault := a.availability(a.sessions.user(req.SessionId), req.Entity, req.PrivId)
	if fault != nil {
		body.Fault_ = fault
		return body
	}
	body.Res = &types.HasPrivilegeOnEntitiesResponse{Returnval: list}
	return body
}

func (a *authorization) HasPrivilegeOnEntity(req *types.HasPrivilegeOnEntity) soap.HasFault {
	body := &methods.HasPrivilegeOnEntityBody{}
	entities := []types.ManagedObjectReference{req.Entity}
	list, fault := a.availability(a.sessions.user(req.SessionId), entities, req.PrivId)
	if fault != nil {
		body.Fault_ = fault
		return body
	}
	body.Res = &types.HasPrivilegeOnEntityResponse{}
	for _, item := range list[0].PrivAvailability {
		body.Res.Returnval = append(body.Res.Returnval, item.IsGranted)
	}
	return body
}

func (a *authorization) FetchUserPrivilegeOnEntities(req *types.FetchUserPrivilegeOnEntities) soap.HasFault {
	response := &types.FetchUserPrivilegeOnEntitiesResponse{}
	for _, entity := range req.Entities {
		response.Returnval = append(response.Returnval, types.UserPrivilegeResult{
			Entity:     entity,
			Privileges: a.privileges(req.UserName, entity),
		})
	}
	return &methods.FetchUserPrivilegeOnEntitiesBody{Res: response}
}
