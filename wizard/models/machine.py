"""A machine that may be protected: a virtual one that vCenter showed, or a physical server that somebody entered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.vcenter import VCenter


class Machine(models.Model):
    class Kind(models.TextChoices):
        VM = "vm", _("Virtual machine")
        PHYSICAL = "physical", _("Physical server")

    class System(models.TextChoices):
        WINDOWS = "windows", _("Windows")
        LINUX = "linux", _("Linux")
        OTHER = "other", _("Other")

    class Verdict(models.TextChoices):
        READY = "ready", _("Can be protected")
        ATTENTION = "attention", _("Needs attention")
        BLOCKED = "blocked", _("Cannot be protected")
        UNKNOWN = "unknown", _("Not certain")
        HIDDEN = "hidden", _("Not to be protected")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.VM)
    # A virtual machine belongs to its vCenter, which deployments share; a physical server to the deployment it was entered for.
    vcenter = models.ForeignKey(
        VCenter, models.CASCADE, null=True, blank=True, related_name="machines", verbose_name=_("vCenter")
    )
    deployment = models.ForeignKey(
        Deployment,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="physical_servers",
        verbose_name=_("deployment"),
    )
    # Instance UUIDs can stand twice in one vCenter (a support finding of its own, SM-17), so the managed object id is the key.
    moid = models.CharField(_("managed object id"), max_length=64, blank=True)
    instance_uuid = models.CharField(_("instance UUID"), max_length=36, blank=True)
    bios_uuid = models.CharField(_("BIOS UUID"), max_length=36, blank=True)
    name = models.CharField(_("name"), max_length=255)
    host_name = models.CharField(_("host name"), max_length=255, blank=True)
    guest_id = models.CharField(_("guest id"), max_length=64, blank=True)
    guest_full_name = models.CharField(_("operating system"), max_length=255, blank=True)
    system = models.CharField(
        _("operating system family"), max_length=16, choices=System, default=System.OTHER
    )
    power_state = models.CharField(_("power"), max_length=16, blank=True)
    connection_state = models.CharField(_("connection"), max_length=16, blank=True)
    tools_status = models.CharField(_("VMware Tools"), max_length=32, blank=True)
    firmware = models.CharField(_("firmware"), max_length=16, blank=True)
    secure_boot = models.BooleanField(_("Secure Boot"), default=False)
    encrypted = models.BooleanField(_("encrypted"), default=False)
    cpu_count = models.PositiveIntegerField(_("vCPU"), default=0)
    memory_mb = models.PositiveBigIntegerField(_("memory in MB"), default=0)
    disk_count = models.PositiveIntegerField(_("disks"), default=0)
    disk_gb = models.FloatField(_("disk size in GB"), default=0)
    snapshot_count = models.PositiveIntegerField(_("snapshots"), default=0)
    ip_addresses = models.JSONField(_("addresses"), default=list, blank=True)
    is_template = models.BooleanField(_("template"), default=False)
    # As `wizard.vsphere.machines` writes them: DiskFacts, ControllerFacts, AdapterFacts, the extra configuration.
    disks = models.JSONField(_("disks in detail"), default=list, blank=True)
    controllers = models.JSONField(_("controllers"), default=list, blank=True)
    adapters = models.JSONField(_("network adapters"), default=list, blank=True)
    extra_config = models.JSONField(_("extra configuration"), default=dict, blank=True)
    # Where it is: ids of rows of InventoryObject.
    host_moid = models.CharField(_("host"), max_length=64, blank=True)
    folder_moid = models.CharField(_("folder"), max_length=64, blank=True)
    pool_moid = models.CharField(_("resource pool"), max_length=64, blank=True)
    vapp_moid = models.CharField(_("vApp"), max_length=64, blank=True)
    datastore_moids = models.JSONField(_("datastores"), default=list, blank=True)
    network_moids = models.JSONField(_("networks"), default=list, blank=True)
    # Judged whenever the row is written: `planning.eligibility.MachineFinding`, and the ids of their rules for the filter,
    # with a letter behind those that found something in one profile only.
    findings = models.JSONField(_("findings"), default=list, blank=True)
    rules = models.CharField(_("rules"), max_length=255, blank=True)
    verdict_classic = models.CharField(
        _("verdict (classic)"), max_length=16, choices=Verdict, default=Verdict.UNKNOWN
    )
    verdict_modernized = models.CharField(
        _("verdict (modernized)"), max_length=16, choices=Verdict, default=Verdict.UNKNOWN
    )
    # Name, host name and addresses without upper case: databases differ in how they fold letters beyond ASCII.
    search_text = models.TextField(_("searched text"), blank=True)
    # Of all that is written; a row that would not change is not written again.
    digest = models.CharField(_("digest"), max_length=32, blank=True)
    # A machine that vCenter no longer shows is kept, with the time when it was missed first.
    gone_at = models.DateTimeField(_("gone"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("machine")
        verbose_name_plural = _("machines")
        ordering = ["name", "moid"]
        indexes = [
            models.Index(fields=["vcenter", "name", "moid"], name="machines_by_name"),
            models.Index(fields=["vcenter", "gone_at", "verdict_classic"], name="machines_by_classic"),
            models.Index(fields=["vcenter", "gone_at", "verdict_modernized"], name="machines_by_modernized"),
            models.Index(fields=["vcenter", "instance_uuid"], name="machines_by_instance"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["vcenter", "moid"], name="one_row_per_machine"),
            models.UniqueConstraint(
                "deployment",
                Lower("name"),
                condition=Q(kind="physical"),
                name="physical_servers_have_names_of_their_own",
            ),
            models.CheckConstraint(
                condition=Q(kind="vm", vcenter__isnull=False, deployment__isnull=True)
                | Q(kind="physical", vcenter__isnull=True, deployment__isnull=False),
                name="a_machine_is_of_a_vcenter_or_of_a_deployment",
            ),
        ]

    def __str__(self) -> str:
        return self.name
