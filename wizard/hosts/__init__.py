"""Target machines: the only room that speaks WinRM and SSH, and knows what a machine says about itself."""
