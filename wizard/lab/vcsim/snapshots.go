package main

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// snapshots gives a machine a chain of so many, each the child of the one before.
func (m *machines) snapshots(vm *simulator.VirtualMachine, count int) {
	if count == 0 {
		return
	}
	var chain []types.VirtualMachineSnapshotTree
	var root, current types.ManagedObjectReference
	for number := count; number > 0; number-- {
		taken := &simulator.VirtualMachineSnapshot{DataSets: map[string]*simulator.DataSet{}}
		taken.Vm = vm.Self
		taken.Config = *vm.Config
		root = m.places.ctx.Map.Put(taken).Reference()
		if number == count {
			current = root
		}
		chain = []types.VirtualMachineSnapshotTree{{
			Snapshot:          root,
			Vm:                vm.Self,
			Name:              fmt.Sprintf("Snapshot %d", number),
			Id:                int32(number),
			CreateTime:        time.Now(),
			State:             types.VirtualMachinePowerStatePoweredOff,
			ChildSnapshotList: chain,
		}}
	}
	vm.Snapshot = &types.VirtualMachineSnapshotInfo{CurrentSnapshot: &current, RootSnapshotList: chain}
	vm.RootSnapshot = []types.ManagedObjectReference{root}
}
