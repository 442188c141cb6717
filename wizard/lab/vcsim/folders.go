package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// datastores makes the datastores, then puts them into their folders and datastore clusters: the simulator would put
// every new one into the first folder that there is.
func (b *builder) datastores(dc string, top *object.Folder, hosts []*simulator.HostSystem, config datacenterConfig) error {
	for _, store := range config.Datastores {
		if err := b.datastore(dc, store, hosts); err != nil {
			return fmt.Errorf("datastore %s: %w", store.Name, err)
		}
	}
	for _, pod := range config.Pods {
		if err := b.pod(top, pod); err != nil {
			return fmt.Errorf("datastore cluster %s: %w", pod, err)
		}
	}
	for _, store := range config.Datastores {
		ref, err := b.machines.places.find("/" + dc + "/datastore/" + stored(store.Name))
		if err != nil {
			return err
		}
		if err := b.move(b.registry.Get(ref).(mo.Entity), top, store.Folder); err != nil {
			return err
		}
		store.Name = path.Join(store.Folder, stored(store.Name))
		if err := b.machines.places.setDatastore(dc, store); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) datastore(dc string, config datastoreConfig, hosts []*simulator.HostSystem) error {
	name := stored(config.Name)
	directory := filepath.Join(b.home, stored(dc)+"-"+name)
	if err := os.Mkdir(directory, 0o700); err != nil {
		return err
	}
	for _, host := range selectHosts(hosts, config.Hosts) {
		system, err := object.NewHostSystem(b.client, host.Self).ConfigManager().DatastoreSystem(b.ctx)
		if err != nil {
			return err
		}
		if _, err := system.CreateLocalDatastore(b.ctx, name, directory); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) pod(top *object.Folder, where string) error {
	parent, err := b.folder(top, strings.TrimSuffix(strings.TrimSuffix(where, path.Base(where)), "/"))
	if err != nil {
		return err
	}
	_, err = parent.CreateStoragePod(b.ctx, path.Base(where))
	return err
}

// move puts an entity that stands in a folder of its kind into the one at a path below; "" leaves it where it is.
func (b *builder) move(entity mo.Entity, top *object.Folder, where string) error {
	if where == "" {
		return nil
	}
	into, err := b.folder(top, where)
	if err != nil {
		return err
	}
	self, next := entity.Reference(), into.Reference()
	from := b.children(*entity.Entity().Parent)
	*from = slices.DeleteFunc(*from, func(ref types.ManagedObjectReference) bool { return ref == self })
	to := b.children(next)
	*to = append(*to, self)
	entity.Entity().Parent = &next
	return nil
}

func (b *builder) children(folder types.ManagedObjectReference) *[]types.ManagedObjectReference {
	switch found := b.registry.Get(folder).(type) {
	case *simulator.StoragePod:
		return &found.ChildEntity
	default:
		return &found.(*simulator.Folder).ChildEntity
	}
}

// vapps makes the vApps of all clusters. A vApp stands in its pool, and is listed in a folder for machines as well.
func (b *builder) vapps(folders *object.DatacenterFolders, config datacenterConfig) error {
	for _, cluster := range config.Clusters {
		top, err := b.folder(folders.HostFolder, path.Join(cluster.Folder, stored(cluster.Name), "Resources"))
		if err != nil {
			return err
		}
		for _, wanted := range cluster.VApps {
			pool, err := b.folder(top, wanted.Pool)
			if err != nil {
				return err
			}
			folder, err := b.folder(folders.VmFolder, wanted.Folder)
			if err != nil {
				return err
			}
			made, err := object.NewResourcePool(b.client, pool.Reference()).CreateVApp(
				b.ctx, stored(wanted.Name), types.DefaultResourceConfigSpec(), simulator.NewVAppConfigSpec(), folder,
			)
			if err != nil {
				return fmt.Errorf("vApp %s: %w", wanted.Name, err)
			}
			listed := b.children(folder.Reference())
			*listed = append(*listed, made.Reference())
		}
	}
	return nil
}
