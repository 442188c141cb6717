package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// sessions tells who is signed in and can end that, as vCenter does with idle sessions.
type sessions struct {
	ctx *simulator.Context
}

type sessionState struct {
	Key        string    `json:"key"`
	User       string    `json:"user"`
	LoginTime  time.Time `json:"login_time"`
	LastActive time.Time `json:"last_active"`
	UserAgent  string    `json:"user_agent"`
}

func (s *sessions) list() []sessionState {
	states := []sessionState{}
	for _, session := range s.all() {
		states = append(states, sessionState{
			Key:        session.Key,
			User:       session.UserName,
			LoginTime:  session.LoginTime,
			LastActive: session.LastActiveTime,
			UserAgent:  session.UserAgent,
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

// active tells whether a session has neither signed out nor been ended.
func (s *sessions) active(key string) bool {
	for _, session := range s.all() {
		if session.Key == key {
			return true
		}
	}
	return false
}

// expire ends all sessions: the next call of each client is answered NotAuthenticated.
func (s *sessions) expire() {
	manager := s.ctx.Map.SessionManager()
	for _, session := range s.all() {
		// The one fault that is possible says that this session signed out meanwhile.
		manager.TerminateSession(s.ctx, &types.TerminateSession{SessionId: []string{session.Key}})
	}
}
