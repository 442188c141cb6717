package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"path"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// machines adds, renames and removes virtual machines.
type machines struct {
	ctx    context.Context
	client *vim25.Client
	places *places
	guests *guests
}

// addAll adds machines one after the other, so that each has the same moid at every start. What they are put into is
// looked up once: a search takes as long as the inventory is large.
func (m *machines) addAll(configs []machineConfig) error {
	m.places.remember()
	defer m.places.forget()
	for _, config := range configs {
		if _, err := m.enter(config); err != nil {
			return fmt.Errorf("vm %s: %w", config.Name, err)
		}
	}
	return nil
}

// add adds one machine, whose disks take their room; an inventory says itself how much is left.
func (m *machines) add(config machineConfig) error {
	store, err := m.enter(config)
	if err != nil {
		return err
	}
	own := *m.places.ctx
	own.WithLock(store, func() {
		for _, disk := range config.disks() {
			store.Summary.FreeSpace -= disk.GB * gigabyte
		}
		store.Info.GetDatastoreInfo().FreeSpace = store.Summary.FreeSpace
	})
	return nil
}

func (m *machines) enter(config machineConfig) (*simulator.Datastore, error) {
	folder, err := m.places.find("/" + config.Datacenter + "/vm/" + config.Folder)
	if err != nil {
		return nil, err
	}
	pool, err := m.pool(config)
	if err != nil {
		return nil, err
	}
	store, err := m.places.datastore(config.Datacenter, config.Datastore)
	if err != nil {
		return nil, err
	}
	host, err := m.host(config, pool, store)
	if err != nil {
		return nil, err
	}
	vm, err := m.assemble(config, store)
	if err != nil {
		return nil, err
	}
	m.register(vm, folder, pool, *host, store)
	m.snapshots(vm, config.Snapshots)
	m.guests.settle(vm.Self, config)
	return store, nil
}

// host spreads the machines over the hosts that can run them, each always to the same one.
func (m *machines) host(config machineConfig, pool types.ManagedObjectReference, store *simulator.Datastore) (*types.ManagedObjectReference, error) {
	hosts := m.places.hosts(pool, store.Self, nil)
	if len(hosts) == 0 {
		return nil, fmt.Errorf("no host of %s sees %s", config.Compute, config.Datastore)
	}
	return &hosts[spread(config.Name, len(hosts))], nil
}

// spread maps a name to a number below limit, the same at every start.
func spread(name string, limit int) int {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name))
	return int(sum.Sum32() % uint32(limit))
}

// pool is the one that a machine's Compute names: the root pool of a host or cluster, or what its path goes on to.
func (m *machines) pool(config machineConfig) (types.ManagedObjectReference, error) {
	at := "/" + config.Datacenter + "/host"
	names := strings.Split(config.Compute, "/")
	for i, name := range names {
		at += "/" + name
		ref, err := m.places.find(at)
		if err != nil {
			return ref, err
		}
		if strings.HasSuffix(ref.Type, "ComputeResource") {
			return m.places.find(path.Join(append([]string{at, "Resources"}, names[i+1:]...)...))
		}
	}
	return types.ManagedObjectReference{}, fmt.Errorf("%s is no host and no cluster", config.Compute)
}

// find returns the first machine called name, in any datacenter.
func (m *machines) find(name string) (types.ManagedObjectReference, error) {
	for _, entity := range m.places.ctx.Map.All("VirtualMachine") {
		if named(entity) == name {
			return entity.Reference(), nil
		}
	}
	return types.ManagedObjectReference{}, fmt.Errorf("there is no virtual machine %q", name)
}

func (m *machines) rename(name, to string) error {
	ref, err := m.find(name)
	if err != nil {
		return err
	}
	task, err := object.NewVirtualMachine(m.client, ref).Rename(m.ctx, to)
	if err != nil {
		return err
	}
	return task.Wait(m.ctx)
}

func (m *machines) remove(ref types.ManagedObjectReference) error {
	if inner := m.places.ctx.Map.Get(ref).(*simulator.VirtualMachine); inner.Parent == nil {
		return fmt.Errorf("%s is in a vApp, and stays there", inner.Name)
	}
	vm := object.NewVirtualMachine(m.client, ref)
	// A machine that is off refuses to be powered off, which is as good.
	if task, err := vm.PowerOff(m.ctx); err == nil {
		_ = task.Wait(m.ctx)
	}
	task, err := vm.Destroy(m.ctx)
	if err != nil {
		return err
	}
	return task.Wait(m.ctx)
}

type machineState struct {
	Moid      string   `json:"moid"`
	Name      string   `json:"name"`
	Path      string   `json:"path"`
	PoweredOn bool     `json:"powered_on"`
	Host      string   `json:"host"`
	HostName  string   `json:"host_name"`
	Addresses []string `json:"addresses"`
}

func (m *machines) list() []machineState {
	states := []machineState{}
	for _, entity := range m.places.ctx.Map.All("VirtualMachine") {
		vm := entity.(*simulator.VirtualMachine)
		m.places.ctx.WithLock(vm, func() {
			state := machineState{
				Moid:      vm.Self.Value,
				Name:      vm.Name,
				Path:      m.places.path(vm.Self),
				PoweredOn: vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn,
				HostName:  vm.Guest.HostName,
				Addresses: []string{},
			}
			if vm.Runtime.Host != nil {
				state.Host = strings.TrimPrefix(path.Base(m.places.path(*vm.Runtime.Host)), "/")
			}
			if vm.Guest.IpAddress != "" {
				state.Addresses = append(state.Addresses, vm.Guest.IpAddress)
			}
			states = append(states, state)
		})
	}
	return states
}
