package main

import (
	"fmt"
	"hash/fnv"
	"path"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"
)

// Keys of virtual devices, as vSphere gives them.
const (
	scsiKey  = int32(1000)
	diskKey  = int32(2000)
	cdromKey = int32(16000)
	ahciKey  = int32(15000)
	cardKey  = int32(4000)
	nvmeKey  = int32(31000)
	ideKey   = int32(200)

	pciKey        = esx.VirtualMachineDefaultDevicePCIControllerKey
	firstScsiSlot = int32(3) // unit numbers on the PCI bus
	firstCardSlot = int32(7)
	ownScsiUnit   = int32(7) // the unit that a SCSI controller takes on its own bus
)

// hardware puts together the devices of one machine, with the keys, labels and defaults that vSphere gives them.
type hardware struct {
	config      machineConfig
	directory   string
	datastore   types.ManagedObjectReference
	instance    uuid.UUID
	devices     []types.BaseVirtualDevice
	controllers map[controllerKind]*placedController
	buses       int32
}

type controllerKind struct{ kind, sharedBus string }

type placedController struct {
	*types.VirtualController
	next int32
}

// basic are the devices that every machine has; controllers and keyboards of one machine are never those of another.
func (h *hardware) basic() {
	pci := *esx.VirtualMachineDefaultDevicePCIController
	pci.Device = append([]int32{}, pci.Device...)
	ide0, ide1 := *esx.VirtualMachineDefaultDeviceIDEControllerBus0, *esx.VirtualMachineDefaultDeviceIDEControllerBus1
	ps2 := *esx.VirtualMachineDefaultDevicePS2Controller
	sio := *esx.VirtualMachineDefaultDeviceSIOController
	keyboard, mouse := *esx.VirtualMachineDefaultDeviceVirtualKeyboard, *esx.VirtualMachineDefaultDeviceVirtualPointingDevice
	video, vmci := *esx.VirtualMachineDefaultDeviceVideoCard, *esx.VirtualMachineDefaultDeviceVMCIDevice
	h.devices = append(h.devices, &ide0, &ide1, &ps2, &pci, &sio, &keyboard, &mouse, &video, &vmci)
	h.controllers[controllerKind{kind: "ide"}] = &placedController{VirtualController: &ide0.VirtualController}
	h.cdrom()
}

func (h *hardware) cdrom() {
	ahci := &types.VirtualAHCIController{}
	ahci.Key, ahci.ControllerKey, ahci.UnitNumber = ahciKey, pciKey, types.NewInt32(24)
	ahci.DeviceInfo = &types.Description{Label: "SATA controller 0", Summary: "AHCI"}
	ahci.Device = []int32{cdromKey}
	drive := &types.VirtualCdrom{}
	drive.Key, drive.ControllerKey, drive.UnitNumber = cdromKey, ahciKey, types.NewInt32(0)
	drive.DeviceInfo = &types.Description{Label: "CD/DVD drive 1", Summary: "Remote device"}
	drive.Backing = &types.VirtualCdromRemotePassthroughBackingInfo{
		VirtualDeviceRemoteDeviceBackingInfo: types.VirtualDeviceRemoteDeviceBackingInfo{UseAutoDetect: types.NewBool(false)},
	}
	drive.Connectable = &types.VirtualDeviceConnectInfo{AllowGuestControl: true, Status: "untried"}
	h.devices = append(h.devices, ahci, drive)
	h.controllers[controllerKind{kind: "ahci"}] = &placedController{VirtualController: &ahci.VirtualController, next: 1}
}

// controller returns the one that a disk asks for, made where the machine has none of that kind yet.
func (h *hardware) controller(kind, sharedBus string) (*placedController, error) {
	if kind == "" {
		kind = "pvscsi"
	}
	if sharedBus == "" && kind != "ide" && kind != "ahci" {
		sharedBus = string(types.VirtualSCSISharingNoSharing)
	}
	wanted := controllerKind{kind, sharedBus}
	if found := h.controllers[wanted]; found != nil {
		return found, nil
	}
	made, err := h.newController(wanted)
	if err != nil {
		return nil, err
	}
	h.controllers[wanted] = made
	return made, nil
}

