package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
)

const largestRead = 64 << 10

var errKilled = errors.New("the lab ended this upload")

// uploads receives disks: counted and hashed, never kept. It can be slow, or break off.
type uploads struct {
	leases *leases

	lock   sync.Mutex
	list   []*upload
	limits uploadLimits
	// ending holds the simulator's book-keeping of one finished upload at a time: it writes to a plain map.
	ending sync.Mutex
}

type uploadLimits struct {
	// BytesPerSecond slows each upload down; 0 is full speed.
	BytesPerSecond int64 `json:"upload_bytes_per_s"`
	// KillAfter breaks the connection of an upload after so many bytes; 0 never. It counts per upload.
	KillAfter int64 `json:"upload_kill_after"`
	// Kills is how many uploads break that way; 0 is all of them.
	Kills int `json:"upload_kills"`
	// Status, where set, refuses an upload with an answer instead of breaking its connection: after KillAfter bytes,
	// which is at once where that is 0.
	Status int    `json:"upload_status"`
	Reason string `json:"upload_reason"`
}

// count takes note of one upload that came to a bad end by order.
func (l *uploadLimits) count() {
	if l.Kills == 0 {
		return
	}
	if l.Kills--; l.Kills == 0 {
		l.KillAfter, l.Status = 0, 0
	}
}

type upload struct {
	Lease       string  `json:"lease"`
	VM          string  `json:"vm"`
	File        string  `json:"file"`
	Host        string  `json:"host"`
	Method      string  `json:"method"`
	ContentType string  `json:"content_type"`
	Expected    int64   `json:"expected_bytes"`
	Bytes       int64   `json:"bytes"`
	SHA256      string  `json:"sha256"`
	Seconds     float64 `json:"seconds"`
	State       string  `json:"state"` // running, done, broken, killed or refused
}

func newUploads(leases *leases) *uploads {
	return &uploads{leases: leases}
}

func (u *uploads) limit(limits uploadLimits) {
	u.lock.Lock()
	defer u.lock.Unlock()
	u.limits = limits
}

func (u *uploads) report() []upload {
	u.lock.Lock()
	defer u.lock.Unlock()
	report := []upload{}
	for _, item := range u.list {
		report = append(report, *item)
	}
	return report
}

func (u *uploads) forget() {
	u.lock.Lock()
	defer u.lock.Unlock()
	u.list = nil
}

func (u *uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	id, file := parts[len(parts)-2], parts[len(parts)-1]
	lease, open := u.leases.open(id)
	if !open {
		http.Error(w, "no open lease", http.StatusNotFound)
		return
	}
	item := &upload{
		Lease: id, VM: lease.Name, File: file, Host: r.Host, Method: r.Method, State: "running",
		ContentType: r.Header.Get("Content-Type"), Expected: r.ContentLength,
	}
	u.lock.Lock()
	u.list = append(u.list, item)
	refusal := u.limits
	if refusal.Status != 0 && refusal.KillAfter == 0 {
		item.State = "refused"
		u.limits.count()
	}
	u.lock.Unlock()
	if item.State == "refused" {
		http.Error(w, refusal.Reason, refusal.Status)
		return
	}

	body := &meter{source: r.Body, uploads: u, item: item, digest: sha256.New(), started: time.Now()}
	r.Body = body
	kept := newAnswer()
	simulator.ServeNFC(kept, r)
	if body.ended {
		u.ending.Unlock()
	}
	switch {
	case body.refused:
		http.Error(w, refusal.Reason, refusal.Status)
	case body.killed:
		panic(http.ErrAbortHandler) // the one way to close the connection without an answer
	default:
		w.WriteHeader(kept.status)
	}
}

// meter stands between the connection and the simulator: it counts, hashes, slows down and breaks off.
type meter struct {
	source  io.ReadCloser
	uploads *uploads
	item    *upload
	digest  hash.Hash
	started time.Time
	total   int64
	ended   bool
	killed  bool
	refused bool
}

func (m *meter) Read(into []byte) (int, error) {
	if len(into) > largestRead {
		into = into[:largestRead]
	}
	n, err := m.source.Read(into)
	m.digest.Write(into[:n])
	m.total += int64(n)
	if n > 0 {
		m.uploads.leases.strike(m.item.Lease, atUpload)
	}
	if _, open := m.uploads.leases.open(m.item.Lease); !open {
		err = errKilled // the lease died under way
	}
	if m.account(err) {
		err = errKilled
	}
	if err != nil && !m.ended {
		m.killed = errors.Is(err, errKilled)
		m.ended = true
		m.uploads.ending.Lock()
	}
	return n, err
}

// account updates the record, waits where the upload is too fast, and tells whether it is to break off now.
func (m *meter) account(err error) (kill bool) {
	u := m.uploads
	u.lock.Lock()
	limits := u.limits
	m.item.Bytes = m.total
	m.item.Seconds = time.Since(m.started).Seconds()
	if limits.KillAfter > 0 && m.total >= limits.KillAfter {
		kill = true
		m.refused = limits.Status != 0
		u.limits.count()
	}
	switch {
	case m.refused:
		m.item.State = "refused"
	case kill || errors.Is(err, errKilled):
		m.item.State = "killed"
	case errors.Is(err, io.EOF):
		m.item.State = "done"
		m.item.SHA256 = hex.EncodeToString(m.digest.Sum(nil))
	case err != nil:
		m.item.State = "broken"
	}
	u.lock.Unlock()
	if limits.BytesPerSecond > 0 && err == nil {
		due := time.Duration(float64(m.total) / float64(limits.BytesPerSecond) * float64(time.Second))
		time.Sleep(due - time.Since(m.started))
	}
	return kill
}

func (m *meter) Close() error { return m.source.Close() }
