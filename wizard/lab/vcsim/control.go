package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// listen opens the control port and returns its address. What each path does stands in routes.
func (l *lab) listen(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: l.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), nil
}

func (l *lab) routes() *http.ServeMux {
	mux := http.NewServeMux()
	get(mux, "/logins", func() any { return l.accounts.report() })
	get(mux, "/sessions", func() any { return l.sessions.list() })
	get(mux, "/leases", func() any { return l.leases.list() })
	get(mux, "/uploads", func() any { return l.uploads.report() })
	get(mux, "/vms", func() any { return l.machines.list() })
	get(mux, "/faults", func() any { return l.faults.list() })
	get(mux, "/calls", func() any { return l.calls.list() })

	remove(mux, "/logins", func() error { l.accounts.forget(); return nil })
	remove(mux, "/sessions", func() error { l.sessions.expire(); return nil })
	remove(mux, "/calls", func() error { l.calls.forget(); return nil })
	remove(mux, "/uploads", func() error { l.uploads.forget(); return nil })
	remove(mux, "/datastores", func() error { return l.places.restoreDatastores(l.inventory.Datacenters) })
	remove(mux, "/faults", func() error { l.calm(); return nil })
	remove(mux, "/leases", func() error {
		for _, lease := range l.leases.list() {
			l.leases.expire(lease.ID)
		}
		return nil
	})

	post(mux, "/vms", l.changeMachine)
	post(mux, "/vms/changes", l.machines.changeMany)
	post(mux, "/faults", l.faults.add)
	post(mux, "/leases", l.leases.plan)
	post(mux, "/guests", func(behavior guestBehavior) error { l.guests.behave(behavior); return nil })
	post(mux, "/uploads", func(limits uploadLimits) error { l.uploads.limit(limits); return nil })
	post(mux, "/datastores", func(change datastoreChange) error {
		return l.places.setDatastore(change.Datacenter, change.datastoreConfig)
	})
	post(mux, "/certificate", l.gate.present)
	post(mux, "/network", l.changeNetwork)
	return mux
}

type datastoreChange struct {
	Datacenter string `json:"datacenter"`
	datastoreConfig
}

// networkChange drops the connections that are open, and with Gone refuses new ones until Gone is false again.
type networkChange struct {
	Gone bool `json:"gone"`
	Drop bool `json:"drop"`
}

func (l *lab) changeNetwork(change networkChange) error {
	l.gate.setGone(change.Gone)
	if change.Drop || change.Gone {
		l.server.CloseClientConnections()
	}
	return nil
}

type machineChange struct {
	Action string `json:"action"` // add, rename or remove
	To     string `json:"to"`
	machineConfig
}

func (l *lab) changeMachine(change machineChange) error {
	switch change.Action {
	case "add":
		return l.machines.add(change.machineConfig)
	case "rename":
		return l.machines.rename(change.Name, change.To)
	case "remove":
		ref, err := l.machines.find(change.Name)
		if err != nil {
			return err
		}
		return l.machines.remove(ref)
	}
	return fmt.Errorf("action %q is none of add, rename, remove", change.Action)
}

// calm takes back everything that was ordered to go wrong.
func (l *lab) calm() {
	l.faults.clear()
	l.leases.forgetPlans()
	l.uploads.limit(uploadLimits{})
	l.gate.restore()
}

func get(mux *http.ServeMux, path string, read func() any) {
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { answer(w, read(), nil) })
}

func remove(mux *http.ServeMux, path string, act func() error) {
	mux.HandleFunc("DELETE "+path, func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{}, act()) })
}

func post[T any](mux *http.ServeMux, path string, act func(T) error) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var body T
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&body)
		if err == nil {
			err = act(body)
		}
		answer(w, map[string]any{}, err)
	})
}

func answer(w http.ResponseWriter, body any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		body = map[string]string{"error": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(body)
}
