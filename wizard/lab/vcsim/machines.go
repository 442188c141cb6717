package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"path"
	"strings"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// machines adds, renames and removes virtual machines.
type machines struct {
	ctx    context.Context
	client *vim25.Client
	places *places
	guests *guests
}

// addAll creates machines one after the other, so that each has the same moid at every start.
func (m *machines) addAll(configs []machineConfig) error {
	for _, config := range configs {
		if err := m.add(config); err != nil {
			return fmt.Errorf("vm %s: %w", config.Name, err)
		}
	}
	return nil
}

func (m *machines) add(config machineConfig) error {
	folder, err := m.places.find("/" + config.Datacenter + "/vm/" + config.Folder)
	if err != nil {
		return err
	}
	pool, err := m.pool(config)
	if err != nil {
		return err
	}
	host, err := m.host(config, pool)
	if err != nil {
		return err
	}
	spec, err := m.spec(config)
	if err != nil {
		return err
	}
	ref, err := m.create(&types.CreateVM_Task{This: folder, Config: spec, Pool: pool, Host: host})
	if err != nil {
		return err
	}
	m.guests.settle(ref, config)
	return nil
}

// create calls the simulator straight: waiting for a task as a client does takes longer than the task.
func (m *machines) create(req *types.CreateVM_Task) (ref types.ManagedObjectReference, err error) {
	own := *m.places.ctx // a lock is shared by all who hold it with one context
	ctx := &own
	folder := ctx.Map.Get(req.This).(*simulator.Folder)
	var task *simulator.Task
	ctx.WithLock(folder, func() {
		body := folder.CreateVMTask(ctx, req).(*methods.CreateVM_TaskBody)
		task = ctx.Map.Get(body.Res.Returnval).(*simulator.Task)
	})
	task.Wait()
	if failed := task.Info.Error; failed != nil {
		return ref, fmt.Errorf("%T", failed.Fault)
	}
	return task.Info.Result.(types.ManagedObjectReference), nil
}

// host spreads the machines over the hosts that can run them, each always to the same one.
func (m *machines) host(config machineConfig, pool types.ManagedObjectReference) (*types.ManagedObjectReference, error) {
	store, err := m.places.datastore(config.Datacenter, config.Datastore)
	if err != nil {
		return nil, err
	}
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

func (m *machines) pool(config machineConfig) (types.ManagedObjectReference, error) {
	compute, below, _ := strings.Cut(config.Compute, "/")
	where := "/" + config.Datacenter + "/host/" + compute + "/Resources"
	if below != "" {
		where += "/" + below
	}
	return m.places.find(where)
}

func (m *machines) spec(config machineConfig) (types.VirtualMachineConfigSpec, error) {
	instance := uuid.NewSHA1(uuid.NameSpaceDNS, []byte(config.Datacenter+"/"+config.Folder+"/"+config.Name))
	spec := types.VirtualMachineConfigSpec{
		Name:         config.Name,
		GuestId:      config.GuestID,
		Firmware:     config.Firmware,
		NumCPUs:      config.CPUs,
		MemoryMB:     config.MemoryMB,
		InstanceUuid: instance.String(),
		Uuid:         uuid.NewSHA1(instance, []byte("bios")).String(),
		Files:        &types.VirtualMachineFileInfo{VmPathName: "[" + config.Datastore + "]"},
	}
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return spec, err
	}
	devices = append(devices, scsi)
	for i, size := range config.DisksGB {
		file := fmt.Sprintf("[%s] %s", config.Datastore, path.Join(config.Name, fmt.Sprintf("disk%d.vmdk", i+1)))
		disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, file)
		disk.CapacityInKB = size * gigabyte / 1024
		devices = append(devices, disk)
	}
	for _, name := range config.Networks {
		backing, err := m.backing(config.Datacenter, name)
		if err != nil {
			return spec, err
		}
		card, err := devices.CreateEthernetCard("vmxnet3", backing)
		if err != nil {
			return spec, err
		}
		devices = append(devices, card)
	}
	spec.DeviceChange, err = devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	return spec, err
}

func (m *machines) backing(dc, network string) (types.BaseVirtualDeviceBackingInfo, error) {
	ref, err := m.places.find("/" + dc + "/network/" + network)
	if err != nil {
		return nil, err
	}
	if ref.Type == "DistributedVirtualPortgroup" {
		return object.NewDistributedVirtualPortgroup(m.client, ref).EthernetCardBackingInfo(m.ctx)
	}
	backing := &types.VirtualEthernetCardNetworkBackingInfo{}
	backing.DeviceName = network
	return backing, nil
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