func (h *hardware) newController(wanted controllerKind) (*placedController, error) {
	if wanted.kind == "nvme" {
		nvme := &types.VirtualNVMEController{SharedBus: wanted.sharedBus}
		nvme.Key, nvme.ControllerKey, nvme.UnitNumber = nvmeKey, pciKey, types.NewInt32(30)
		nvme.DeviceInfo = &types.Description{Label: "NVME controller 0", Summary: "NVME Controller"}
		h.devices = append(h.devices, nvme)
		return &placedController{VirtualController: &nvme.VirtualController}, nil
	}
	scsi := types.VirtualSCSIController{
		SharedBus:          types.VirtualSCSISharing(wanted.sharedBus),
		HotAddRemove:       types.NewBool(true),
		ScsiCtlrUnitNumber: ownScsiUnit,
	}
	scsi.Key, scsi.BusNumber, scsi.ControllerKey = scsiKey+h.buses, h.buses, pciKey
	scsi.UnitNumber = types.NewInt32(firstScsiSlot + h.buses)
	label := fmt.Sprintf("SCSI controller %d", h.buses)
	describe := func(summary string) { scsi.DeviceInfo = &types.Description{Label: label, Summary: summary} }
	var base *types.VirtualController
	switch wanted.kind {
	case "pvscsi":
		describe("VMware paravirtual SCSI")
		made := &types.ParaVirtualSCSIController{VirtualSCSIController: scsi}
		h.devices, base = append(h.devices, made), &made.VirtualController
	case "lsilogic":
		describe("LSI Logic")
		made := &types.VirtualLsiLogicController{VirtualSCSIController: scsi}
		h.devices, base = append(h.devices, made), &made.VirtualController
	case "lsilogic_sas":
		describe("LSI Logic SAS")
		made := &types.VirtualLsiLogicSASController{VirtualSCSIController: scsi}
		h.devices, base = append(h.devices, made), &made.VirtualController
	case "buslogic":
		describe("BusLogic")
		made := &types.VirtualBusLogicController{VirtualSCSIController: scsi}
		h.devices, base = append(h.devices, made), &made.VirtualController
	default:
		return nil, fmt.Errorf("controller %q is none of pvscsi, lsilogic, lsilogic_sas, buslogic, nvme, ahci, ide", wanted.kind)
	}
	h.buses++
	return &placedController{VirtualController: base}, nil
}

func (h *hardware) disk(number int, config diskConfig) error {
	controller, err := h.controller(config.Controller, config.SharedBus)
	if err != nil {
		return err
	}
	unit := controller.next
	if controller.Key >= scsiKey && controller.Key < diskKey && unit == ownScsiUnit {
		unit++
	}
	controller.next = unit + 1
	disk := &types.VirtualDisk{CapacityInBytes: config.GB * gigabyte, CapacityInKB: config.GB * gigabyte / 1024}
	disk.Key, disk.ControllerKey, disk.UnitNumber = diskKey+int32(number), controller.Key, types.NewInt32(unit)
	disk.DeviceInfo = &types.Description{
		Label:   fmt.Sprintf("Hard disk %d", number+1),
		Summary: grouped(disk.CapacityInKB) + " KB",
	}
	disk.Shares = &types.SharesInfo{Shares: 1000, Level: types.SharesLevelNormal}
	disk.StorageIOAllocation = &types.StorageIOAllocationInfo{
		Limit:       types.NewInt64(-1),
		Shares:      &types.SharesInfo{Shares: 1000, Level: types.SharesLevelNormal},
		Reservation: types.NewInt32(0),
	}
	disk.DiskObjectId = fmt.Sprintf("%d-%d", 1+number, disk.Key)
	disk.NativeUnmanagedLinkedClone = types.NewBool(false)
	controller.Device = append(controller.Device, disk.Key)
	disk.Backing, err = h.backing(number, config)
	h.devices = append(h.devices, disk)
	return err
}

