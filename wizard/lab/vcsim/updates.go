package main

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// The most objects that vCenter tells of in one answer.
const updatesAtOnce = 100

// PropertyCollector answers WaitForUpdatesEx as vCenter does where nobody waits: at a cost that follows the changes, and
// with versions of which only the last is known. The simulator's own reads everything again for each change of anything,
// which takes minutes with thousands of machines. The name is the type by which vSphere refers to it.
type PropertyCollector struct {
	simulator.PropertyCollector

	mine    bool // made by CreatePropertyCollector, so that nobody else asks it
	lock    sync.Mutex
	version int
	known   map[types.ManagedObjectReference]bool
	touched map[types.ManagedObjectReference][]string // what has changed since
	removed map[types.ManagedObjectReference]bool
	untold  []types.PropertyFilterUpdate // each of one object
}

func newPropertyCollector(ctx *simulator.Context) *PropertyCollector {
	collector := &PropertyCollector{}
	collector.Self = ctx.Map.Get(serviceInstance).(*simulator.ServiceInstance).Content.PropertyCollector
	return collector
}

// CreatePropertyCollector makes one whose updates are for its maker alone.
func (p *PropertyCollector) CreatePropertyCollector(ctx *simulator.Context, _ *types.CreatePropertyCollector) soap.HasFault {
	made := ctx.Session.Put(&PropertyCollector{mine: true}).Reference()
	return &methods.CreatePropertyCollectorBody{Res: &types.CreatePropertyCollectorResponse{Returnval: made}}
}

