"""The words that answers, rules and tables share."""

from __future__ import annotations

from typing import Literal

# In this order they are offered: the architecture that Microsoft supports first.
ProfileId = Literal["asr-modernized", "asr-classic"]
MachineKind = Literal["vmware", "physical"]
Method = Literal["ova", "manual"]
Cloud = Literal["public", "us_government", "china"]
