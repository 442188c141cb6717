"""vCenter and ESXi: the only room that speaks the vSphere API."""