// PutObject notes what may have come into view, or has moved: the simulator puts that in its new place like a new object.
func (p *PropertyCollector) PutObject(ctx *simulator.Context, object mo.Reference) {
	if !p.mine {
		p.PropertyCollector.PutObject(ctx, object)
		return
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	ref := object.Reference()
	p.touched[ref] = append(p.touched[ref], "parent")
}

// UpdateObject notes which properties have changed.
func (p *PropertyCollector) UpdateObject(ctx *simulator.Context, object mo.Reference, changes []types.PropertyChange) {
	if !p.mine {
		p.PropertyCollector.UpdateObject(ctx, object, changes)
		return
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	ref := object.Reference()
	for _, change := range changes {
		p.touched[ref] = append(p.touched[ref], change.Name)
	}
}

// RemoveObject notes what is there no more.
func (p *PropertyCollector) RemoveObject(ctx *simulator.Context, ref types.ManagedObjectReference) {
	if !p.mine {
		p.PropertyCollector.RemoveObject(ctx, ref)
		return
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.removed[ref] = true
	delete(p.touched, ref)
}

// WaitForUpdatesEx tells what has changed since the version that the caller has.
func (p *PropertyCollector) WaitForUpdatesEx(ctx *simulator.Context, req *types.WaitForUpdatesEx) soap.HasFault {
	if !p.mine || req.Options == nil || req.Options.MaxWaitSeconds == nil || *req.Options.MaxWaitSeconds != 0 {
		return p.PropertyCollector.WaitForUpdatesEx(ctx, req)
	}
	body := &methods.WaitForUpdatesExBody{}
	var fault types.BaseMethodFault
	switch {
	case req.Version == "":
		fault = p.begin(ctx)
	case req.Version != strconv.Itoa(p.version):
		fault = &types.InvalidCollectorVersion{}
	case len(p.untold) == 0:
		fault = p.catchUp(ctx)
	}
	if fault != nil {
		body.Fault_ = simulator.Fault("", fault)
		return body
	}
	body.Res = &types.WaitForUpdatesExResponse{}
	if len(p.untold) == 0 && req.Version != "" {
		return body // nothing new, so the version stays
	}
	count := min(len(p.untold), updatesAtOnce)
	p.version++
	body.Res.Returnval = &types.UpdateSet{
		Version:   strconv.Itoa(p.version),
		FilterSet: p.untold[:count],
		Truncated: types.NewBool(count < len(p.untold)),
	}
	p.untold = p.untold[count:]
	return body
}

// begin tells of everything that the filters select.
func (p *PropertyCollector) begin(ctx *simulator.Context) types.BaseMethodFault {
	p.lock.Lock()
	p.known = map[types.ManagedObjectReference]bool{}
	p.forget()
	p.lock.Unlock()
	p.untold = nil
	ctx.Map.AddHandler(p)
	for _, filter := range p.Filter {
		contents, fault := p.retrieve(ctx, p.spec(ctx, filter))
		if fault != nil {
			return fault
		}
		for _, content := range contents {
			p.known[content.Obj] = true
			p.tell(filter, content, types.ObjectUpdateKindEnter, nil)
		}
	}
	return nil
}

// catchUp tells of what was noted since the last time.
func (p *PropertyCollector) catchUp(ctx *simulator.Context) types.BaseMethodFault {
	p.lock.Lock()
	touched, removed := p.touched, p.removed
	p.forget()
	p.lock.Unlock()
	for _, filter := range p.Filter {
		for ref := range removed {
			if p.known[ref] {
				delete(p.known, ref)
				p.tell(filter, types.ObjectContent{Obj: ref}, types.ObjectUpdateKindLeave, nil)
			}
		}
		if fault := p.tellTouched(ctx, filter, touched); fault != nil {
			return fault
		}
	}
	return nil
}

func (p *PropertyCollector) tellTouched(
	ctx *simulator.Context, filter types.ManagedObjectReference, touched map[types.ManagedObjectReference][]string,
) types.BaseMethodFault {
	spec := p.spec(ctx, filter)
	objects := spec.ObjectSet
	spec.ObjectSet = nil
	for ref, names := range touched {
		paths := pathsOf(spec, ref.Type)
		if p.known[ref] && slices.ContainsFunc(paths, func(path string) bool { return concerns(path, names) }) ||
			!p.known[ref] && len(paths) != 0 && inView(ctx, objects, ref) {
			spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: ref})
		}
	}
	if len(spec.ObjectSet) == 0 {
		return nil
	}
	contents, fault := p.retrieve(ctx, spec)
	if fault != nil {
		return fault
	}
	for _, content := range contents {
		if p.known[content.Obj] {
			p.tell(filter, content, types.ObjectUpdateKindModify, touched[content.Obj])
		} else {
			p.known[content.Obj] = true
			p.tell(filter, content, types.ObjectUpdateKindEnter, nil)
		}
	}
	return nil
}

// tell queues an update with those properties that the names of what changed concern; with all where there are none.
func (p *PropertyCollector) tell(
	filter types.ManagedObjectReference, content types.ObjectContent, kind types.ObjectUpdateKind, names []string,
) {
	update := types.ObjectUpdate{Obj: content.Obj, Kind: kind, MissingSet: content.MissingSet}
	for _, property := range content.PropSet {
		if kind == types.ObjectUpdateKindEnter || concerns(property.Name, names) {
			update.ChangeSet = append(update.ChangeSet, types.PropertyChange{
				Name: property.Name, Op: types.PropertyChangeOpAssign, Val: property.Val,
			})
		}
	}
	p.untold = append(p.untold, types.PropertyFilterUpdate{Filter: filter, ObjectSet: []types.ObjectUpdate{update}})
}

func (p *PropertyCollector) retrieve(
	ctx *simulator.Context, spec types.PropertyFilterSpec,
) ([]types.ObjectContent, types.BaseMethodFault) {
	spec.ReportMissingObjectsInResults = types.NewBool(true)
	body := p.RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{SpecSet: []types.PropertyFilterSpec{spec}})
	if fault := body.Fault(); fault != nil {
		return nil, fault.VimFault().(types.BaseMethodFault)
	}
	return body.(*methods.RetrievePropertiesExBody).Res.Returnval.Objects, nil
}

func (p *PropertyCollector) spec(ctx *simulator.Context, filter types.ManagedObjectReference) types.PropertyFilterSpec {
	return ctx.Session.Get(filter).(*simulator.PropertyFilter).Spec
}

func (p *PropertyCollector) forget() {
	p.touched = map[types.ManagedObjectReference][]string{}
	p.removed = map[types.ManagedObjectReference]bool{}
}

// pathsOf are the properties that the filter watches for a type by its own name.
func pathsOf(spec types.PropertyFilterSpec, kind string) []string {
	for _, set := range spec.PropSet {
		if set.Type == kind {
			return set.PathSet
		}
	}
	return nil
}

// concerns tells whether a change of any of the names changes the property, a part of it or what it is a part of.
func concerns(path string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return path == name || strings.HasPrefix(path, name+".") || strings.HasPrefix(name, path+".") ||
			strings.HasPrefix(name, path+"[")
	})
}

func inView(ctx *simulator.Context, objects []types.ObjectSpec, ref types.ManagedObjectReference) bool {
	return slices.ContainsFunc(objects, func(object types.ObjectSpec) bool {
		view, ok := ctx.Session.Get(object.Obj).(*simulator.ContainerView)
		return ok && slices.Contains(view.View, ref)
	})
}
