package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// inventoryConfig is the virtual data centre to build. Sizes are in GB (2^30 bytes) unless the name says MB.
//
// Names are as people type them. Paths, such as that of a folder, are as vSphere writes them: relative to the folder of
// their kind, with `/` within a name as %2f, `%` as %25 and `\` as %5c.
type inventoryConfig struct {
	// APIType is VirtualCenter, or HostAgent for a single ESXi host: one datacenter with one host, and no folders.
	APIType      string             `json:"api_type"`
	InstanceUUID string             `json:"instance_uuid"`
	Version      string             `json:"version"`
	Build        string             `json:"build"`
	APIVersion   string             `json:"api_version"`
	Datacenters  []datacenterConfig `json:"datacenters"`

	// DeviceURLs says which host name upload addresses carry: "host" (the ESXi host, as in real life) or "server".
	DeviceURLs string `json:"device_urls"`
	// GuestDelaySeconds passes between power-on and the guest's first report.
	GuestDelaySeconds float64 `json:"guest_delay_s"`
}

type datacenterConfig struct {
	Name       string            `json:"name"`
	Folder     string            `json:"folder"`
	Clusters   []clusterConfig   `json:"clusters"`
	Hosts      []hostConfig      `json:"hosts"`
	Datastores []datastoreConfig `json:"datastores"`
	Pods       []string          `json:"pods"` // paths of datastore clusters
	Networks   []networkConfig   `json:"networks"`
	PortGroups []string          `json:"port_groups"`
	Folders    []string          `json:"folders"`
	VMs        []machineConfig   `json:"vms"`
}

type clusterConfig struct {
	Name   string       `json:"name"`
	Folder string       `json:"folder"`
	Hosts  []hostConfig `json:"hosts"`
	Pools  []string     `json:"pools"` // paths below the cluster's root pool
	VApps  []vappConfig `json:"vapps"`
}

// vappConfig is a vApp in a pool (path, empty for the cluster's root pool) and in a folder for virtual machines.
type vappConfig struct {
	Name   string `json:"name"`
	Pool   string `json:"pool"`
	Folder string `json:"folder"`
}

type hostConfig struct {
	Name        string `json:"name"`
	Address     string `json:"address"`
	Version     string `json:"version"`
	CPUCores    int16  `json:"cpu_cores"`
	MemoryGB    int64  `json:"memory_gb"`
	Maintenance bool   `json:"maintenance"`
	Connection  string `json:"connection"`
}

type datastoreConfig struct {
	Name        string   `json:"name"`
	Folder      string   `json:"folder"` // the last part may be a datastore cluster
	Type        string   `json:"type"`
	CapacityGB  int64    `json:"capacity_gb"`
	FreeGB      int64    `json:"free_gb"`
	Accessible  *bool    `json:"accessible"`
	Maintenance string   `json:"maintenance"`
	Hosts       []string `json:"hosts"`
}

// networkConfig is a standard port group, or one of NSX where Opaque is set; an empty host list means every host of the
// datacenter.
type networkConfig struct {
	Name   string   `json:"name"`
	Folder string   `json:"folder"`
	Opaque bool     `json:"opaque"`
	Hosts  []string `json:"hosts"`
}

// machineConfig is a virtual machine. Datacenter, Folder, Datastore and Networks are paths; Compute is a host, a cluster
// or CLUSTER/POOL, in which a vApp is a pool as well.
type machineConfig struct {
	Name            string            `json:"name"`
	Datacenter      string            `json:"datacenter"`
	Folder          string            `json:"folder"`
	Compute         string            `json:"compute"`
	Datastore       string            `json:"datastore"`
	Networks        []string          `json:"networks"`
	Adapter         string            `json:"adapter"`
	InstanceUUID    string            `json:"instance_uuid"`
	BiosUUID        string            `json:"bios_uuid"`
	GuestID         string            `json:"guest_id"`
	GuestFullName   string            `json:"guest_full_name"`
	Firmware        string            `json:"firmware"`
	SecureBoot      bool              `json:"secure_boot"`
	Encrypted       bool              `json:"encrypted"`
	CPUs            int32             `json:"cpus"`
	MemoryMB        int64             `json:"memory_mb"`
	DisksGB         []int64           `json:"disks_gb"`
	Disks           []diskConfig      `json:"disks"`
	Snapshots       int               `json:"snapshots"`
	ExtraConfig     map[string]string `json:"extra_config"`
	PoweredOn       bool              `json:"powered_on"`
	ConnectionState string            `json:"connection_state"`
	Template        bool              `json:"template"`
	Tools           string            `json:"tools"`
	HostName        string            `json:"host_name"`
	Addresses       []string          `json:"addresses"`
}

// diskConfig is one disk; what is empty is as vSphere makes it. A plain number in JSON is such a disk of so many GB.
type diskConfig struct {
	GB         int64  `json:"gb"`
	Mode       string `json:"mode"`
	Sharing    string `json:"sharing"`
	Backing    string `json:"backing"`    // flat, sesparse, rdm_physical or rdm_virtual
	Controller string `json:"controller"` // pvscsi, lsilogic, lsilogic_sas, buslogic, nvme, ahci or ide
	SharedBus  string `json:"shared_bus"` // noSharing, physicalSharing or virtualSharing
	Thick      bool   `json:"thick"`
}

func (d *diskConfig) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &d.GB); err == nil {
		return nil
	}
	type plain diskConfig
	return json.Unmarshal(data, (*plain)(d))
}

// disks are those of DisksGB, which are plain, then the others.
func (c machineConfig) disks() []diskConfig {
	list := make([]diskConfig, 0, len(c.DisksGB)+len(c.Disks))
	for _, size := range c.DisksGB {
		list = append(list, diskConfig{GB: size})
	}
	return append(list, c.Disks...)
}

// accountsConfig holds the roles (name to privilege ids) and the accounts that may sign in.
type accountsConfig struct {
	Roles    map[string][]string `json:"roles"`
	Accounts []accountConfig     `json:"accounts"`
}

type accountConfig struct {
	User      string `json:"user"`
	Password  string `json:"password"`
	LockAfter int    `json:"lock_after"`
	// Grants are permissions on inventory paths, "/" being the root folder; they propagate downwards.
	Grants []grantConfig `json:"grants"`
}

type grantConfig struct {
	Path string `json:"path"`
	Role string `json:"role"`
}

func load(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
