package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// guests plays the operating systems: what VMware Tools report after power-on, and no longer after power-off.
type guests struct {
	ctx *simulator.Context

	lock     sync.Mutex
	behavior guestBehavior
}

// guestBehavior may be changed through the control port while the simulator runs.
type guestBehavior struct {
	DelaySeconds float64 `json:"delay_s"`
	// Silent guests boot, but their tools never start.
	Silent bool `json:"silent"`
	// Address, where set, is reported instead of the configured one.
	Address string `json:"address"`
}

func (g *guests) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "LabGuests", Value: "guests"}
}

// PutObject fills the enumerations that the simulator leaves empty; clients written from the schema reject those.
func (g *guests) PutObject(_ *simulator.Context, object mo.Reference) {
	vm, ok := object.(*simulator.VirtualMachine)
	if !ok {
		return
	}
	for _, runtime := range []*types.VirtualMachineRuntimeInfo{&vm.Runtime, &vm.Summary.Runtime} {
		runtime.FaultToleranceState = types.VirtualMachineFaultToleranceStateNotConfigured
		runtime.RecordReplayState = types.VirtualMachineRecordReplayStateInactive
	}
}

// UpdateObject notices power changes. The caller holds the machine's lock, so the answer comes later.
func (g *guests) UpdateObject(_ *simulator.Context, object mo.Reference, changes []types.PropertyChange) {
	if object.Reference().Type != "VirtualMachine" {
		return
	}
	for _, change := range changes {
		if change.Name != "runtime.powerState" {
			continue
		}
		if change.Val == types.VirtualMachinePowerStatePoweredOn {
			go g.boot(object.Reference())
		} else {
			go g.halt(object.Reference())
		}
	}
}

func (g *guests) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

func (g *guests) behave(behavior guestBehavior) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.behavior = behavior
}

func (g *guests) now() guestBehavior {
	g.lock.Lock()
	defer g.lock.Unlock()
	return g.behavior
}

// settle brings a machine of the configured inventory into its state without the wait of a boot.
func (g *guests) settle(ref types.ManagedObjectReference, config machineConfig) {
	vm := g.ctx.Map.Get(ref).(*simulator.VirtualMachine)
	g.ctx.WithLock(vm, func() {
		if config.GuestFullName != "" {
			vm.Config.GuestFullName = config.GuestFullName
			vm.Summary.Config.GuestFullName = config.GuestFullName
		}
		vm.Config.Template = config.Template
		vm.Summary.Config.Template = config.Template
		if config.PoweredOn {
			now := time.Now()
			vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOn
			vm.Runtime.BootTime = &now
			vm.Summary.Runtime.PowerState = vm.Runtime.PowerState
			vm.Summary.Runtime.BootTime = &now
		}
	})
	g.report(vm, toolsState(config.Tools), config.HostName, config.Addresses)
}

func (g *guests) boot(ref types.ManagedObjectReference) {
	time.Sleep(time.Duration(g.now().DelaySeconds * float64(time.Second)))
	behavior := g.now()
	vm, ok := g.ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !ok || behavior.Silent {
		return
	}
	var hostName, address string
	var running bool
	g.ctx.WithLock(vm, func() {
		running = vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
		hostName, address = identity(vm)
	})
	if behavior.Address != "" {
		address = behavior.Address
	}
	if running {
		g.report(vm, types.VirtualMachineToolsStatusToolsOk, hostName, []string{address})
	}
}

func (g *guests) halt(ref types.ManagedObjectReference) {
	if vm, ok := g.ctx.Map.Get(ref).(*simulator.VirtualMachine); ok {
		g.report(vm, types.VirtualMachineToolsStatusToolsNotRunning, "", nil)
	}
}

