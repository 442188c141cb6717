package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"path"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// faults stands between the wire and the simulator, where a caller's calls pass and the simulator's own do not.
type faults struct {
	places   *places
	leases   *leases
	sessions *sessions
	machines *machines
	gate     *gate
	// drop closes every connection that is open.
	drop func()

	lock  sync.Mutex
	rules []*rule
}

// order asks that something happens to the calls of a method ("*": of every one), of those about an object if one
// is named (by its id or name), after the first Skip of them and Count times (0: without end). What happens is a
// delay, and beyond it at most one of the others.
type order struct {
	Method  string `json:"method"`
	Object  string `json:"object"`
	Skip    int    `json:"skip"`
	Count   int    `json:"count"`
	DelayMS int    `json:"delay_ms"`

	// Fault is the name of a type of the vSphere API; Details are fields of it.
	Fault   string          `json:"fault"`
	Message string          `json:"message"`
	Details json.RawMessage `json:"details"`
	// Break is drop, cut, truncate or garbage.
	Break string `json:"break"`
	// Expire ends all sessions before the call is carried out.
	Expire bool `json:"expire"`
	// Certificate is shown from that call on, which itself is cut with all connections, as when vCenter restarts.
	Certificate *certificateFiles `json:"certificate"`
	// Remove is the name of a machine that somebody removes right before the call.
	Remove string `json:"remove"`
}

// rule is an order and how far it has come.
type rule struct {
	order
	Seen int `json:"seen"`
	Hits int `json:"hits"`
}

const (
	breakDrop     = "drop"     // carried out, then the connection is closed instead of an answer
	breakCut      = "cut"      // the connection is closed, and nothing was carried out
	breakTruncate = "truncate" // carried out, and half of the answer arrives
	breakGarbage  = "garbage"  // carried out, and something answers that is not vCenter
)

// garbage is what a proxy puts in the place of an answer; it is not well-formed XML.
const garbage = "<html><head><title>Sign in to the network</title><body><p>Your session<br>has expired.\n"

func (f *faults) add(o order) error {
	if o.Method == "" {
		return fmt.Errorf("method is missing")
	}
	if o.Break != "" && !slices.Contains([]string{breakDrop, breakCut, breakTruncate, breakGarbage}, o.Break) {
		return fmt.Errorf("break %q is none of drop, cut, truncate, garbage", o.Break)
	}
	if o.Fault != "" {
		if _, err := newFault(o.Fault, o.Details); err != nil {
			return err
		}
	}
	if o.Certificate != nil {
		if err := o.Certificate.check(); err != nil {
			return err
		}
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	f.rules = append(f.rules, &rule{order: o})
	return nil
}

func (f *faults) clear() {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.rules = nil
}

func (f *faults) list() []rule {
	f.lock.Lock()
	defer f.lock.Unlock()
	list := []rule{}
	for _, r := range f.rules {
		list = append(list, *r)
	}
	return list
}

func (f *faults) armed() bool {
	f.lock.Lock()
	defer f.lock.Unlock()
	return len(f.rules) > 0
}

// due are the orders that a call meets now; each of them is counted.
func (f *faults) due(call *call) []order {
	f.lock.Lock()
	defer f.lock.Unlock()
	var due []order
	for _, r := range f.rules {
		if r.Method != "*" && r.Method != call.name {
			continue
		}
		if r.Object != "" && !slices.Contains(call.about(), r.Object) {
			continue
		}
		r.Seen++
		if r.Seen <= r.Skip || (r.Count > 0 && r.Hits >= r.Count) {
			continue
		}
		r.Hits++
		due = append(due, r.order)
	}
	return due
}

// before is the simulator's handler with the faults in front of it.
func (f *faults) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !f.armed() {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the caller is gone
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		call := &call{faults: f, name: path.Base(r.URL.Path)}
		if r.Method == http.MethodPost {
			method, err := simulator.UnmarshalBody(types.TypeFunc(), body)
			if err != nil {
				next.ServeHTTP(w, r)
				return
			}
			call.name, call.method = method.Name, method
		}
		f.serve(w, r, next, call)
	})
}

func (f *faults) serve(w http.ResponseWriter, r *http.Request, next http.Handler, call *call) {
	for _, o := range f.due(call) {
		time.Sleep(time.Duration(o.DelayMS) * time.Millisecond)
		switch {
		case o.Fault != "":
			call.refuse(w, o)
			return
		case o.Break != "":
			breakOff(w, r, next, o.Break)
			return
		case o.Expire:
			f.sessions.expire()
		case o.Certificate != nil:
			if err := f.gate.present(*o.Certificate); err != nil {
				log.Printf("certificate at %s: %s", call.name, err)
			}
			f.drop()
			return
		case o.Remove != "":
			if err := f.remove(o.Remove); err != nil {
				log.Printf("removal at %s: %s", call.name, err)
			}
		}
	}
	next.ServeHTTP(w, r)
}

func (f *faults) remove(name string) error {
	ref, err := f.machines.find(name)
	if err != nil {
		return err
	}
	return f.machines.remove(ref)
}

// breakOff spoils one call. To panic is the one way to close its connection without an answer.
func breakOff(w http.ResponseWriter, r *http.Request, next http.Handler, how string) {
	if how == breakCut {
		panic(http.ErrAbortHandler)
	}
	kept := newAnswer()
	next.ServeHTTP(kept, r)
	switch how {
	case breakDrop:
		panic(http.ErrAbortHandler)
	case breakTruncate:
		kept.sendHeader(w)
		_, _ = w.Write(kept.body.Bytes()[:kept.body.Len()/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case breakGarbage:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, garbage)
	}
}

// call is one request of a caller: a method of the vSphere API, or a file that is asked for by name.
type call struct {
	faults *faults
	name   string
	method *simulator.Method

	names []string
}

// about are the ids and names of all objects that a call mentions; a lease is called "lease of" its machine.
func (c *call) about() []string {
	if c.names != nil || c.method == nil {
		return c.names
	}
	c.names = []string{}
	for _, ref := range references(reflect.ValueOf(c.method.Body), nil) {
		c.names = append(c.names, ref.Value)
		if entity, ok := c.faults.places.ctx.Map.Get(ref).(mo.Entity); ok {
			c.names = append(c.names, named(entity))
		} else if name := c.faults.leases.machineOf(ref.Value); name != "" {
			c.names = append(c.names, "lease of "+name)
		}
	}
	return c.names
}

// references collects every object that is mentioned anywhere in a value.
func references(value reflect.Value, found []types.ManagedObjectReference) []types.ManagedObjectReference {
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			found = references(value.Elem(), found)
		}
	case reflect.Slice:
		for i := range value.Len() {
			found = references(value.Index(i), found)
		}
	case reflect.Struct:
		if ref, ok := value.Interface().(types.ManagedObjectReference); ok {
			return append(found, ref)
		}
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				found = references(value.Field(i), found)
			}
		}
	}
	return found
}
