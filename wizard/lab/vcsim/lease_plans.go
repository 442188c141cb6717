package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	atReady    = "ready"    // instead of becoming ready
	atProgress = "progress" // when its progress is reported
	atUpload   = "upload"   // when the first bytes of a disk have arrived
	atComplete = "complete" // when it is completed
)

// leasePlans are what shall become of the next leases. A field that is left out changes nothing.
type leasePlans struct {
	// Failure befalls one lease, once.
	Failure *leaseFailure `json:"failure"`
	// TimeoutSeconds is how long a lease lives without a word; 0 is vCenter's own 300.
	TimeoutSeconds int32 `json:"timeout_s"`
	// DeviceHost takes the place of the ESXi host's name in upload addresses.
	DeviceHost string `json:"device_host"`
}

type leaseFailure struct {
	Fault   string          `json:"fault"`
	Details json.RawMessage `json:"details"`
	Message string          `json:"message"`
	At      string          `json:"at"`
}

func (f *leaseFailure) fault() types.BaseMethodFault {
	fault, err := newFault(f.Fault, f.Details)
	if err != nil {
		panic(err) // it was made once already, when it was ordered
	}
	return fault
}

func (l *leases) plan(plans leasePlans) error {
	if failure := plans.Failure; failure != nil {
		if _, err := newFault(failure.Fault, failure.Details); err != nil {
			return err
		}
		if !slices.Contains([]string{atReady, atProgress, atUpload, atComplete}, failure.At) {
			return fmt.Errorf("at %q is none of ready, progress, upload, complete", failure.At)
		}
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if plans.Failure != nil {
		l.plans.Failure = plans.Failure
	}
	if plans.TimeoutSeconds != 0 {
		l.plans.TimeoutSeconds = plans.TimeoutSeconds
	}
	if plans.DeviceHost != "" {
		l.plans.DeviceHost = plans.DeviceHost
	}
	return nil
}

func (l *leases) forgetPlans() {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.plans = leasePlans{}
}

// due takes the failure that was ordered for a moment. The caller holds the lock.
func (p *leasePlans) due(at string) *leaseFailure {
	if p.Failure == nil || p.Failure.At != at {
		return nil
	}
	failure := p.Failure
	p.Failure = nil
	return failure
}

// strike lets an open lease fail if that was ordered for this moment, and returns the fault then.
func (l *leases) strike(id, at string) types.BaseMethodFault {
	l.lock.Lock()
	lease := l.known[id]
	var failure *leaseFailure
	if lease != nil && lease.State == leaseOpen {
		failure = l.plans.due(at)
	}
	l.lock.Unlock()
	if failure == nil {
		return nil
	}
	l.fail(id, leaseFailed, failure.fault(), failure.Message)
	return failure.fault()
}

// spoil turns a lease that is about to be seen as ready into one that failed; the caller holds its lock.
func spoil(lease *mo.HttpNfcLease, changes []types.PropertyChange, failure *leaseFailure) {
	lease.State = types.HttpNfcLeaseStateError
	lease.Error = &types.LocalizedMethodFault{Fault: failure.fault(), LocalizedMessage: failure.Message}
	for i := range changes {
		if changes[i].Name == "state" {
			changes[i].Val = types.HttpNfcLeaseStateError
		}
	}
}
