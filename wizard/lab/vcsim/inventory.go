package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

const gigabyte = int64(1) << 30

// builder creates the inventory through the simulator's own API, then corrects what that API cannot express.
type builder struct {
	ctx      context.Context
	client   *vim25.Client
	registry *simulator.Registry
	home     string
	machines *machines
}

func (b *builder) build(config inventoryConfig) error {
	root := object.NewRootFolder(b.client)
	for _, dc := range config.Datacenters {
		created, err := root.CreateDatacenter(b.ctx, dc.Name)
		if err != nil {
			return err
		}
		if err := b.datacenter(created, dc); err != nil {
			return fmt.Errorf("datacenter %s: %w", dc.Name, err)
		}
	}
	return nil
}

func (b *builder) datacenter(dc *object.Datacenter, config datacenterConfig) error {
	folders, err := dc.Folders(b.ctx)
	if err != nil {
		return err
	}
	hosts, err := b.compute(folders.HostFolder, config)
	if err != nil {
		return err
	}
	if err := b.networks(dc.Reference(), folders.NetworkFolder, hosts, config); err != nil {
		return err
	}
	for _, path := range config.Folders {
		if err := b.folder(folders.VmFolder, path); err != nil {
			return err
		}
	}
	for _, store := range config.Datastores {
		if err := b.datastore(config.Name, store, hosts); err != nil {
			return fmt.Errorf("datastore %s: %w", store.Name, err)
		}
	}
	for i := range config.VMs {
		config.VMs[i].Datacenter = config.Name
	}
	if err := b.machines.addAll(config.VMs); err != nil {
		return err
	}
	// Machines took space from their datastores, so the figures wanted come last.
	for _, store := range config.Datastores {
		if err := b.machines.places.setDatastore(config.Name, store); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) compute(folder *object.Folder, config datacenterConfig) ([]*simulator.HostSystem, error) {
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
	for _, host := range config.Hosts {
		task, err := folder.AddStandaloneHost(b.ctx, types.HostConnectSpec{HostName: host.Name}, true, nil, nil)
		if err := keep(host, task, err); err != nil {
			return nil, err
		}
	}
	for _, wanted := range config.Clusters {
		cluster, err := folder.CreateCluster(b.ctx, wanted.Name, types.ClusterConfigSpecEx{})
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
		for _, name := range wanted.Pools {
			if _, err := pool.Create(b.ctx, name, types.DefaultResourceConfigSpec()); err != nil {
				return nil, err
			}
		}
	}
	return hosts, nil
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

func (b *builder) folder(parent *object.Folder, path string) error {
	for _, name := range strings.Split(path, "/") {
		next := b.machines.places.child(parent.Reference(), name)
		if next == nil {
			created, err := parent.CreateFolder(b.ctx, name)
			if err != nil {
				return err
			}
			parent = created
			continue
		}
		parent = object.NewFolder(b.client, *next)
	}
	return nil
}

func (b *builder) datastore(dc string, config datastoreConfig, hosts []*simulator.HostSystem) error {
	directory := filepath.Join(b.home, dc+"-"+config.Name)
	if err := os.Mkdir(directory, 0o700); err != nil {
		return err
	}
	for _, host := range selectHosts(hosts, config.Hosts) {
		system, err := object.NewHostSystem(b.client, host.Self).ConfigManager().DatastoreSystem(b.ctx)
		if err != nil {
			return err
		}
		if _, err := system.CreateLocalDatastore(b.ctx, config.Name, directory); err != nil {
			return err
		}
	}
	return nil
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
