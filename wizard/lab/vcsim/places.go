package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// places finds objects of the inventory by the paths that people use, such as /DC0/datastore/LocalDS_0.
type places struct {
	ctx *simulator.Context

	known map[string]types.ManagedObjectReference // paths found before, while they are remembered
}

// remember keeps what find finds until forget is called; until then nothing that is looked for may move.
func (p *places) remember() { p.known = map[string]types.ManagedObjectReference{} }

func (p *places) forget() { p.known = nil }

// stored is a name as vSphere keeps it, so that it can be one part of a path.
func stored(name string) string {
	return strings.NewReplacer("%", "%25", "/", "%2f", `\`, "%5c").Replace(name)
}

// typed is the name as people wrote it.
func typed(name string) string {
	return strings.NewReplacer("%25", "%", "%2f", "/", "%5c", `\`).Replace(name)
}

// above is what an entity belongs to; a machine in a vApp has no parent but the vApp.
func above(entity mo.Entity) *types.ManagedObjectReference {
	if vm, ok := entity.(*simulator.VirtualMachine); ok && vm.Parent == nil {
		return vm.ParentVApp
	}
	return entity.Entity().Parent
}

// named returns the name of any entity; networks keep theirs apart.
func named(entity mo.Entity) string {
	switch x := entity.(type) {
	case *mo.Network:
		return x.Name
	case *mo.OpaqueNetwork:
		return x.Name
	case *simulator.DistributedVirtualPortgroup:
		return x.Name
	case *simulator.DistributedVirtualSwitch:
		return x.Name
	}
	return entity.Entity().Name
}

// child returns the entity called name directly below parent.
func (p *places) child(parent types.ManagedObjectReference, name string) *types.ManagedObjectReference {
	for _, entity := range p.ctx.Map.All("") {
		if up := above(entity); up != nil && *up == parent && named(entity) == name {
			ref := entity.Reference()
			return &ref
		}
	}
	return nil
}

// find walks a path down from the root folder.
func (p *places) find(path string) (types.ManagedObjectReference, error) {
	if ref, known := p.known[path]; known {
		return ref, nil
	}
	ref := p.ctx.Map.Get(serviceInstance).(*simulator.ServiceInstance).Content.RootFolder
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' }) {
		next := p.child(ref, name)
		if next == nil {
			return ref, fmt.Errorf("%s: there is no %q", path, name)
		}
		ref = *next
	}
	if p.known != nil {
		p.known[path] = ref
	}
	return ref, nil
}

// path is the way from the root folder to an entity, as find reads it.
func (p *places) path(ref types.ManagedObjectReference) string {
	entity, ok := p.ctx.Map.Get(ref).(mo.Entity)
	if !ok || above(entity) == nil {
		return ""
	}
	return p.path(*above(entity)) + "/" + named(entity)
}

// datacenter is the path of the datacenter that an object belongs to, as find reads it but without the slash.
func (p *places) datacenter(ref types.ManagedObjectReference) string {
	for at := &ref; at != nil; {
		if at.Type == "Datacenter" {
			return strings.TrimPrefix(p.path(*at), "/")
		}
		entity, ok := p.ctx.Map.Get(*at).(mo.Entity)
		if !ok {
			break
		}
		at = above(entity)
	}
	return ""
}

// within returns the entity of that name anywhere in a datacenter's folder: names of datastores and networks are unique there.
func (p *places) within(dc, folder, name string) (types.ManagedObjectReference, error) {
	top, err := p.find("/" + dc + "/" + folder)
	if err != nil {
		return top, err
	}
	prefix := p.path(top) + "/"
	for _, entity := range p.ctx.Map.All("") {
		if named(entity) == name && strings.HasPrefix(p.path(entity.Reference()), prefix) {
			return entity.Reference(), nil
		}
	}
	return top, fmt.Errorf("/%s/%s: there is no %q", dc, folder, name)
}

func (p *places) datastore(dc, name string) (*simulator.Datastore, error) {
	ref, err := p.find("/" + dc + "/datastore/" + name)
	if err != nil {
		return nil, err
	}
	return p.ctx.Map.Get(ref).(*simulator.Datastore), nil
}

// hosts are those of a pool's cluster (or standalone host) that are up, see the datastore and have the networks.
func (p *places) hosts(pool, datastore types.ManagedObjectReference, networks []types.ManagedObjectReference) []types.ManagedObjectReference {
	var usable []types.ManagedObjectReference
	for _, ref := range p.members(pool) {
		host := p.ctx.Map.Get(ref).(*simulator.HostSystem)
		if host.Runtime.ConnectionState != types.HostSystemConnectionStateConnected || host.Runtime.InMaintenanceMode {
			continue
		}
		lacks := func(network types.ManagedObjectReference) bool { return !slices.Contains(host.Network, network) }
		if slices.Contains(host.Datastore, datastore) && !slices.ContainsFunc(networks, lacks) {
			usable = append(usable, ref)
		}
	}
	return usable
}

// members are all hosts of the compute resource that a pool belongs to.
func (p *places) members(pool types.ManagedObjectReference) []types.ManagedObjectReference {
	for ref := &pool; ref != nil; {
		entity, ok := p.ctx.Map.Get(*ref).(mo.Entity)
		if !ok {
			break
		}
		switch x := entity.(type) {
		case *mo.ComputeResource:
			return x.Host
		case *simulator.ClusterComputeResource:
			return x.Host
		}
		ref = entity.Entity().Parent
	}
	return nil
}

// setDatastore, whose config bears a path for a name, gives a datastore the size, space and state asked for; zero values leave what is there.
func (p *places) setDatastore(dc string, config datastoreConfig) error {
	store, err := p.datastore(dc, config.Name)
	if err != nil {
		return err
	}
	p.ctx.WithLock(store, func() {
		changes := []types.PropertyChange{}
		set := func(name string, value any) {
			changes = append(changes, types.PropertyChange{Name: name, Val: value})
		}
		if config.CapacityGB > 0 {
			set("summary.capacity", config.CapacityGB*gigabyte)
			store.Info.GetDatastoreInfo().MaxFileSize = config.CapacityGB * gigabyte
		}
		if config.FreeGB > 0 {
			set("summary.freeSpace", config.FreeGB*gigabyte)
			store.Info.GetDatastoreInfo().FreeSpace = config.FreeGB * gigabyte
		}
		if config.Type != "" {
			set("summary.type", config.Type)
		}
		if config.Maintenance != "" {
			set("summary.maintenanceMode", config.Maintenance)
		}
		if config.Accessible != nil {
			set("summary.accessible", *config.Accessible)
			for i := range store.Host {
				store.Host[i].MountInfo.Accessible = config.Accessible
			}
		}
		p.ctx.Update(store, changes)
	})
	return nil
}

// restoreDatastores gives every datastore what it had at the beginning.
func (p *places) restoreDatastores(datacenters []datacenterConfig) error {
	for _, dc := range datacenters {
		for _, store := range dc.Datastores {
			store.Name = path.Join(store.Folder, stored(store.Name))
			if store.Type == "" {
				store.Type = string(types.HostFileSystemVolumeFileSystemTypeVMFS)
			}
			if store.Maintenance == "" {
				store.Maintenance = string(types.DatastoreSummaryMaintenanceModeStateNormal)
			}
			if store.Accessible == nil {
				store.Accessible = types.NewBool(true)
			}
			if err := p.setDatastore(path.Join(dc.Folder, stored(dc.Name)), store); err != nil {
				return err
			}
		}
	}
	return nil
}
