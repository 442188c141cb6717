"""Azure Resource Manager as far as Site Recovery needs it: real HTTP on loopback, everything in memory, a clock of its own."""

from wizard.lab.arm.server import LabAzure

__all__ = ["LabAzure"]
