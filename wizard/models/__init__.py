"""The tables, one file a noun."""

from wizard.models.account import ApiToken, Operator, SignInLink
from wizard.models.audit import AuditEntry
from wizard.models.check import CheckResult, CheckStatus, Waiver
from wizard.models.component import Component, Link, TopologySnapshot
from wizard.models.credential import Credential
from wizard.models.deployment import Deployment, DeploymentState, StepAnswer
from wizard.models.machine import Machine
from wizard.models.task import Task, TaskEvent, TaskState
from wizard.models.vcenter import VCenter

__all__ = [
    "ApiToken",
    "AuditEntry",
    "CheckResult",
    "CheckStatus",
    "Component",
    "Credential",
    "Deployment",
    "DeploymentState",
    "Link",
    "Machine",
    "Operator",
    "SignInLink",
    "StepAnswer",
    "Task",
    "TaskEvent",
    "TaskState",
    "TopologySnapshot",
    "VCenter",
    "Waiver",
]
