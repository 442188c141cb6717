"""How a component is set up and taken away by hand, step by step, with the values of this deployment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wizard.journey.additions import ANSWERS
from wizard.models import Addition
from wizard.planning import failback_process_server
from wizard.planning.failback_process_server import Opening
from wizard.planning.quoting import amount
from wizard.services import additions
from wizard.services.additions_targets import failback_plan_of
from wizard.services.answers import answers_in_play
from wizard.text import Text, _, verbatim


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """`openings` are rules of firewalls; `deploys`: this wizard can prepare the machine by a deployment of its own."""

    steps: tuple[Text, ...]
    openings: tuple[Opening, ...]
    link: str
    deploys: bool


def guide_of(addition: Addition) -> Guide:
    """In the order in which it is done."""
    openings: tuple[Opening, ...] = ()
    match addition.kind:
        case Addition.Kind.PS_SCALEOUT:
            steps = _scale_out(addition)
        case Addition.Kind.PS_FAILBACK:
            plan = failback_plan_of(addition)
            steps, openings = failback_process_server.steps(plan), failback_process_server.openings(plan)
        case Addition.Kind.MT_LINUX:
            steps = _linux_target(addition)
        case _:
            steps = _windows_target(addition)
    return Guide(
        steps=steps,
        openings=openings,
        link=additions.LINKS[addition.kind],
        deploys=addition.kind == Addition.Kind.PS_SCALEOUT,
    )


def removal_of(addition: Addition) -> tuple[Text, ...]:
    """What to do before its removal is noted (asr-facts 9 and 9.4)."""
    if addition.kind in (Addition.Kind.PS_SCALEOUT, Addition.Kind.PS_FAILBACK):
        first = Text(_("Move its machines to another process server."))
        where = "PS"
    else:
        first = Text(_("See that no machine comes home through it at the moment."))
        where = "MasterTarget"
    steps = [first, Text(_("Uninstall the programs of Site Recovery on it."))]
    if addition.address and where == "PS":
        steps.append(
            Text(
                _(
                    "Where it is dead, run on the configuration server in C:\\ProgramData\\ASR\\home\\svsystems\\bin instead: "
                    "%(command)s"
                ),
                command=f"perl Unregister-ASRComponent.pl -IPAddress {addition.address} -Component {where}",
            )
        )
    if addition.kind == Addition.Kind.PS_FAILBACK:
        steps.append(Text(_("Delete the virtual machine in Azure, with its disk and its network interface.")))
    steps.append(Text(_("Look at the vault again: it must not show it any more.")))
    return tuple(steps)


def answer_lines(addition: Addition) -> list[tuple[Text, Text]]:
    """What was answered, with the labels of the form; what was left open is left out."""
    return list(_lines(addition))


# --- inside -----------------------------------------------------------------------------------------------------------


def _lines(addition: Addition) -> Iterator[tuple[Text, Text]]:
    fields = next(model for kind, model in ANSWERS.items() if kind == addition.kind).model_fields
    for name, value in addition.answers.items():
        info = fields.get(name)
        if info is None or value in (None, "", [], "unknown"):
            continue
        extra = info.json_schema_extra
        looks: dict[str, Any] = dict(extra) if isinstance(extra, dict) else {}
        choices = looks.get("choices", {})
        if isinstance(value, list):
            shown = Text("%(values)s", values=value)
        elif value in choices:
            shown = Text(choices[value])
        elif "suffix" in looks:
            shown = Text("%(value)s %(unit)s", value=amount(value), unit=Text(looks["suffix"]))
        else:
            shown = verbatim(value)
        yield Text(info.title or name), shown


def _server(addition: Addition) -> tuple[str, str]:
    network = answers_in_play(addition.deployment).get("network", {})
    return network.get("host_name", "–"), network.get("address", "–")


def _scale_out(addition: Addition) -> tuple[Text, ...]:
    name, address = _server(addition)
    return (
        Text(
            _(
                "Prepare a Windows Server named %(name)s with the address %(address)s, of the size that was planned."
            ),
            name=addition.name,
            address=addition.address,
        ),
        Text(_("On %(server)s run genpassphrase.exe -v, and take the passphrase along."), server=name),
        Text(
            _(
                "Run Unified Setup on the new machine, choose “Add additional process servers to scale out deployment”, and "
                "enter the address %(address)s, port 443 and the passphrase."
            ),
            address=address,
        ),
        Text(
            _("Take the version of the configuration server, never a newer one, and the data port %(port)s."),
            port=addition.answers.get("data_port", 9443),
        ),
        Text(_("Within 15 minutes it appears in the vault; then machines can be moved to it.")),
    )


def _windows_target(addition: Addition) -> tuple[Text, ...]:
    name, address = _server(addition)
    return (
        Text(
            _(
                "Install Windows Server on a new virtual machine named %(name)s, from a medium and not from the template of a "
                "protected machine, with LSI Logic controllers."
            ),
            name=addition.name,
        ),
        Text(
            _("Turn it off, set disk.EnableUUID to TRUE, add the retention disk, start it and make R: of it.")
        ),
        Text(
            _(
                "Run the unified agent installer there in the role of a master target, and register it with %(address)s, port "
                "443, and the passphrase of %(server)s."
            ),
            address=address,
            server=name,
        ),
        Text(_("Take the version of the process server, never a newer one.")),
        Text(_("Within 15 minutes it appears in the vault, with its retention volume.")),
    )


def _linux_target(addition: Addition) -> tuple[Text, ...]:
    name, address = _server(addition)
    return (
        Text(
            _(
                "Install Linux on a new virtual machine named %(name)s, from a medium and not from the template of a protected "
                "machine, with LSI Logic controllers."
            ),
            name=addition.name,
        ),
        Text(_("Turn it off, and set disk.EnableUUID to TRUE.")),
        Text(
            _(
                "Start it, copy the installer from the process server, run ApplyCustomChanges.sh once, and turn it off again."
            )
        ),
        Text(
            _(
                "Add the retention disk, find it with multipath -ll, make it ext4 with mkfs.ext4, mount it at /mnt/retention "
                "and enter it in /etc/fstab."
            )
        ),
        Text(
            _(
                "Run the installer in the role MT, and register it with %(address)s, port 443, and the passphrase of "
                "%(server)s."
            ),
            address=address,
            server=name,
        ),
        Text(_("Within 15 minutes it appears in the vault, with its retention volume.")),
    )
