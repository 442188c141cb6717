package main

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/simulator/vpx"
)

// newModel is an empty vCenter Server, or an ESXi host by itself, that introduces itself as the inventory says.
func newModel(inventory inventoryConfig) *simulator.Model {
	content, root, product := vpx.ServiceContent, vpx.RootFolder, "VMware vCenter Server"
	if inventory.APIType == hostAgent {
		content, root, product = esx.ServiceContent, esx.RootFolder, "VMware ESXi"
	}
	content.About.Version = inventory.Version
	content.About.Build = inventory.Build
	content.About.ApiVersion = inventory.APIVersion
	content.About.FullName = fmt.Sprintf("%s %s build-%s", product, inventory.Version, inventory.Build)
	content.About.LicenseProductVersion = "8.0"
	content.About.InstanceUuid = inventory.InstanceUUID
	if inventory.APIType == hostAgent {
		content.About.InstanceUuid = "" // only a vCenter Server has one
	}
	return &simulator.Model{ServiceContent: content, RootFolder: root}
}
