package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
)

// lab holds the parts together: the simulator, what is built around it, and what the control port steers.
type lab struct {
	service  *simulator.Service
	ctx      *simulator.Context
	places   *places
	machines *machines
	guests   *guests
	accounts *accounts
	sessions *sessions
	leases   *leases
	uploads  *uploads
	gate     *gate
	faults   *faults
	calls    *calls
	server   *simulator.Server

	inventory inventoryConfig
}

func newLab(model *simulator.Model, inventory inventoryConfig, config accountsConfig, o options) (*lab, error) {
	service := model.Service
	ctx := service.Context
	client, err := vim25.NewClient(context.Background(), service)
	if err != nil {
		return nil, err
	}
	gate, err := newGate(o, inventory)
	if err != nil {
		return nil, err
	}
	l := &lab{service: service, ctx: ctx, gate: gate, places: &places{ctx: ctx}, inventory: inventory}
	l.guests = &guests{ctx: ctx, behavior: guestBehavior{DelaySeconds: inventory.GuestDelaySeconds}}
	l.machines = &machines{ctx: context.Background(), client: client, places: l.places, guests: l.guests}
	l.sessions = &sessions{ctx: ctx}
	l.leases = newLeases(ctx, l.places, l.machines, l.sessions)
	if inventory.DeviceURLs == "host" {
		l.leases.hostThumbprint = gate.hostThumbprint()
	}
	l.uploads = newUploads(l.leases)
	l.faults = &faults{
		places: l.places, leases: l.leases, sessions: l.sessions, machines: l.machines, gate: gate,
		drop: func() { l.server.CloseClientConnections() },
	}
	l.accounts = newAccounts(config.Accounts)
	l.calls = &calls{}

	ctx.Map.AddHandler(l.guests)
	ctx.Map.AddHandler(l.leases)
	home, err := l.home()
	if err != nil {
		return nil, err
	}
	b := builder{ctx: context.Background(), client: client, registry: ctx.Map, home: home, machines: l.machines}
	if err := b.build(inventory); err != nil {
		return nil, err
	}

	authorization, err := newAuthorization(ctx, l.places, config)
	if err != nil {
		return nil, err
	}
	ctx.Map.Put(authorization)
	ctx.Map.Put(newOvfManager(ctx))
	ctx.Map.Put(newPropertyCollector(ctx))
	ctx.Map.SessionManager().ValidLogin = l.accounts.valid
	guard := &guard{places: l.places, authorization: authorization, leases: l.leases}
	ctx.Map.Handler = guard.check
	return l, nil
}

// home is the directory that the simulator made for the datastores' files and removes at its end.
func (l *lab) home() (string, error) {
	for _, setting := range l.ctx.Map.OptionManager().Setting {
		if value := setting.GetOptionValue(); value.Key == "vcsim.home" {
			return value.Value.(string), nil
		}
	}
	return "", errors.New("the simulator has no home directory")
}

func (l *lab) serve(address string) *simulator.Server {
	l.service.Listen = listenURL(address)
	l.service.TLS = l.gate.config()
	l.service.ServeMux = http.NewServeMux()
	// More specific than the simulator's own patterns, so calls and uploads pass here first.
	sdk := l.calls.before(l.faults.before(http.HandlerFunc(l.service.ServeSDK)))
	l.service.ServeMux.Handle("POST /sdk", sdk)
	l.service.ServeMux.Handle("POST /sdk/vimService", sdk)
	l.service.ServeMux.Handle("GET /sdk/vimServiceVersions.xml", l.faults.before(http.HandlerFunc(l.service.ServiceVersions)))
	l.service.ServeMux.Handle("POST /nfc/", l.uploads)
	l.service.ServeMux.Handle("PUT /nfc/", l.uploads)
	l.server = l.service.NewServer()
	go l.leases.watch()
	return l.server
}
