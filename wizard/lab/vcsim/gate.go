package main

import (
	"crypto/sha1"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
)

var errGone = errors.New("the lab plays dead")

// gate decides about each TLS connection: which certificate it is shown, or that nobody is there.
type gate struct {
	lock  sync.Mutex
	cert  tls.Certificate
	host  tls.Certificate
	hosts map[string]bool
	gone  bool

	// firstCert and firstHost are what it was started with.
	firstCert, firstHost tls.Certificate
}

func newGate(o options, inventory inventoryConfig) (*gate, error) {
	cert, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return nil, err
	}
	g := &gate{cert: cert, host: cert, hosts: map[string]bool{}}
	if o.hostCert != "" {
		if g.host, err = tls.LoadX509KeyPair(o.hostCert, o.hostKey); err != nil {
			return nil, err
		}
	}
	for _, dc := range inventory.Datacenters {
		hosts := dc.Hosts
		for _, cluster := range dc.Clusters {
			hosts = append(hosts, cluster.Hosts...)
		}
		for _, host := range hosts {
			g.hosts[strings.ToLower(host.Name)] = true
		}
	}
	g.firstCert, g.firstHost = g.cert, g.host
	return g, nil
}

func (g *gate) config() *tls.Config {
	return &tls.Config{
		Certificates:       []tls.Certificate{g.cert},
		GetConfigForClient: g.forClient,
	}
}

// forClient shows a caller who names an ESXi host that host's certificate, everybody else vCenter's.
func (g *gate) forClient(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.gone {
		_ = hello.Conn.Close()
		return nil, errGone
	}
	cert := g.cert
	if g.hosts[strings.ToLower(hello.ServerName)] {
		cert = g.host
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}, nil
}

// certificateFiles names another certificate for vCenter, or for the ESXi hosts.
type certificateFiles struct {
	Cert  string `json:"cert"`
	Key   string `json:"key"`
	Hosts bool   `json:"hosts"`
}

func (f certificateFiles) check() error {
	_, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	return err
}

// present shows another certificate to those who connect from now on.
func (g *gate) present(files certificateFiles) error {
	cert, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return err
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	if files.Hosts {
		g.host = cert
	} else {
		g.cert = cert
	}
	return nil
}

// restore is there for everybody again, with the certificates of the beginning.
func (g *gate) restore() {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.cert, g.host, g.gone = g.firstCert, g.firstHost, false
}

func (g *gate) setGone(gone bool) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.gone = gone
}

// hostThumbprint is what vCenter knows of its hosts' certificate, as vSphere writes it: SHA-1, upper case, colons.
func (g *gate) hostThumbprint() string {
	sum := sha1.Sum(g.firstHost.Certificate[0])
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}
