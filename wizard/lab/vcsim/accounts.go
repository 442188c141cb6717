package main

import (
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"
)

// accounts checks passwords, counts every attempt and locks an account after too many wrong ones in a row.
type accounts struct {
	lock   sync.Mutex
	known  map[string]accountConfig
	record map[string]*logins
}

// logins is what is told about one account; names that nobody has are counted as well.
type logins struct {
	Attempts int  `json:"attempts"`
	Failures int  `json:"failures"`
	Locked   bool `json:"locked"`

	inRow int
}

func newAccounts(configs []accountConfig) *accounts {
	a := &accounts{known: map[string]accountConfig{}, record: map[string]*logins{}}
	for _, config := range configs {
		a.known[principal(config.User)] = config
	}
	return a
}

// principal is the one spelling of a user's name: DOMAIN\user and user@domain are the same person.
func principal(name string) string {
	if domain, user, found := strings.Cut(name, `\`); found {
		name = user + "@" + domain
	}
	return strings.ToLower(name)
}

// valid is the simulator's question for each login. A locked account is refused even with the right password,
// with the very answer that a wrong one gets: that is all vCenter tells.
func (a *accounts) valid(login *types.Login) bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	name := principal(login.UserName)
	record := a.record[name]
	if record == nil {
		record = &logins{}
		a.record[name] = record
	}
	record.Attempts++
	account, known := a.known[name]
	if known && !record.Locked && account.Password == login.Password {
		record.inRow = 0
		return true
	}
	record.Failures++
	record.inRow++
	if known && account.LockAfter > 0 && record.inRow >= account.LockAfter {
		record.Locked = true
	}
	return false
}

func (a *accounts) report() map[string]logins {
	a.lock.Lock()
	defer a.lock.Unlock()
	report := map[string]logins{}
	for name, record := range a.record {
		report[name] = *record
	}
	return report
}

// forget resets all counters and unlocks every account.
func (a *accounts) forget() {
	a.lock.Lock()
	defer a.lock.Unlock()
	clear(a.record)
}
