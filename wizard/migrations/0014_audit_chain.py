from typing import Any
from uuid import UUID

from django.db import migrations, models


def name_deployments(apps: Any, schema_editor: Any) -> None:
    """Say of each entry of older versions which deployment it is about, as long as that is still there."""
    entries = apps.get_model('wizard', 'AuditEntry').objects
    owners = {str(pk): pk for pk in apps.get_model('wizard', 'Deployment').objects.values_list('pk', flat=True)}
    for name in ('Task', 'Addition', 'HandOverPack'):
        rows = apps.get_model('wizard', name).objects.values_list('pk', 'deployment_id')
        owners.update((str(pk), deployment) for pk, deployment in rows if isinstance(pk, UUID))
    found = entries.filter(deployment_id=None).order_by().values_list('subject_id', flat=True).distinct()
    for subject_id in list(found.iterator(chunk_size=2000)):
        if subject_id in owners:
            entries.filter(subject_id=subject_id).update(deployment_id=owners[subject_id])


class Migration(migrations.Migration):

    dependencies = [
        ('wizard', '0013_browser_sessions'),
    ]

    operations = [
        migrations.AddField(
            model_name='audithead',
            name='swept_id',
            field=models.PositiveBigIntegerField(default=0, verbose_name='swept up to'),
        ),
        migrations.AddField(
            model_name='auditseal',
            name='actor_name',
            field=models.CharField(blank=True, max_length=150, verbose_name='who'),
        ),
        migrations.AlterField(
            model_name='auditseal',
            name='sealed_at',
            field=models.DateTimeField(verbose_name='sealed'),
        ),
        migrations.RunPython(name_deployments, migrations.RunPython.noop),
    ]
