"""What all rooms that talk to far ends have in common: names, TCP, TLS, fingerprints, and how failures are told."""
