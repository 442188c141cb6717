"""Facts from target machines, attestations, and waivers that a second person approves."""

import django.db.models.deletion
import django.utils.timezone
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def approve_what_was_granted(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now one person granted a waiver; those stay in force."""
    apps.get_model("wizard", "Waiver").objects.update(approved_by=F("asked_by"), approved_at=F("asked_at"))


class Migration(migrations.Migration):
    dependencies = [("wizard", "0001_initial")]

    operations = [
        migrations.RenameField("waiver", "granted_by", "asked_by"),
        migrations.RenameField("waiver", "granted_at", "asked_at"),
        migrations.AddField(
            model_name="waiver",
            name="approved_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="approved"),
        ),
        migrations.AddField(
            model_name="waiver",
            name="approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="approved by",
            ),
        ),
        migrations.AlterField(
            model_name="waiver",
            name="asked_at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked"),
        ),
        migrations.AlterField(
            model_name="waiver",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="asked by",
            ),
        ),
        migrations.CreateModel(
            name="CollectorIssue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("nonce", models.CharField(max_length=32, unique=True, verbose_name="nonce")),
                ("component", models.CharField(max_length=32, verbose_name="component")),
                (
                    "language",
                    models.CharField(
                        choices=[("powershell", "PowerShell"), ("shell", "Shell")],
                        max_length=16,
                        verbose_name="language",
                    ),
                ),
                ("sealed_key", models.BinaryField(verbose_name="sealed key")),
                ("issued_at", models.DateTimeField(auto_now_add=True, verbose_name="issued")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                (
                    "deployment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="collector_issues",
                        to="wizard.deployment",
                        verbose_name="deployment",
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="issued by",
                    ),
                ),
            ],
            options={
                "verbose_name": "collector script",
                "verbose_name_plural": "collector scripts",
                "ordering": ["-issued_at"],
            },
        ),
        migrations.CreateModel(
            name="Attestation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("requirement_id", models.CharField(max_length=32, verbose_name="requirement")),
                (
                    "answer",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("not_applicable", "Does not apply")],
                        max_length=16,
                        verbose_name="answer",
                    ),
                ),
                ("note", models.TextField(blank=True, max_length=4000, verbose_name="note")),
                ("file", models.BinaryField(blank=True, null=True, verbose_name="file")),
                ("file_name", models.CharField(blank=True, max_length=255, verbose_name="file name")),
                ("file_type", models.CharField(blank=True, max_length=100, verbose_name="content type")),
                ("file_size", models.PositiveIntegerField(default=0, verbose_name="size in bytes")),
                ("file_sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("answered_at", models.DateTimeField(verbose_name="answered")),
                (
                    "answered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "deployment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attestations",
                        to="wizard.deployment",
                        verbose_name="deployment",
                    ),
                ),
            ],
            options={
                "verbose_name": "attestation",
                "verbose_name_plural": "attestations",
                "ordering": ["requirement_id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deployment", "requirement_id"), name="one_attestation_per_requirement"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HostFacts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("component", models.CharField(max_length=32, verbose_name="component")),
                (
                    "way",
                    models.CharField(
                        choices=[("winrm", "WinRM"), ("ssh", "SSH"), ("upload", "Upload")],
                        max_length=16,
                        verbose_name="way",
                    ),
                ),
                ("host_name", models.CharField(max_length=255, verbose_name="host name")),
                ("machine_id", models.CharField(blank=True, max_length=255, verbose_name="machine id")),
                ("collected_at", models.DateTimeField(verbose_name="collected")),
                ("facts", models.JSONField(verbose_name="facts")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("received_at", models.DateTimeField(auto_now_add=True, verbose_name="received")),
                (
                    "deployment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="host_facts",
                        to="wizard.deployment",
                        verbose_name="deployment",
                    ),
                ),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="received",
                        to="wizard.collectorissue",
                        verbose_name="collector script",
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="received by",
                    ),
                ),
            ],
            options={
                "verbose_name": "host facts",
                "verbose_name_plural": "host facts",
                "ordering": ["-collected_at", "-id"],
                "indexes": [
                    models.Index(
                        fields=["deployment", "component", "-collected_at"],
                        name="wizard_host_deploym_a20264_idx",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deployment", "digest"), name="a_document_is_received_once"
                    )
                ],
            },
        ),
        # Last: PostgreSQL changes no table that has rows written in the same transaction.
        migrations.RunPython(approve_what_was_granted, migrations.RunPython.noop),
    ]
