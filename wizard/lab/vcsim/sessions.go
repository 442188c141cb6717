package main

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// sessions tells who is signed in and can end that, as vCenter does with idle sessions.
type sessions struct {
	ctx *simulator.Context
}

type sessionState struct {
	Key       string    `json:"key"`
	User      string    `json:"user"`
	LoginTime time.Time `json:"login_time"`
	UserAgent string    `json:"user_agent"`
}

func (s *sessions) list() []sessionState {
	states := []sessionState{}
	for _, session := range s.all() {
		states = append(states, sessionState{
			Key:       session.Key,
			User:      session.UserName,
			LoginTime: session.LoginTime,
			UserAgent: session.UserAgent,
		})
	}
	return states
}

// all asks through a session's own view of the manager, which is the only one that lists the others.
func (s *sessions) all() []types.UserSession {
	manager := s.ctx.Session.Get(s.ctx.Map.SessionManager().Self).(*simulator.SessionManager)
	return manager.SessionList
}

// user is the name behind a session's key; empty where there is no such session.
func (s *sessions) user(key string) string {
	for _, session := range s.all() {
		if session.Key == key {
			return session.UserName
		}
	}
	return ""
}

// expire ends all sessions: the next call of each client is answered NotAuthenticated.
func (s *sessions) expire() (int, error) {
	var keys []string
	for _, session := range s.all() {
		keys = append(keys, session.Key)
	}
	response := s.ctx.Map.SessionManager().TerminateSession(s.ctx, &types.TerminateSession{SessionId: keys})
	if fault := response.Fault(); fault != nil {
		return 0, fmt.Errorf("sessions: %s", fault.String)
	}
	return len(keys), nil
}
