package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// networks makes the standard port groups on their hosts, those of NSX, then the distributed ones.
func (b *builder) networks(dc types.ManagedObjectReference, top *object.Folder, hosts []*simulator.HostSystem, config datacenterConfig) error {
	for _, wanted := range config.Networks {
		members := selectHosts(hosts, wanted.Hosts)
		if len(members) == 0 {
			return fmt.Errorf("network %s has no host", wanted.Name)
		}
		if wanted.Opaque {
			if err := b.opaque(top, members, wanted); err != nil {
				return err
			}
			continue
		}
		name := stored(wanted.Name)
		if b.network(dc, name) == nil {
			system, err := object.NewHostSystem(b.client, members[0].Self).ConfigManager().NetworkSystem(b.ctx)
			if err != nil {
				return err
			}
			spec := types.HostPortGroupSpec{Name: name, VswitchName: "vSwitch0"}
			if err := system.AddPortGroup(b.ctx, spec); err != nil {
				return err
			}
		}
		network := b.network(dc, name)
		for _, host := range members {
			network.Host = append(network.Host, host.Self)
			b.attach(host, network.Self)
		}
		if err := b.move(network, top, wanted.Folder); err != nil {
			return err
		}
	}
	if len(config.PortGroups) == 0 {
		return nil
	}
	return b.distributed(top, hosts, config.PortGroups)
}

// opaque makes a network that vCenter knows by name alone, as NSX gives it to the hosts.
func (b *builder) opaque(top *object.Folder, members []*simulator.HostSystem, wanted networkConfig) error {
	parent, err := b.folder(top, wanted.Folder)
	if err != nil {
		return err
	}
	folder := b.registry.Get(parent.Reference()).(*simulator.Folder)
	if err := folder.AddOpaqueNetwork(b.machines.places.ctx, types.OpaqueNetworkSummary{
		NetworkSummary:  types.NetworkSummary{Name: stored(wanted.Name)},
		OpaqueNetworkId: uuid.NewSHA1(uuid.NameSpaceDNS, []byte(wanted.Name)).String(),
	}); err != nil {
		return err
	}
	made := b.registry.Get(*b.machines.places.child(folder.Self, stored(wanted.Name))).(*mo.OpaqueNetwork)
	for _, host := range members {
		made.Host = append(made.Host, host.Self)
		b.attach(host, made.Self)
	}
	return nil
}

// distributed makes one switch with all hosts as members and the port groups wanted.
func (b *builder) distributed(folder *object.Folder, hosts []*simulator.HostSystem, groups []string) error {
	spec := types.DVSCreateSpec{ConfigSpec: &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: "DVS0"}}}
	task, err := folder.CreateDVS(b.ctx, spec)
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(b.ctx)
	if err != nil {
		return err
	}
	dvs := object.NewDistributedVirtualSwitch(b.client, info.Result.(types.ManagedObjectReference))
	b.markUplinks()
	var members []types.DistributedVirtualSwitchHostMemberConfigSpec
	for _, host := range hosts {
		members = append(members, types.DistributedVirtualSwitchHostMemberConfigSpec{
			Operation: string(types.ConfigSpecOperationAdd),
			Host:      host.Self,
		})
	}
	task, err = dvs.Reconfigure(b.ctx, &types.DVSConfigSpec{Host: members})
	if err != nil {
		return err
	}
	if err := task.Wait(b.ctx); err != nil {
		return err
	}
	var specs []types.DVPortgroupConfigSpec
	for _, name := range groups {
		specs = append(specs, types.DVPortgroupConfigSpec{
			Name:     stored(name),
			Type:     string(types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding),
			NumPorts: 128,
		})
	}
	task, err = dvs.AddPortgroup(b.ctx, specs)
	if err != nil {
		return err
	}
	if err := task.Wait(b.ctx); err != nil {
		return err
	}
	// The simulator lists a port group with its cluster once for each host.
	for _, host := range hosts {
		for _, network := range host.Network {
			b.attach(host, network)
		}
	}
	return nil
}

// markUplinks tags the port groups that exist so far, which are those of the switches' uplinks, as vSphere does.
func (b *builder) markUplinks() {
	for _, entity := range b.registry.All("DistributedVirtualPortgroup") {
		group := entity.(*simulator.DistributedVirtualPortgroup)
		if strings.Contains(group.Name, "DVUplinks") {
			group.Tag = []types.Tag{{Key: "SYSTEM/DVS.UPLINKPG"}}
		}
	}
}

// attach lists a network with a host and with the host's cluster, each once.
func (b *builder) attach(host *simulator.HostSystem, network types.ManagedObjectReference) {
	add := func(list []types.ManagedObjectReference) []types.ManagedObjectReference {
		others := slices.DeleteFunc(slices.Clone(list), func(ref types.ManagedObjectReference) bool { return ref == network })
		return append(others, network)
	}
	host.Network = add(host.Network)
	switch parent := b.registry.Get(*host.Parent).(type) {
	case *mo.ComputeResource:
		parent.Network = add(parent.Network)
	case *simulator.ClusterComputeResource:
		parent.Network = add(parent.Network)
	}
}

func (b *builder) network(dc types.ManagedObjectReference, name string) *mo.Network {
	for _, ref := range b.registry.Get(dc).(*simulator.Datacenter).Network {
		if network, ok := b.registry.Get(ref).(*mo.Network); ok && network.Name == name {
			return network
		}
	}
	return nil
}
