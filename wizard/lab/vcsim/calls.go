package main

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"sync"
)

// calls remembers which methods were called under which operation id, as vCenter does in vpxd.log.
type calls struct {
	lock sync.Mutex
	seen []seenCall
}

type seenCall struct {
	Method      string `json:"method"`
	OperationID string `json:"operation_id"`
}

const (
	callsKept = 2000
	// headBytes of a request hold the header and the name of the method; what follows may be long.
	headBytes = 2048
)

var (
	operationID = regexp.MustCompile(`<operationID[^>]*>([^<]*)</operationID>`)
	methodName  = regexp.MustCompile(`<(?:\w+:)?Body>\s*<(?:\w+:)?(\w+)`)
)

// before is a handler with somebody in front of it who takes notes.
func (c *calls) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := make([]byte, headBytes)
		n, err := io.ReadFull(r.Body, head)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return // the caller is gone
		}
		head = head[:n]
		r.Body = &restored{Reader: io.MultiReader(bytes.NewReader(head), r.Body), Closer: r.Body}
		c.note(head)
		next.ServeHTTP(w, r)
	})
}

type restored struct {
	io.Reader
	io.Closer
}

func (c *calls) note(head []byte) {
	var call seenCall
	if found := operationID.FindSubmatch(head); found != nil {
		call.OperationID = string(found[1])
	}
	if found := methodName.FindSubmatch(head); found != nil {
		call.Method = string(found[1])
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	c.seen = append(c.seen, call)
	if len(c.seen) > callsKept {
		c.seen = append([]seenCall{}, c.seen[callsKept/2:]...)
	}
}

func (c *calls) list() []seenCall {
	c.lock.Lock()
	defer c.lock.Unlock()
	return append([]seenCall{}, c.seen...)
}

func (c *calls) forget() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.seen = nil
}
