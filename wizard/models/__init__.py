"""The tables, one file a noun."""

from wizard.models.account import ApiToken, Operator, SignInLink
from wizard.models.addition import Addition, DecommissionStep
from wizard.models.approval import Approval
from wizard.models.attestation import Attestation
from wizard.models.audit import AuditEntry, AuditHead, AuditSeal
from wizard.models.azure_account import AzureAccount
from wizard.models.browser_session import BrowserSession
from wizard.models.check import CheckResult, CheckStatus, Waiver
from wizard.models.component import Component, Link, TopologySnapshot
from wizard.models.credential import Credential
from wizard.models.deployment import Deployment, DeploymentState, StepAnswer
from wizard.models.deployment_plan import DeploymentPlan
from wizard.models.hand_over import HandOverPack, SigningKey
from wizard.models.host_facts import CollectorIssue, HostFacts
from wizard.models.idempotency import IdempotencyRecord
from wizard.models.installation import InstallationSecret, ManualStepConfirmation
from wizard.models.inventory import InventoryObject
from wizard.models.machine import Machine
from wizard.models.pulse import Pulse
from wizard.models.sign_in import SignInAccount
from wizard.models.task import Task, TaskEvent, TaskState
from wizard.models.team import Team
from wizard.models.vault import Notice, ProtectableItem, Severity, VaultObservation, VaultWatch
from wizard.models.vcenter import VCenter
from wizard.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "Addition",
    "ApiToken",
    "Approval",
    "Attestation",
    "AuditEntry",
    "AuditHead",
    "AuditSeal",
    "AzureAccount",
    "BrowserSession",
    "CheckResult",
    "CheckStatus",
    "CollectorIssue",
    "Component",
    "Credential",
    "DecommissionStep",
    "Deployment",
    "DeploymentPlan",
    "DeploymentState",
    "HandOverPack",
    "HostFacts",
    "IdempotencyRecord",
    "InstallationSecret",
    "InventoryObject",
    "Link",
    "Machine",
    "ManualStepConfirmation",
    "Notice",
    "Operator",
    "ProtectableItem",
    "Pulse",
    "Severity",
    "SignInAccount",
    "SignInLink",
    "SigningKey",
    "StepAnswer",
    "Task",
    "TaskEvent",
    "TaskState",
    "Team",
    "TopologySnapshot",
    "VCenter",
    "VaultObservation",
    "VaultWatch",
    "Waiver",
    "Webhook",
    "WebhookDelivery",
]
