package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// newFault makes a fault of the vSphere API from the name of its type and, in its own spelling, some of its fields.
func newFault(name string, details json.RawMessage) (types.BaseMethodFault, error) {
	kind, known := types.TypeFunc()(name)
	if !known {
		return nil, fmt.Errorf("the vSphere API has no fault %q", name)
	}
	fault, ok := reflect.New(kind).Interface().(types.BaseMethodFault)
	if !ok {
		return nil, fmt.Errorf("%s is not a fault", name)
	}
	if len(details) > 0 {
		if err := json.Unmarshal(details, fault); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return fault, nil
}

// refuse answers a call with the fault that was ordered, in the envelope that vCenter uses.
func (c *call) refuse(w http.ResponseWriter, o order) {
	fault, err := newFault(o.Fault, o.Details)
	if err != nil {
		panic(err) // it was made once already, when it was ordered
	}
	if c.method != nil {
		blame(fault, c.method.This)
	}
	message := o.Message
	if message == "" {
		message = "The lab was asked for this fault."
	}
	body, err := xml.Marshal(&envelope{
		Env:  "http://schemas.xmlsoap.org/soap/envelope/",
		XSI:  "http://www.w3.org/2001/XMLSchema-instance",
		Body: faultBody{Fault: faultPart{Code: "ServerFaultCode", String: message, Detail: detailPart{detail{fault}}}},
	})
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write([]byte(xml.Header))
	_, _ = w.Write(body)
}

// blame fills in the object of a fault that has to name one.
func blame(fault types.BaseMethodFault, object types.ManagedObjectReference) {
	switch fault := fault.(type) {
	case *types.ManagedObjectNotFound:
		if fault.Obj.Value == "" {
			fault.Obj = object
		}
	case *types.DuplicateName:
		if fault.Object.Value == "" {
			fault.Object = object
		}
	case *types.TaskInProgress:
		if fault.Task.Value == "" {
			fault.Task = types.ManagedObjectReference{Type: "Task", Value: "task-of-somebody-else"}
		}
	case *types.NoPermission:
		if fault.Object == nil {
			fault.Object = &object
		}
	case *types.NotAuthenticated:
		if fault.Object == nil {
			fault.Object = &object
		}
	}
}

type envelope struct {
	XMLName xml.Name  `xml:"soapenv:Envelope"`
	Env     string    `xml:"xmlns:soapenv,attr"`
	XSI     string    `xml:"xmlns:xsi,attr"`
	Body    faultBody `xml:"soapenv:Body"`
}

type faultBody struct {
	Fault faultPart `xml:"soapenv:Fault"`
}

type faultPart struct {
	Code   string     `xml:"faultcode"`
	String string     `xml:"faultstring"`
	Detail detailPart `xml:"detail"`
}

type detailPart struct {
	Fault detail
}

type detail struct {
	fault types.BaseMethodFault
}

// MarshalXML names the element and its type after the fault.
func (d detail) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	kind := reflect.TypeOf(d.fault).Elem().Name()
	start.Name.Local = kind + "Fault"
	start.Attr = append(start.Attr,
		xml.Attr{Name: xml.Name{Local: "xmlns"}, Value: "urn:" + vim25.Namespace},
		xml.Attr{Name: xml.Name{Local: "xsi:type"}, Value: kind},
	)
	return e.EncodeElement(d.fault, start)
}

// response keeps what a handler answers, so that something else can be sent.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *response {
	return &response{header: http.Header{}, status: http.StatusOK}
}

func (r *response) Header() http.Header { return r.header }

func (r *response) WriteHeader(status int) { r.status = status }

func (r *response) Write(part []byte) (int, error) { return r.body.Write(part) }

// sendHeader announces the whole of the answer.
func (r *response) sendHeader(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(r.body.Len()))
	w.WriteHeader(r.status)
}
