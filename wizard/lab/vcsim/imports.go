package main

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ovfManager makes import specifications as vCenter does: disks provisioned as asked, properties only as properties.
type ovfManager struct {
	simulator.OvfManager
}

func newOvfManager(ctx *simulator.Context) *ovfManager {
	content := ctx.Map.Get(serviceInstance).(*simulator.ServiceInstance).Content
	return &ovfManager{OvfManager: *ctx.Map.Get(*content.OvfManager).(*simulator.OvfManager)}
}

func (m *ovfManager) CreateImportSpec(ctx *simulator.Context, req *types.CreateImportSpec) (result soap.HasFault) {
	defer func() {
		// The simulator trusts the descriptor; what it stumbles over is a package that vCenter would refuse.
		if problem := recover(); problem != nil {
			fault := &types.OvfInvalidPackage{LineNumber: 1}
			result = &methods.CreateImportSpecBody{Fault_: simulator.Fault(fmt.Sprint(problem), fault)}
		}
	}()
	body := m.OvfManager.CreateImportSpec(ctx, req).(*methods.CreateImportSpecBody)
	if body.Res == nil {
		return body
	}
	spec := body.Res.Returnval.ImportSpec.(*types.VirtualMachineImportSpec)
	// The simulator copies properties into advanced settings too, where a key such as ip0 acts at once.
	spec.ConfigSpec.ExtraConfig = nil
	provisioning := types.OvfCreateImportSpecParamsDiskProvisioningType(req.Cisp.GetOvfCreateImportSpecParams().DiskProvisioning)
	for _, disk := range disks(spec) {
		if backing, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			backing.ThinProvisioned = types.NewBool(provisioning == types.OvfCreateImportSpecParamsDiskProvisioningTypeThin)
			backing.EagerlyScrub = types.NewBool(provisioning == types.OvfCreateImportSpecParamsDiskProvisioningTypeEagerZeroedThick)
		}
	}
	return body
}

func disks(spec *types.VirtualMachineImportSpec) []*types.VirtualDisk {
	var list []*types.VirtualDisk
	for _, change := range spec.ConfigSpec.DeviceChange {
		if disk, ok := change.GetVirtualDeviceConfigSpec().Device.(*types.VirtualDisk); ok {
			list = append(list, disk)
		}
	}
	return list
}

// target is where an import goes, resolved from its specification.
type target struct {
	folder     types.ManagedObjectReference
	datacenter string
	datastore  *simulator.Datastore
	networks   []types.ManagedObjectReference
}

func (g *guard) target(pool types.ManagedObjectReference, req *types.ImportVApp) (*target, *types.VirtualMachineImportSpec, types.BaseMethodFault) {
	spec, ok := req.Spec.(*types.VirtualMachineImportSpec)
	if !ok {
		return nil, nil, &types.InvalidArgument{InvalidProperty: "spec"}
	}
	dc := g.places.datacenter(pool)
	t := &target{datacenter: dc}
	if req.Folder != nil {
		t.folder = *req.Folder
	} else if ref, err := g.places.find("/" + dc + "/vm"); err == nil {
		t.folder = ref
	}
	if !strings.HasPrefix(g.places.path(t.folder)+"/", "/"+dc+"/vm/") {
		return nil, nil, &types.InvalidArgument{InvalidProperty: "folder"}
	}
	if spec.ConfigSpec.Files == nil {
		return nil, nil, &types.InvalidArgument{InvalidProperty: "spec.configSpec.files"}
	}
	var where object.DatastorePath
	where.FromString(spec.ConfigSpec.Files.VmPathName)
	ref, err := g.places.within(dc, "datastore", where.Datastore)
	store, ok := g.places.ctx.Map.Get(ref).(*simulator.Datastore)
	if err != nil || !ok {
		return nil, nil, &types.InvalidDatastorePath{DatastorePath: spec.ConfigSpec.Files.VmPathName}
	}
	t.datastore = store
	for _, change := range spec.ConfigSpec.DeviceChange {
		card, ok := change.GetVirtualDeviceConfigSpec().Device.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		switch backing := card.GetVirtualEthernetCard().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			ref, err := g.places.within(dc, "network", backing.DeviceName)
			if err != nil {
				return nil, nil, &types.InvalidArgument{InvalidProperty: "spec.configSpec.deviceChange.backing"}
			}
			t.networks = append(t.networks, ref)
		case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
			group := types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: backing.Port.PortgroupKey}
			t.networks = append(t.networks, group)
		}
	}
	return t, spec, nil
}

func (g *guard) importNeeds(pool types.ManagedObjectReference, req *types.ImportVApp) []need {
	needs := []need{{"VApp.Import", pool}, {"Resource.AssignVMToPool", pool}}
	t, _, fault := g.target(pool, req)
	if fault != nil {
		return needs // placeImport reports the fault
	}
	needs = append(needs,
		need{"VApp.Import", t.folder},
		need{"VirtualMachine.Inventory.Create", t.folder},
		need{"Datastore.AllocateSpace", t.datastore.Self},
	)
	for _, network := range t.networks {
		needs = append(needs, need{"Network.Assign", network})
	}
	return needs
}

// placeImport refuses what vCenter refuses (a taken name, too little space, a datastore that no host sees) and chooses
// a host on which the machine can start; the simulator would take any, or fall over.
func (g *guard) placeImport(pool types.ManagedObjectReference, req *types.ImportVApp) types.BaseMethodFault {
	t, spec, fault := g.target(pool, req)
	if fault != nil {
		return fault
	}
	if taken := g.places.child(t.folder, spec.ConfigSpec.Name); taken != nil {
		return &types.DuplicateName{Name: spec.ConfigSpec.Name, Object: *taken}
	}
	var wanted int64
	for _, disk := range disks(spec) {
		backing, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if ok && (backing.ThinProvisioned == nil || !*backing.ThinProvisioned) {
			wanted += disk.CapacityInKB * 1024
		}
	}
	if wanted > t.datastore.Summary.FreeSpace {
		return &types.NoDiskSpace{
			FileFault: types.FileFault{File: spec.ConfigSpec.Files.VmPathName},
			Datastore: t.datastore.Name,
		}
	}
	if !t.datastore.Summary.Accessible || t.datastore.Summary.MaintenanceMode != string(types.DatastoreSummaryMaintenanceModeStateNormal) {
		return &types.InvalidDatastore{Datastore: &t.datastore.Self, Name: t.datastore.Name}
	}
	if req.Host != nil {
		return nil
	}
	hosts := g.places.hosts(pool, t.datastore.Self, t.networks)
	if len(hosts) == 0 {
		return &types.NoCompatibleHost{}
	}
	req.Host = &hosts[0]
	return nil
}
