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
	leaseFailed   = "failed" // by order
	leaseEnded    = "ended"  // its machine was removed, or its session is gone

	// removalDelay makes the clean-up after an abort as asynchronous as it is in vCenter.
	removalDelay = 50 * time.Millisecond
	// watchInterval is how late a lease may be found to have ended.
	watchInterval = 50 * time.Millisecond

	goneMessage = "The object has already been deleted or has not been completely created."
)

// leases follows the import leases. As in vCenter, one that is aborted or not kept alive takes what it made with it,
// and upload addresses name the ESXi host.
type leases struct {
	ctx      *simulator.Context
	places   *places
	machines *machines
	sessions *sessions
	// hostThumbprint is announced with upload addresses that name hosts; empty where they name the server.
	hostThumbprint string

	lock  sync.Mutex
	known map[string]*lease
	order []string
	plans leasePlans
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
	session string
	timeout time.Duration
	touched time.Time
}

func newLeases(ctx *simulator.Context, places *places, machines *machines, sessions *sessions) *leases {
	return &leases{ctx: ctx, places: places, machines: machines, sessions: sessions, known: map[string]*lease{}}
}

func (l *leases) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "LabLeases", Value: "leases"}
}

func (l *leases) PutObject(*simulator.Context, mo.Reference) {}

// RemoveObject ends the lease of a machine that somebody removed.
func (l *leases) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, lease := range l.known {
		if lease.entity == ref && lease.State == leaseOpen {
			lease.State = leaseEnded
			// The caller holds the machine's lock; the lease's own is taken in peace.
			go l.publish(lease.object, &types.ManagedObjectNotFound{Obj: ref}, goneMessage)
		}
	}
}

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
	if l.plans.TimeoutSeconds > 0 {
		ready.Info.LeaseTimeout = l.plans.TimeoutSeconds
	}
	now := time.Now()
	lease := &lease{
		ID: id, State: leaseOpen, Moid: vm.Self.Value, Name: vm.Name,
		Started: now, touched: now, entity: vm.Self, object: ready,
		timeout: time.Duration(ready.Info.LeaseTimeout) * time.Second,
	}
	if ctx.Session != nil {
		lease.User, lease.session = ctx.Session.UserName, ctx.Session.Key
	}
	l.known[id] = lease
	l.order = append(l.order, id)
	if failure := l.plans.due(atReady); failure != nil {
		spoil(ready, changes, failure)
		l.end(lease, leaseFailed)
		return
	}
	if l.hostThumbprint != "" && vm.Runtime.Host != nil {
		name := l.plans.DeviceHost
		if name == "" {
			name = l.ctx.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem).Name
		}
		for i := range ready.Info.DeviceUrl {
			address := &ready.Info.DeviceUrl[i]
			if parsed, err := url.Parse(address.Url); err == nil {
				parsed.Host = name
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
	l.settle()
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

// progress keeps a lease alive; it returns the fault with which that is refused.
func (l *leases) progress(ref types.ManagedObjectReference, percent int32) types.BaseMethodFault {
	if fault := l.strike(ref.Value, atProgress); fault != nil {
		return fault
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	lease := l.known[ref.Value]
	if lease == nil {
		return nil
	}
	if lease.State != leaseOpen {
		return l.over(lease)
	}
	lease.Percent = percent
	lease.ProgressCalls++
	lease.touched = time.Now()
	return nil
}

// complete makes the machine its owner's; it returns the fault with which that is refused.
func (l *leases) complete(ref types.ManagedObjectReference) types.BaseMethodFault {
	if fault := l.strike(ref.Value, atComplete); fault != nil {
		return fault
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	lease := l.known[ref.Value]
	if lease == nil {
		return nil
	}
	if lease.State != leaseOpen {
		return l.over(lease)
	}
	l.end(lease, leaseComplete)
	return nil
}

// over is what a call about a lease that has ended is answered: one whose session is gone is not known any more.
// The caller holds the lock.
func (l *leases) over(lease *lease) types.BaseMethodFault {
	if lease.State == leaseEnded && !l.sessions.active(lease.session) {
		return &types.ManagedObjectNotFound{Obj: lease.object.Self}
	}
	return &types.InvalidState{}
}

func (l *leases) abort(ref types.ManagedObjectReference) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if lease := l.known[ref.Value]; lease != nil && lease.State == leaseOpen {
		l.end(lease, leaseAborted)
	}
}

// end writes down how a lease ended; all ends but completion remove the machine. The caller holds the lock.
func (l *leases) end(lease *lease, state string) {
	lease.State = state
	if state == leaseComplete {
		return
	}
	go func() {
		time.Sleep(removalDelay)
		if l.ctx.Map.Get(lease.entity) == nil {
			return // somebody was faster
		}
		if err := l.machines.remove(lease.entity); err != nil {
			log.Printf("lease %s: %s", lease.ID, err)
		}
	}()
}

// fail puts an open lease into the error state, as vCenter does when nobody reports progress.
func (l *leases) fail(id, state string, fault types.BaseMethodFault, message string) {
	l.lock.Lock()
	lease := l.known[id]
	if lease == nil || lease.State != leaseOpen {
		l.lock.Unlock()
		return
	}
	l.end(lease, state)
	l.lock.Unlock()
	l.publish(lease.object, fault, message)
}

func (l *leases) expire(id string) {
	l.fail(id, leaseExpired, &types.Timedout{}, "The lease timed out.")
}

// publish shows everybody why a lease has failed.
func (l *leases) publish(object *mo.HttpNfcLease, fault types.BaseMethodFault, message string) {
	l.ctx.WithLock(object, func() {
		l.ctx.Update(object, []types.PropertyChange{
			{Name: "state", Val: types.HttpNfcLeaseStateError},
			{Name: "error", Val: &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: message}},
		})
	})
}

// settle ends the leases whose session is gone. Their machines stay: whoever signs in next finds them.
func (l *leases) settle() {
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, lease := range l.known {
		if lease.State == leaseOpen && !l.sessions.active(lease.session) {
			lease.State = leaseEnded
		}
	}
}

// watch ends leases that nobody keeps alive, or that nobody can reach any more.
func (l *leases) watch() {
	for range time.Tick(watchInterval) {
		for _, lease := range l.list() {
			if lease.State == leaseOpen && time.Since(lease.touched) > lease.timeout {
				l.expire(lease.ID)
			}
		}
	}
}

func (l *leases) list() []lease {
	l.settle()
	l.lock.Lock()
	defer l.lock.Unlock()
	list := []lease{}
	for _, id := range l.order {
		list = append(list, *l.known[id])
	}
	return list
}

// machineOf is the name of the machine that a lease is about; empty for what is not the id of a lease.
func (l *leases) machineOf(id string) string {
	l.lock.Lock()
	defer l.lock.Unlock()
	if lease := l.known[id]; lease != nil {
		return lease.Name
	}
	return ""
}
