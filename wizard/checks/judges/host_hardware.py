"""Processors, memory and load of the machine itself, as its collector saw them (asr-facts 3.1 and 4)."""

from __future__ import annotations

from wizard.checks.judges.template_hardware import grade
from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _

_GIB = 1024**3


@judge("host_processors")
def judge_processors(facts: Facts, params: Params) -> Verdict:
    """Facts host.hardware.logical_processors, capacity.vcpu; parameter minimum."""
    found, minimum = facts["host.hardware.logical_processors"], params["minimum"]
    wanted = max(minimum, facts["capacity.vcpu"])
    if found < minimum:
        summary = Text.counted(
            "The machine has %(found)s logical processor; too few.",
            "The machine has %(found)s logical processors; too few.",
            "found",
            found=found,
        )
    elif found < wanted:
        summary = Text(
            _(
                "The machine has %(found)s logical processors; for the machines planned %(advised)s are advised."
            ),
            found=found,
            advised=wanted,
        )
    else:
        summary = Text(_("The machine has enough processors."))
    return Verdict(
        status=grade(found, minimum, wanted),
        summary=summary,
        observed=Text(_("logical processors: %(number)s"), number=found),
        expected=Text(
            _("at least %(minimum)s, %(advised)s for the machines planned"), minimum=minimum, advised=wanted
        ),
    )


@judge("host_memory")
def judge_memory(facts: Facts, params: Params) -> Verdict:
    """Facts host.hardware.memory_bytes, capacity.memory_gb; parameters minimum_gb, advised_gb, slack_percent.

    Firmware and graphics keep some memory to themselves, so a little less than nominal is enough (HW-02).
    """
    found, minimum = facts["host.hardware.memory_bytes"] / _GIB, params["minimum_gb"]
    wanted = max(minimum, params["advised_gb"], facts["capacity.memory_gb"])
    kept = 1 - params["slack_percent"] / 100
    if found < minimum * kept:
        summary = Text(_("The machine has %(found).1f GB of memory; too little."), found=found)
    elif found < wanted * kept:
        summary = Text(
            _("The machine has %(found).1f GB of memory; %(advised)s GB are advised."),
            found=found,
            advised=wanted,
        )
    else:
        summary = Text(_("The machine has enough memory."))
    return Verdict(
        status=grade(found, minimum * kept, wanted * kept),
        summary=summary,
        observed=Text("%(found).1f GB", found=found),
        expected=Text(_("at least %(minimum)s GB, better %(advised)s GB"), minimum=minimum, advised=wanted),
    )


@judge("host_load")
def judge_load(facts: Facts, params: Params) -> Verdict:
    """Facts host.hardware.cpu_load_percent and memory_in_use_percent; parameter below_percent (HW-11)."""
    processor, memory = (
        facts["host.hardware.cpu_load_percent"],
        facts["host.hardware.memory_in_use_percent"],
    )
    busy = max(processor, memory) >= params["below_percent"]
    return Verdict(
        status="fail" if busy else "pass",
        summary=Text(_("The machine is busy before Site Recovery has begun its work."))
        if busy
        else Text(_("The machine has processor time and memory to spare.")),
        observed=Text(
            _("processor %(processor).0f percent, memory %(memory).0f percent"),
            processor=processor,
            memory=memory,
        ),
        expected=Text(_("both below %(limit)s percent"), limit=params["below_percent"]),
    )


@judge("host_clock_speed")
def judge_clock_speed(facts: Facts, params: Params) -> Verdict:
    """Fact host.hardware.max_clock_mhz; parameter assumed_mhz (HW-17)."""
    found, assumed = facts["host.hardware.max_clock_mhz"], params["assumed_mhz"]
    slow = found < assumed
    return Verdict(
        status="fail" if slow else "pass",
        summary=Text(_("The processors are slower than the sizing tables assume."))
        if slow
        else Text(_("The processors are as fast as the sizing tables assume.")),
        observed=Text("%(found)s MHz", found=found),
        expected=Text(_("at least %(assumed)s MHz"), assumed=assumed),
    )
