package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	gigabyte  = int64(1) << 30
	hostAgent = "HostAgent" // the API type of an ESXi host by itself
)

// builder creates the inventory through the simulator's own API, then corrects what that API cannot express.
type builder struct {
	ctx      context.Context
	client   *vim25.Client
	registry *simulator.Registry
	home     string
	machines *machines
}

func (b *builder) build(config inventoryConfig) error {
	for _, dc := range config.Datacenters {
		if err := b.datacenter(dc, config.APIType == hostAgent); err != nil {
			return fmt.Errorf("datacenter %s: %w", dc.Name, err)
		}
	}
	return nil
}

func (b *builder) datacenter(config datacenterConfig, standalone bool) error {
	path, err := b.open(config, standalone)
	if err != nil {
		return err
	}
	ref, err := b.machines.places.find("/" + path)
	if err != nil {
		return err
	}
	folders, err := object.NewDatacenter(b.client, ref).Folders(b.ctx)
	if err != nil {
		return err
	}
	hosts, err := b.compute(folders.HostFolder, config, standalone)
	if err != nil {
		return err
	}
	if err := b.networks(ref, folders.NetworkFolder, hosts, config); err != nil {
		return err
	}
	for _, path := range config.Folders {
		if _, err := b.folder(folders.VmFolder, path); err != nil {
			return err
		}
	}
	if err := b.vapps(folders, config); err != nil {
		return err
	}
	if err := b.datastores(path, folders.DatastoreFolder, hosts, config); err != nil {
		return err
	}
	for i := range config.VMs {
		config.VMs[i].Datacenter = path
	}
	if err := b.machines.addAll(config.VMs); err != nil {
		return err
	}
	return nil
}

// open makes the datacenter and returns its path; a single host has one from the start.
func (b *builder) open(config datacenterConfig, standalone bool) (string, error) {
	if standalone {
		return b.machines.places.path(b.registry.Any("Datacenter").Reference())[1:], nil
	}
	folder, err := b.folder(object.NewRootFolder(b.client), config.Folder)
	if err != nil {
		return "", err
	}
	created, err := folder.CreateDatacenter(b.ctx, stored(config.Name))
	if err != nil {
		return "", err
	}
	return b.machines.places.path(created.Reference())[1:], nil
}

func (b *builder) compute(top *object.Folder, config datacenterConfig, standalone bool) ([]*simulator.HostSystem, error) {
	var hosts []*simulator.HostSystem
	keep := func(host hostConfig, task *object.Task, err error) error {
		if err != nil {
			return err
		}
		info, err := task.WaitForResult(b.ctx)
		if err != nil {
			return err
		}
		created := b.registry.Get(info.Result.(types.ManagedObjectReference)).(*simulator.HostSystem)
		equip(created, host)
		hosts = append(hosts, created)
		return nil
	}
	if standalone {
		only := b.registry.Any("HostSystem").(*simulator.HostSystem)
		b.rename(only, config.Hosts[0])
		return []*simulator.HostSystem{only}, nil
	}
	for _, host := range config.Hosts {
		task, err := top.AddStandaloneHost(b.ctx, types.HostConnectSpec{HostName: host.Name}, true, nil, nil)
		if err := keep(host, task, err); err != nil {
			return nil, err
		}
	}
	for _, wanted := range config.Clusters {
		folder, err := b.folder(top, wanted.Folder)
		if err != nil {
			return nil, err
		}
		cluster, err := folder.CreateCluster(b.ctx, stored(wanted.Name), types.ClusterConfigSpecEx{})
		if err != nil {
			return nil, err
		}
		for _, host := range wanted.Hosts {
			task, err := cluster.AddHost(b.ctx, types.HostConnectSpec{HostName: host.Name}, true, nil, nil)
			if err := keep(host, task, err); err != nil {
				return nil, err
			}
		}
		pool, err := cluster.ResourcePool(b.ctx)
		if err != nil {
			return nil, err
		}
		for _, path := range wanted.Pools {
			if err := b.pool(pool, path); err != nil {
				return nil, err
			}
		}
	}
	return hosts, nil
}

// rename gives the one host of an ESXi, and the resource that it is, the name and size asked for.
func (b *builder) rename(host *simulator.HostSystem, config hostConfig) {
	equip(host, config)
	host.Name = config.Name
	b.registry.Get(*host.Parent).(*mo.ComputeResource).Name = config.Name
}

// pool makes the last pool of a path; those before it are there.
func (b *builder) pool(root *object.ResourcePool, path string) error {
	parent := root.Reference()
	names := strings.Split(path, "/")
	for _, name := range names[:len(names)-1] {
		next := b.machines.places.child(parent, name)
		if next == nil {
			return fmt.Errorf("pool %s: there is no %q", path, name)
		}
		parent = *next
	}
	_, err := object.NewResourcePool(b.client, parent).Create(b.ctx, names[len(names)-1], types.DefaultResourceConfigSpec())
	return err
}

// equip gives a host, which the simulator clones from a small ESXi 6.5, the size and version asked for.
func equip(host *simulator.HostSystem, config hostConfig) {
	host.Summary.Hardware.NumCpuCores = config.CPUCores
	host.Summary.Hardware.NumCpuThreads = 2 * config.CPUCores
	host.Summary.Hardware.MemorySize = config.MemoryGB * gigabyte
	host.Hardware.CpuInfo.NumCpuCores = config.CPUCores
	host.Hardware.CpuInfo.NumCpuThreads = 2 * config.CPUCores
	host.Hardware.MemorySize = config.MemoryGB * gigabyte

	product := host.Config.Product
	product.Version = config.Version
	product.ApiVersion = config.Version + ".0"
	product.FullName = fmt.Sprintf("VMware ESXi %s build-%s", config.Version, product.Build)
	host.Config.Product = product
	host.Summary.Config.Product = &product
	host.Summary.Config.Name = config.Name

	for i := range host.Config.Network.Vnic {
		if address := host.Config.Network.Vnic[i].Spec.Ip; address != nil && config.Address != "" {
			own := *address
			own.IpAddress = config.Address
			host.Config.Network.Vnic[i].Spec.Ip = &own
		}
	}
	host.Runtime.InMaintenanceMode = config.Maintenance
	if config.Connection != "" {
		host.Runtime.ConnectionState = types.HostSystemConnectionState(config.Connection)
	}
	if host.Runtime.ConnectionState == types.HostSystemConnectionStateNotResponding {
		host.Runtime.PowerState = types.HostSystemPowerStateUnknown
	}
}

// folder returns the one at a path below parent, with all that is missing made; an empty path is parent itself.
func (b *builder) folder(parent *object.Folder, path string) (*object.Folder, error) {
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' }) {
		next := b.machines.places.child(parent.Reference(), name)
		if next == nil {
			// The simulator does not take a name as it is for folders, as it does for everything else.
			created, err := parent.CreateFolder(b.ctx, typed(name))
			if err != nil {
				return nil, err
			}
			parent = created
			continue
		}
		parent = object.NewFolder(b.client, *next)
	}
	return parent, nil
}

func selectHosts(hosts []*simulator.HostSystem, names []string) []*simulator.HostSystem {
	if len(names) == 0 {
		return hosts
	}
	var chosen []*simulator.HostSystem
	for _, host := range hosts {
		if slices.Contains(names, host.Name) {
			chosen = append(chosen, host)
		}
	}
	return chosen
}
