"""What fields and parameters mean that have the same meaning in every schema, or need no more than a word beside their schema.

The rest is described where it is declared, and that comes first.
"""

from __future__ import annotations

from typing import Any, Final

from wizard.api.field_words import OF_SCHEMA

# By the name of the parameter; with `path.` where in an address it means something else than in a query.
PARAMETERS: Final = {
    "deployment_id": "Id of the deployment.",
    "requirement_id": "Id of the requirement, such as NET-02.",
    "step": "Id of the step.",
    "profile": "Id of the requirement profile: asr-classic or asr-modernized.",
    "webhook_id": "Id of the webhook.",
    "delivery_id": "Id of the delivery, as the header Foothold-Delivery has it.",
    "team_id": "Id of the team.",
    "username": "User name of the member.",
    "account_id": "Id of the Azure account.",
    "task_id": "Id of the task.",
    "addition_id": "Id of the further component.",
    "machine_id": "Id of the machine.",
    "credential_id": "Id of the stored account.",
    "approval_id": "Id of the request for approval.",
    "pack_id": "Id of the hand-over pack.",
    "notice_id": "Id of the notice.",
    "vcenter_id": "Id of the registered vCenter.",
    "number": "Number of the snapshot, from 1.",
    "other": "Number of the snapshot to compare with.",
    "format": "The form of the answer.",
    "path.kind": "Which secret: passphrase of the configuration server, proxy account, or vault_credentials, which is given as a file.",
    "kind": "Only this kind.",
    "state": "Only those in this state.",
    "status": "Only results of this status.",
    "category": "Only results of this category, such as network.",
    "deployment": "Only those of this deployment, by its id.",
    "vcenter": "Only machines of this vCenter, by its id.",
    "verdict": "Only machines of this verdict.",
    "severity": "Only those of this severity.",
    "method": "Only what applies to this way of setting up: by the template (ova) or on a machine of one's own (manual).",
    "phase": "Only what is checked before the machine is set up, or after.",
    "purpose": "What the account is to be allowed: to read, to register vCenters, to add and move machines, or all of it.",
    "request_id": "Only what one request did, by its X-Request-ID.",
}

# By the name of the field, where it means the same everywhere.
PROPERTIES: Final = {
    "items": "The rows of this page.",
    "next_cursor": "What `cursor` takes for the next page; null on the last one.",
    "id": "Stays the same for as long as it exists.",
    "name": "As people call it.",
    "title": "For people, in the language of the request.",
    "text": "What it says, in words.",
    "summary": "In one or two sentences.",
    "remedy": "What to do about it; empty where there is nothing to do.",
    "message": "What happened, in words.",
    "note": "What the person added; may be empty.",
    "reason": "Why, in the words of the person.",
    "code": "For programs; stays the same in every language.",
    "source": "File name of the document that states it.",
    "link": "The page of the documentation.",
    "why": "Why it is needed.",
    "owner": "Who can fix it: vsphere, windows, network, azure or operator.",
    "severity": "block, warn or info.",
    "category": "The group of the catalogue, such as network.",
    "profile": "Id of the requirement profile: asr-classic or asr-modernized.",
    "deployment": "Id of the deployment.",
    "requirement_id": "Id of the requirement in the catalogue.",
    "team": "Id of the team; null for everybody's.",
    "state": "How it stands.",
    "phase": "What is being done, in words; while it is queued, that it waits for a worker.",
    "address": "IPv4 address or DNS name; empty where it is not known.",
    "host": "DNS name or IPv4 address.",
    "port": "TCP port.",
    "protocol": "TCP or UDP.",
    "secret_set": "Whether a secret is stored. The secret itself is never shown.",
    "created_by": "User name of the person who made it.",
    "created_at": "When it was made.",
    "changed_at": "When it was changed last.",
    "recorded_by": "User name of the person who recorded it, or who took out the component that it lacks.",
    "recorded_at": "When it was recorded.",
    "made_by": "User name of the person who made it.",
    "made_at": "When it was made.",
    "asked_by": "User name of the person who asked for it.",
    "asked_at": "When it was asked for.",
    "approved_by": "User name of the person who approved it; null before.",
    "approved_at": "When it was approved; null before.",
    "decided_at": "When it was approved, rejected or withdrawn; null before.",
    "confirmed_by": "User name of the person who said that it is done; null or empty before.",
    "confirmed_at": "When a person said that it is done; null before.",
    "answered_by": "User name of the person who answered.",
    "answered_at": "When it was answered.",
    "given_by": "User name of the person who gave it; empty before.",
    "given_at": "When it was given; null before.",
    "received_by": "User name of the person whose task or upload brought them.",
    "received_at": "When they came in here.",
    "collected_at": "When the machine looked at itself, by its own clock.",
    "requested_by": "User name of the person who started it.",
    "seen_at": "When it was last seen.",
    "looked_at": "When the vault was last read; null before.",
    "first_seen_at": "When it was first seen so.",
    "last_seen_at": "When it was last seen so.",
    "at": "When it was.",
    "seconds": "How long the look took, in seconds.",
    "details": "More about it, line by line.",
    "reasons": "Why, one sentence each.",
    "notes": "What else to know, one sentence each.",
    "size_bytes": "In bytes.",
    "memory_gb": "Memory in GB.",
    "cache_gb": "Size of the cache disk in GB.",
    "vcpu": "Virtual processors.",
    "tier": "The size: S, M or L.",
    "product": "Full name of the product, as it says itself.",
    "version": "As the product says itself.",
    "build": "Build number, as the product says itself.",
    "api_version": "Version of the vSphere API.",
    "api_type": "VirtualCenter, or HostAgent for a standalone ESXi host.",
    "machine_id": "Identity of the machine, as it tells it itself; empty where it tells none.",
    "way": "How they came in: over WinRM, over SSH, or as an uploaded file.",
    "unread": "Facts that the machine could not tell.",
    "file_name": "As it is saved.",
    "before": "What it was; null where there was nothing.",
    "after": "What it is now; null where there is nothing any more.",
    "complete": "Valid, and proven where that takes a task.",
    "applies": "Whether the step is on the way that the answers chose.",
    "cloud": "The Azure cloud.",
    "how": "How it signs in.",
    "tenant": "Directory id; empty where none is needed.",
    "client_id": "Application id, or that of a managed identity; empty where none is needed.",
    "roles": "The corrected role by the id of the server.",
    "label": "As the form calls it.",
    "username": "As the remote part knows it.",
    "firmware": "bios or efi; empty where it is not known.",
    "events": "The events that it tells of; empty: all of them.",
    "url": "Where it leads.",
    "task": "Id of the task that found it.",
    "rule": "Id of the rule.",
    "level": "How serious the line is.",
}


def complete(document: dict[str, Any]) -> None:
    """Describe each parameter and each field of the OpenAPI `document` that nothing describes yet, in place."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                words = PARAMETERS.get(f"{parameter['in']}.{parameter['name']}") or PARAMETERS.get(
                    parameter["name"]
                )
                if words:
                    parameter.setdefault("description", words)
    for name, schema in document["components"]["schemas"].items():
        for field, about in schema.get("properties", {}).items():
            if words := OF_SCHEMA.get(f"{name}.{field}") or PROPERTIES.get(field):
                about.setdefault("description", words)
