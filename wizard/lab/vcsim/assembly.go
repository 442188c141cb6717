package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const hardwareVersion = "vmx-19"

// assemble makes a machine as vCenter describes one, without the tasks and files with which the simulator would
// create it: those take some 15 ms a machine, this takes a fraction of one.
func (m *machines) assemble(config machineConfig, store *simulator.Datastore) (*simulator.VirtualMachine, error) {
	instance := uuid.NewSHA1(uuid.NameSpaceDNS, []byte(config.Datacenter+"/"+config.Folder+"/"+config.Name))
	bios := uuid.NewSHA1(instance, []byte("bios"))
	directory := fmt.Sprintf("[%s] %s", store.Name, stored(config.Name))
	parts := &hardware{
		config: config, directory: directory, datastore: store.Self, instance: instance,
		controllers: map[controllerKind]*placedController{},
	}
	parts.config.Name = stored(config.Name)
	parts.basic()
	for i, disk := range config.disks() {
		if err := parts.disk(i, disk); err != nil {
			return nil, err
		}
	}
	vm := &simulator.VirtualMachine{DataSets: map[string]*simulator.DataSet{}}
	vm.Guest = &types.GuestInfo{}
	for i, name := range config.Networks {
		network, backing, err := m.backing(config.Datacenter, name)
		if err != nil {
			return nil, err
		}
		parts.card(i, backing, name)
		vm.Network = append(vm.Network, network)
		vm.Guest.Net = append(vm.Guest.Net, types.GuestNicInfo{
			Network: name, MacAddress: parts.mac(i), Connected: config.PoweredOn, DeviceConfigId: cardKey + int32(i),
		})
	}
	vm.Name = parts.config.Name
	vm.Datastore = []types.ManagedObjectReference{store.Self}
	vm.Config = configured(config, directory, first(config.InstanceUUID, instance.String()), first(config.BiosUUID, bios.String()))
	vm.Config.Name = vm.Name
	vm.Config.Hardware.Device = parts.devices
	vm.Runtime = types.VirtualMachineRuntimeInfo{
		ConnectionState: types.VirtualMachineConnectionState(first(config.ConnectionState, "connected")),
		PowerState:      types.VirtualMachinePowerStatePoweredOff,
	}
	m.describe(vm, config)
	return vm, nil
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

func configured(config machineConfig, directory, instance, bios string) *types.VirtualMachineConfigInfo {
	rspec := types.DefaultResourceConfigSpec()
	now := time.Now()
	info := &types.VirtualMachineConfigInfo{
		ChangeVersion: now.UTC().Format(time.RFC3339Nano),
		Modified:      now,
		CreateDate:    &now,
		Uuid:          bios,
		InstanceUuid:  instance,
		Version:       hardwareVersion,
		GuestId:       config.GuestID,
		GuestFullName: first(config.GuestFullName, config.GuestID),
		Firmware:      first(config.Firmware, string(types.GuestOsDescriptorFirmwareTypeBios)),
		Template:      config.Template,
		Files: types.VirtualMachineFileInfo{
			VmPathName:        path.Join(directory, stored(config.Name)+".vmx"),
			SnapshotDirectory: directory, SuspendDirectory: directory, LogDirectory: directory,
		},
		Tools: &types.ToolsConfigInfo{},
		Hardware: types.VirtualHardware{
			NumCPU: config.CPUs, NumCoresPerSocket: types.NewInt32(1), MemoryMB: int32(config.MemoryMB),
		},
		CpuAllocation:      &rspec.CpuAllocation,
		MemoryAllocation:   &rspec.MemoryAllocation,
		LatencySensitivity: &types.LatencySensitivity{Level: types.LatencySensitivitySensitivityLevelNormal},
		BootOptions:        &types.VirtualMachineBootOptions{EfiSecureBootEnabled: types.NewBool(config.SecureBoot)},
	}
	if config.Encrypted {
		info.KeyId = &types.CryptoKeyId{KeyId: instance, ProviderId: &types.KeyProviderId{Id: "lab-keys"}}
	}
	for _, key := range slices.Sorted(maps.Keys(config.ExtraConfig)) {
		info.ExtraConfig = append(info.ExtraConfig, &types.OptionValue{Key: key, Value: config.ExtraConfig[key]})
	}
	return info
}

// describe fills the summary and what else repeats or follows from the configuration.
func (m *machines) describe(vm *simulator.VirtualMachine, config machineConfig) {
	now := time.Now()
	var size int64
	for _, disk := range config.disks() {
		size += disk.GB * gigabyte
	}
	usage := types.VirtualMachineUsageOnDatastore{
		Datastore: vm.Datastore[0], Committed: size / 2, Uncommitted: size - size/2, Unshared: size / 2,
	}
	vm.Storage = &types.VirtualMachineStorageInfo{
		PerDatastoreUsage: []types.VirtualMachineUsageOnDatastore{usage}, Timestamp: now,
	}
	vm.Layout = &types.VirtualMachineFileLayout{}
	vm.LayoutEx = &types.VirtualMachineFileLayoutEx{Timestamp: now}
	vm.Capability.ChangeTrackingSupported = true
	vm.Summary = types.VirtualMachineSummary{
		Runtime: vm.Runtime,
		Guest:   &types.VirtualMachineGuestSummary{GuestId: config.GuestID},
		Config: types.VirtualMachineConfigSummary{
			Name: vm.Name, Template: config.Template, VmPathName: vm.Config.Files.VmPathName,
			MemorySizeMB: vm.Config.Hardware.MemoryMB, NumCpu: config.CPUs,
			NumEthernetCards: int32(len(config.Networks)), NumVirtualDisks: int32(len(config.disks())),
			Uuid: vm.Config.Uuid, InstanceUuid: vm.Config.InstanceUuid, HwVersion: vm.Config.Version,
			GuestId: vm.Config.GuestId, GuestFullName: vm.Config.GuestFullName,
		},
		Storage: &types.VirtualMachineStorageSummary{
			Committed: usage.Committed, Uncommitted: usage.Uncommitted, Unshared: usage.Unshared, Timestamp: now,
		},
		QuickStats:    types.VirtualMachineQuickStats{GuestHeartbeatStatus: types.ManagedEntityStatusGray},
		OverallStatus: types.ManagedEntityStatusGreen,
	}
}

// backing finds a network and how an adapter is joined to it.
func (m *machines) backing(dc, name string) (types.ManagedObjectReference, types.BaseVirtualDeviceBackingInfo, error) {
	ref, err := m.places.find("/" + dc + "/network/" + name)
	if err != nil {
		return ref, nil, err
	}
	switch network := m.places.ctx.Map.Get(ref).(type) {
	case *simulator.DistributedVirtualPortgroup:
		backing, err := object.NewDistributedVirtualPortgroup(m.client, ref).EthernetCardBackingInfo(m.ctx)
		return ref, backing, err
	case *mo.OpaqueNetwork:
		summary := network.Summary.(*types.OpaqueNetworkSummary)
		return ref, &types.VirtualEthernetCardOpaqueNetworkBackingInfo{
			OpaqueNetworkId: summary.OpaqueNetworkId, OpaqueNetworkType: summary.OpaqueNetworkType,
		}, nil
	case *mo.Network:
		backing := &types.VirtualEthernetCardNetworkBackingInfo{Network: &ref, InPassthroughMode: types.NewBool(false)}
		backing.DeviceName, backing.UseAutoDetect = network.Name, types.NewBool(false)
		return ref, backing, nil
	}
	return ref, nil, fmt.Errorf("%s is a %s, not a network", name, ref.Type)
}

// register enters a machine where vCenter lists it: its host, datastore, pool and folder, or in place of the two its vApp.
func (m *machines) register(vm *simulator.VirtualMachine, folder, pool, host types.ManagedObjectReference, store *simulator.Datastore) {
	own := *m.places.ctx // a lock is shared by all who hold it with one context
	ctx := &own
	registry := ctx.Map
	registry.NewEntity(vm)
	vm.Summary.Vm = &vm.Self
	vm.ResourcePool = &pool
	vm.Runtime.Host, vm.Summary.Runtime.Host = &host, &host
	vm.EnvironmentBrowser = m.browser(host)

	onHost := registry.Get(host).(*simulator.HostSystem)
	ctx.WithLock(onHost, func() { onHost.Vm = append(onHost.Vm, vm.Self) })
	ctx.WithLock(store, func() { store.Vm = append(store.Vm, vm.Self) })
	into := registry.Get(pool)
	ctx.WithLock(into, func() {
		switch into := into.(type) {
		case *simulator.ResourcePool:
			into.Vm = append(into.Vm, vm.Self)
		case *simulator.VirtualApp:
			into.Vm = append(into.Vm, vm.Self)
			vm.ParentVApp = &pool
		}
	})
	if vm.ParentVApp != nil {
		registry.Put(vm)
		return
	}
	parent := registry.Get(folder).(*simulator.Folder)
	// Views are told of a new object, and look for it in its folder.
	ctx.WithLock(parent, func() {
		parent.ChildEntity = append(parent.ChildEntity, vm.Self)
		registry.PutEntity(parent, vm)
	})
}

func (m *machines) browser(host types.ManagedObjectReference) types.ManagedObjectReference {
	var found *types.ManagedObjectReference
	switch parent := m.places.ctx.Map.Get(*m.places.ctx.Map.Get(host).(*simulator.HostSystem).Parent).(type) {
	case *mo.ComputeResource:
		found = parent.EnvironmentBrowser
	case *simulator.ClusterComputeResource:
		found = parent.EnvironmentBrowser
	}
	if found == nil {
		return types.ManagedObjectReference{}
	}
	return *found
}
