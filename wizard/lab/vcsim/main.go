// Command vcsim is the vCenter Server of the lab: govmomi's simulator with an inventory of our own, accounts whose
// roles are enforced, guests that boot, and a control port for faults. It is for trying and testing, never for production.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/vmware/govmomi/vim25"
)

var serviceInstance = vim25.ServiceInstance

type options struct {
	listen, control, cert, key, hostCert, hostKey, accounts, inventory, home string
}

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8989", "address of the vSphere API (TLS)")
	flag.StringVar(&o.control, "control", "127.0.0.1:0", "address of the control port (plain HTTP, JSON)")
	flag.StringVar(&o.cert, "cert", "", "PEM file of the certificate (chain)")
	flag.StringVar(&o.key, "key", "", "PEM file of its key")
	flag.StringVar(&o.hostCert, "host-cert", "", "PEM file of the ESXi hosts' certificate; vCenter's where empty")
	flag.StringVar(&o.hostKey, "host-key", "", "PEM file of its key")
	flag.StringVar(&o.accounts, "accounts", "", "JSON file with roles and accounts")
	flag.StringVar(&o.inventory, "inventory", "", "JSON file with the inventory")
	flag.StringVar(&o.home, "home", "", "directory for the datastores' files; the system's temporary one where empty")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func run(o options) error {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		// Whoever started us holds the other end: when it is gone, nobody needs us.
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()

	var inventory inventoryConfig
	if err := load(o.inventory, &inventory); err != nil {
		return err
	}
	var accounts accountsConfig
	if err := load(o.accounts, &accounts); err != nil {
		return err
	}
	if o.home != "" {
		if err := os.Setenv("TMPDIR", o.home); err != nil {
			return err
		}
		// Only if it is empty, for when whoever made it cannot remove it any more.
		defer func() { _ = os.Remove(o.home) }()
	}
	model := newModel(inventory)
	if err := model.Create(); err != nil {
		return err
	}
	defer model.Remove()

	lab, err := newLab(model, inventory, accounts, o)
	if err != nil {
		return err
	}
	server := lab.serve(o.listen)
	control, err := lab.listen(o.control)
	if err != nil {
		return err
	}
	ready := map[string]any{"ready": true, "address": server.URL.Host, "control": control}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return err
	}
	<-stop.Done()
	return nil
}

// listenURL carries a user, without which the simulator would accept every password.
func listenURL(address string) *url.URL {
	return &url.URL{Host: address, User: url.UserPassword("accounts", "are checked by name")}
}
