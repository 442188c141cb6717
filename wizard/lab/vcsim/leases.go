package main

import (
	"log"
	"net/url"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	leaseOpen     = "open"
	leaseComplete = "complete"
	leaseAborted  = "aborted"
	leaseExpired  = "expired"

	// removalDelay makes the clean-up after an abort as asynchronous as it is in vCenter.
	removalDelay = 200 * time.Millisecond
)

// leases follows the import leases. As in vCenter, one that is aborted or not kept alive takes what it made with it,
// and upload addresses name the ESXi host.
type leases struct {
	ctx      *simulator.Context
	places   *places
	machines *machines
	// hostThumbprint is announced with upload addresses that name hosts; empty where they name the server.
	hostThumbprint string

	lock  sync.Mutex
	known map[string]*lease
	order []string
}

type lease struct {
	ID            string    `json:"id"`
	State         string    `json:"state"`
	User          string    `json:"user"`
	Moid          string    `json:"moid"`
	Name          string    `json:"name"`
	Percent       int32     `json:"percent"`
	ProgressCalls int       `json:"progress_calls"`
	Started       time.Time `json:"started"`

	entity  types.ManagedObjectReference
	object  *mo.HttpNfcLease
	touched time.Time
}

func newLeases(ctx *simulator.Context, places *places, machines *machines) *leases {
	return &leases{ctx: ctx, places: places, machines: machines, known: map[string]*lease{}}
}

func (l *leases) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "LabLeases", Value: "leases"}
}

func (l *leases) PutObject(*simulator.Context, mo.Reference) {}

func (l *leases) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

// UpdateObject sees a lease become ready, before any client does.
func (l *leases) UpdateObject(ctx *simulator.Context, object mo.Reference, changes []types.PropertyChange) {
	ready, ok := object.(*mo.HttpNfcLease)
	if !ok || ready.Info == nil || ready.State != types.HttpNfcLeaseStateReady {
		return
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	id := ready.Self.Value
	if l.known[id] != nil {
		return
	}
	vm, ok := l.ctx.Map.Get(ready.Info.Entity).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	user := ""
	if ctx.Session != nil {
		user = ctx.Session.UserName
	}
	now := time.Now()
	l.known[id] = &lease{
		ID: id, State: leaseOpen, User: user, Moid: vm.Self.Value, Name: vm.Name,
		Started: now, touched: now, entity: vm.Self, object: ready,
	}
	l.order = append(l.order, id)
	if l.hostThumbprint != "" && vm.Runtime.Host != nil {
		host := l.ctx.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem)
		for i := range ready.Info.DeviceUrl {
			address := &ready.Info.DeviceUrl[i]
			if parsed, err := url.Parse(address.Url); err == nil {
				parsed.Host = host.Name
				address.Url = parsed.String()
				address.SslThumbprint = l.hostThumbprint
			}
		}
		var total int64
		for _, device := range vm.Config.Hardware.Device {
			if disk, isDisk := device.(*types.VirtualDisk); isDisk {
				total += disk.CapacityInKB
			}
		}
		ready.Info.TotalDiskCapacityInKB = total
	}
}

// holds tells whether a machine is still being imported: vCenter refuses to start it then.
func (l *leases) holds(vm types.ManagedObjectReference) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, lease := range l.known {
		if lease.entity == vm && lease.State == leaseOpen {
			return true
		}
	}
	return false
}

// open returns the lease if uploads to it are welcome.
func (l *leases) open(id string) (lease, bool) {
	l.lock.Lock()
	defer l.lock.Unlock()
	found := l.known[id]
	if found == nil || found.State != leaseOpen {
		return lease{}, false
	}
	return *found, true
}

func (l *leases) progress(ref types.ManagedObjectReference, percent int32) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if lease := l.known[ref.Value]; lease != nil {
		lease.Percent = percent
		lease.ProgressCalls++
		lease.touched = time.Now()
	}
}

// close ends a lease; all ends but completion remove the machine.
func (l *leases) close(ref types.ManagedObjectReference, state string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	lease := l.known[ref.Value]
	if lease == nil || lease.State != leaseOpen {
		return
	}
	lease.State = state
	if state == leaseComplete {
		return
	}
	go func() {
		time.Sleep(removalDelay)
		if err := l.machines.remove(lease.entity); err != nil {
			log.Printf("lease %s: %s", lease.ID, err)
		}
	}()
}

// expire puts a lease into the error state, as vCenter does when nobody reports progress.
func (l *leases) expire(id string) {
	l.lock.Lock()
	lease := l.known[id]
	l.lock.Unlock()
	if lease == nil || lease.State != leaseOpen {
		return
	}
	l.ctx.WithLock(lease.object, func() {
		l.ctx.Update(lease.object, []types.PropertyChange{
			{Name: "state", Val: types.HttpNfcLeaseStateError},
			{Name: "error", Val: &types.LocalizedMethodFault{
				Fault:            &types.Timedout{},
				LocalizedMessage: "The lease timed out.",
			}},
		})
	})
	l.close(lease.object.Self, leaseExpired)
}

// watch expires leases that nobody keeps alive.
func (l *leases) watch() {
	for range time.Tick(time.Second) {
		for _, lease := range l.list() {
			timeout := time.Duration(lease.object.Info.LeaseTimeout) * time.Second
			if lease.State == leaseOpen && time.Since(lease.touched) > timeout {
				l.expire(lease.ID)
			}
		}
	}
}

func (l *leases) list() []lease {
	l.lock.Lock()
	defer l.lock.Unlock()
	list := []lease{}
	for _, id := range l.order {
		list = append(list, *l.known[id])
	}
	return list
}
