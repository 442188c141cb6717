"""Where facts come from: answers, vCenter, the network, target machines, people. One file a source."""

from wizard.services.facts.observing import collectors_for, observe

__all__ = ["collectors_for", "observe"]