func (h *hardware) backing(number int, config diskConfig) (types.BaseVirtualDeviceBackingInfo, error) {
	name := h.config.Name
	if number > 0 {
		name = fmt.Sprintf("%s_%d", name, number)
	}
	datastore := h.datastore
	file := types.VirtualDeviceFileBackingInfo{
		FileName:  path.Join(h.directory, name+".vmdk"),
		Datastore: &datastore,
	}
	id := uuid.NewSHA1(h.instance, []byte(file.FileName)).String()
	mode, sharing := config.Mode, config.Sharing
	if mode == "" {
		mode = string(types.VirtualDiskModePersistent)
	}
	if sharing == "" {
		sharing = string(types.VirtualDiskSharingSharingNone)
	}
	switch config.Backing {
	case "", "flat":
		return &types.VirtualDiskFlatVer2BackingInfo{
			VirtualDeviceFileBackingInfo: file, DiskMode: mode, Sharing: sharing, Uuid: id,
			Split: types.NewBool(false), WriteThrough: types.NewBool(false), DigestEnabled: types.NewBool(false),
			ThinProvisioned: types.NewBool(!config.Thick), EagerlyScrub: types.NewBool(false),
		}, nil
	case "sesparse":
		return &types.VirtualDiskSeSparseBackingInfo{
			VirtualDeviceFileBackingInfo: file, DiskMode: mode, Uuid: id,
		}, nil
	case "rdm_physical", "rdm_virtual":
		compatibility := types.VirtualDiskCompatibilityModePhysicalMode
		if config.Backing == "rdm_virtual" {
			compatibility = types.VirtualDiskCompatibilityModeVirtualMode
		}
		lun := uuid.NewSHA1(h.instance, []byte(fmt.Sprintf("lun%d", number)))
		return &types.VirtualDiskRawDiskMappingVer1BackingInfo{
			VirtualDeviceFileBackingInfo: file, DiskMode: mode, Sharing: sharing, Uuid: id,
			CompatibilityMode: string(compatibility),
			LunUuid:           fmt.Sprintf("020000000060%x", lun[:10]),
			DeviceName:        fmt.Sprintf("vml.020000000060%x", lun[:10]),
		}, nil
	}
	return nil, fmt.Errorf("backing %q is none of flat, sesparse, rdm_physical, rdm_virtual", config.Backing)
}

func (h *hardware) card(number int, backing types.BaseVirtualDeviceBackingInfo, network string) {
	kind := h.config.Adapter
	if kind == "" {
		kind = "vmxnet3"
	}
	card := types.VirtualEthernetCard{
		AddressType:      string(types.VirtualEthernetCardMacTypeAssigned),
		MacAddress:       h.mac(number),
		WakeOnLanEnabled: types.NewBool(true),
		ResourceAllocation: &types.VirtualEthernetCardResourceAllocation{
			Reservation: types.NewInt64(0),
			Share:       types.SharesInfo{Shares: 50, Level: types.SharesLevelNormal},
			Limit:       types.NewInt64(-1),
		},
	}
	card.Key, card.ControllerKey, card.UnitNumber = cardKey+int32(number), pciKey, types.NewInt32(firstCardSlot+int32(number))
	card.DeviceInfo = &types.Description{Label: fmt.Sprintf("Network adapter %d", number+1), Summary: network}
	card.Backing = backing
	card.Connectable = &types.VirtualDeviceConnectInfo{
		StartConnected: true, AllowGuestControl: true, Connected: h.config.PoweredOn, Status: "ok",
		MigrateConnect: string(types.VirtualDeviceConnectInfoMigrateConnectOpUnset),
	}
	var device types.BaseVirtualDevice
	switch kind {
	case "e1000":
		device = &types.VirtualE1000{VirtualEthernetCard: card}
	case "e1000e":
		device = &types.VirtualE1000e{VirtualEthernetCard: card}
	case "sriov":
		device = &types.VirtualSriovEthernetCard{VirtualEthernetCard: card}
	default:
		vmxnet3 := &types.VirtualVmxnet3{}
		vmxnet3.VirtualEthernetCard = card
		device = vmxnet3
	}
	h.devices = append(h.devices, device)
}

// mac is in the range that vCenter gives out; the same machine has the same one at every start.
func (h *hardware) mac(number int) string {
	sum := fnv.New32a()
	_, _ = sum.Write(h.instance[:])
	_, _ = sum.Write([]byte{byte(number)})
	value := sum.Sum32()
	return fmt.Sprintf("00:50:56:%02x:%02x:%02x", 0x80|value>>16&0x3f, value>>8&0xff, value&0xff)
}

// grouped writes a number with a comma before every three digits.
func grouped(number int64) string {
	text := fmt.Sprint(number)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
