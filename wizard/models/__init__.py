"""The tables, one file a noun."""

from wizard.models.account import ApiToken, Operator, SignInLink
from wizard.models.attestation import Attestation
from wizard.models.audit import AuditEntry
from wizard.models.check import CheckResult, CheckStatus, Waiver
from wizard.models.component import Component, Link, TopologySnapshot
from wizard.models.credential import Credential
from wizard.models.deployment import Deployment, DeploymentState, StepAnswer
from wizard.models.deployment_plan import DeploymentPlan
from wizard.models.host_facts import CollectorIssue, HostFacts
from wizard.models.installation import InstallationSecret, ManualStepConfirmation
from wizard.models.inventory import InventoryObject
from wizard.models.machine import Machine
from wizard.models.sign_in import SignInAccount
from wizard.models.task import Task, TaskEvent, TaskState
from wizard.models.vcenter import VCenter

__all__ = [
    "ApiToken",
    "Attestation",
    "AuditEntry",
    "CheckResult",
    "CheckStatus",
    "CollectorIssue",
    "Component",
    "Credential",
    "Deployment",
    "DeploymentPlan",
    "DeploymentState",
    "HostFacts",
    "InstallationSecret",
    "InventoryObject",
    "Link",
    "Machine",
    "ManualStepConfirmation",
    "Operator",
    "SignInAccount",
    "SignInLink",
    "StepAnswer",
    "Task",
    "TaskEvent",
    "TaskState",
    "TopologySnapshot",
    "VCenter",
    "Waiver",
]