// identity is what the machine was told about itself: OVF properties first, then advanced settings,
// else its own name and an address of the range reserved for documentation.
func identity(vm *simulator.VirtualMachine) (hostName, address string) {
	told := map[string]string{}
	for _, option := range vm.Config.ExtraConfig {
		if value, ok := option.GetOptionValue().Value.(string); ok {
			told[strings.ToLower(option.GetOptionValue().Key)] = value
		}
	}
	if vm.Config.VAppConfig != nil {
		for _, property := range vm.Config.VAppConfig.GetVmConfigInfo().Property {
			value := property.Value
			if value == "" {
				value = property.DefaultValue
			}
			told[strings.ToLower(property.Id)] = value
		}
	}
	first := func(keys ...string) string {
		for _, key := range keys {
			if told[key] != "" {
				return told[key]
			}
		}
		return ""
	}
	hostName = first("hostname", "host_name", "guestinfo.hostname")
	if hostName == "" {
		hostName = strings.ToLower(vm.Name)
	}
	address = first("ip0", "ip", "address", "ipaddress", "guestinfo.ip0", "guestinfo.ipaddress")
	if address == "" {
		address = fmt.Sprintf("203.0.113.%d", 10+spread(vm.Name, 200))
	}
	return hostName, address
}

func toolsState(name string) types.VirtualMachineToolsStatus {
	if name == "" {
		return types.VirtualMachineToolsStatusToolsNotInstalled
	}
	return types.VirtualMachineToolsStatus(name)
}

// report publishes what the tools say, in all the places where vCenter shows it.
func (g *guests) report(vm *simulator.VirtualMachine, status types.VirtualMachineToolsStatus, hostName string, addresses []string) {
	running := status == types.VirtualMachineToolsStatusToolsOk || status == types.VirtualMachineToolsStatusToolsOld
	state, runningStatus := "notRunning", types.VirtualMachineToolsRunningStatusGuestToolsNotRunning
	if running {
		state, runningStatus = "running", types.VirtualMachineToolsRunningStatusGuestToolsRunning
	}
	version := map[types.VirtualMachineToolsStatus]types.VirtualMachineToolsVersionStatus{
		types.VirtualMachineToolsStatusToolsOk:           types.VirtualMachineToolsVersionStatusGuestToolsCurrent,
		types.VirtualMachineToolsStatusToolsNotRunning:   types.VirtualMachineToolsVersionStatusGuestToolsCurrent,
		types.VirtualMachineToolsStatusToolsOld:          types.VirtualMachineToolsVersionStatusGuestToolsNeedUpgrade,
		types.VirtualMachineToolsStatusToolsNotInstalled: types.VirtualMachineToolsVersionStatusGuestToolsNotInstalled,
	}[status]
	address := ""
	if len(addresses) > 0 {
		address = addresses[0]
	}
	g.ctx.WithLock(vm, func() {
		cards := append([]types.GuestNicInfo{}, vm.Guest.Net...)
		for i := range cards {
			cards[i].IpAddress, cards[i].IpConfig = nil, nil
			cards[i].Connected = running
			if i == 0 && len(addresses) > 0 {
				cards[i].IpAddress = addresses
				cards[i].IpConfig = &types.NetIpConfigInfo{}
				for _, ip := range addresses {
					length := int32(24)
					if strings.Contains(ip, ":") {
						length = 64
					}
					cards[i].IpConfig.IpAddress = append(cards[i].IpConfig.IpAddress, types.NetIpConfigInfoIpAddress{
						IpAddress:    ip,
						PrefixLength: length,
						State:        string(types.NetIpConfigInfoIpAddressStatusPreferred),
					})
				}
			}
		}
		g.ctx.Update(vm, []types.PropertyChange{
			{Name: "guest.toolsStatus", Val: status},
			{Name: "guest.toolsRunningStatus", Val: string(runningStatus)},
			{Name: "guest.toolsVersionStatus2", Val: string(version)},
			{Name: "guest.guestState", Val: state},
			{Name: "guest.guestId", Val: vm.Config.GuestId},
			{Name: "guest.guestFullName", Val: vm.Config.GuestFullName},
			{Name: "guest.hostName", Val: hostName},
			{Name: "guest.ipAddress", Val: address},
			{Name: "guest.net", Val: cards},
			{Name: "summary.guest.toolsStatus", Val: status},
			{Name: "summary.guest.toolsRunningStatus", Val: string(runningStatus)},
			{Name: "summary.guest.toolsVersionStatus2", Val: string(version)},
			{Name: "summary.guest.hostName", Val: hostName},
			{Name: "summary.guest.ipAddress", Val: address},
		})
	})
}
