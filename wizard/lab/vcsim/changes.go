package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// massChange asks for one kind of change on Count machines, spread evenly over the inventory.
type massChange struct {
	Count int    `json:"count"`
	What  string `json:"what"` // name, memory or power
}

// changeMany changes machines as vCenter tells of changes, so that whoever waits for updates sees them.
func (m *machines) changeMany(change massChange) error {
	all := m.inOrder()
	if change.Count < 0 || change.Count > len(all) {
		return fmt.Errorf("count is %d and there are %d machines", change.Count, len(all))
	}
	for i := range change.Count {
		own := *m.places.ctx
		vm := all[i*len(all)/change.Count]
		var err error
		own.WithLock(vm, func() {
			var changes []types.PropertyChange
			if changes, err = alteration(vm, change.What); err == nil {
				own.Update(vm, changes)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inOrder lists all machines in the order in which they were made.
func (m *machines) inOrder() []*simulator.VirtualMachine {
	var list []*simulator.VirtualMachine
	for _, entity := range m.places.ctx.Map.All("VirtualMachine") {
		list = append(list, entity.(*simulator.VirtualMachine))
	}
	number := func(vm *simulator.VirtualMachine) int {
		value, _ := strconv.Atoi(strings.TrimPrefix(vm.Self.Value, "vm-"))
		return value
	}
	slices.SortFunc(list, func(a, b *simulator.VirtualMachine) int { return number(a) - number(b) })
	return list
}

func alteration(vm *simulator.VirtualMachine, what string) ([]types.PropertyChange, error) {
	everywhere := func(value any, names ...string) []types.PropertyChange {
		var changes []types.PropertyChange
		for _, name := range names {
			changes = append(changes, types.PropertyChange{Name: name, Val: value})
		}
		return changes
	}
	switch what {
	case "name":
		return reconfigured(everywhere(vm.Name+"~", "name", "config.name", "summary.config.name")), nil
	case "memory":
		size := vm.Config.Hardware.MemoryMB + 1024
		return reconfigured(everywhere(size, "config.hardware.memoryMB", "summary.config.memorySizeMB")), nil
	case "power":
		state := types.VirtualMachinePowerStatePoweredOn
		if vm.Runtime.PowerState == state {
			state = types.VirtualMachinePowerStatePoweredOff
		}
		return everywhere(state, "runtime.powerState", "summary.runtime.powerState"), nil
	}
	return nil, fmt.Errorf("what is %q, which is none of name, memory, power", what)
}

// reconfigured adds the version that vCenter gives to every change of a machine's configuration.
func reconfigured(changes []types.PropertyChange) []types.PropertyChange {
	version := time.Now().UTC().Format(time.RFC3339Nano)
	return append(changes, types.PropertyChange{Name: "config.changeVersion", Val: version})
}
