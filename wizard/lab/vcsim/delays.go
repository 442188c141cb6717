package main

import (
	"sync"
	"time"
)

// delays holds back calls by method name, "*" standing for all others.
type delays struct {
	lock  sync.Mutex
	waits map[string]time.Duration
}

func newDelays() *delays {
	return &delays{waits: map[string]time.Duration{}}
}

func (d *delays) set(method string, wait time.Duration) {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.waits[method] = wait
}

func (d *delays) clear() {
	d.lock.Lock()
	defer d.lock.Unlock()
	clear(d.waits)
}

func (d *delays) wait(method string) {
	d.lock.Lock()
	wait, known := d.waits[method]
	if !known {
		wait = d.waits["*"]
	}
	d.lock.Unlock()
	time.Sleep(wait)
}
