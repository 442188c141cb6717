"""The words that answers, rules and tables share."""

from __future__ import annotations

from typing import Literal

ProfileId = Literal["asr-classic", "asr-modernized"]
MachineKind = Literal["vmware", "physical"]
Method = Literal["ova", "manual"]
Cloud = Literal["public", "us_government", "china"]
