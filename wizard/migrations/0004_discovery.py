"""More facts of machines, what stands around them, physical servers, and how a vCenter is kept fresh."""

import django.db.models.deletion
import django.db.models.functions.text
import wizard.models.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('wizard', '0003_installation'),
    ]

    operations = [
        migrations.CreateModel(
            name='InventoryObject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=64, verbose_name='type')),
                ('moid', models.CharField(max_length=64, verbose_name='managed object id')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('parent_moid', models.CharField(blank=True, max_length=64, verbose_name='parent')),
                ('path', models.JSONField(blank=True, default=list, verbose_name='path')),
                ('values', models.JSONField(blank=True, default=dict, verbose_name='values')),
                ('gone_at', models.DateTimeField(blank=True, null=True, verbose_name='gone')),
                ('seen_at', models.DateTimeField(verbose_name='seen')),
            ],
            options={
                'verbose_name': 'inventory object',
                'verbose_name_plural': 'inventory objects',
                'ordering': ['type', 'name', 'moid'],
            },
        ),
        migrations.AddField(
            model_name='machine',
            name='adapters',
            field=models.JSONField(blank=True, default=list, verbose_name='network adapters'),
        ),
        migrations.AddField(
            model_name='machine',
            name='connection_state',
            field=models.CharField(blank=True, max_length=16, verbose_name='connection'),
        ),
        migrations.AddField(
            model_name='machine',
            name='controllers',
            field=models.JSONField(blank=True, default=list, verbose_name='controllers'),
        ),
        migrations.AddField(
            model_name='machine',
            name='datastore_moids',
            field=models.JSONField(blank=True, default=list, verbose_name='datastores'),
        ),
        migrations.AddField(
            model_name='machine',
            name='deployment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='physical_servers', to='wizard.deployment', verbose_name='deployment'),
        ),
        migrations.AddField(
            model_name='machine',
            name='digest',
            field=models.CharField(blank=True, max_length=32, verbose_name='digest'),
        ),
        migrations.AddField(
            model_name='machine',
            name='disks',
            field=models.JSONField(blank=True, default=list, verbose_name='disks in detail'),
        ),
        migrations.AddField(
            model_name='machine',
            name='encrypted',
            field=models.BooleanField(default=False, verbose_name='encrypted'),
        ),
        migrations.AddField(
            model_name='machine',
            name='extra_config',
            field=models.JSONField(blank=True, default=dict, verbose_name='extra configuration'),
        ),
        migrations.AddField(
            model_name='machine',
            name='findings',
            field=models.JSONField(blank=True, default=list, verbose_name='findings'),
        ),
        migrations.AddField(
            model_name='machine',
            name='folder_moid',
            field=models.CharField(blank=True, max_length=64, verbose_name='folder'),
        ),
        migrations.AddField(
            model_name='machine',
            name='host_moid',
            field=models.CharField(blank=True, max_length=64, verbose_name='host'),
        ),
        migrations.AddField(
            model_name='machine',
            name='kind',
            field=models.CharField(choices=[('vm', 'Virtual machine'), ('physical', 'Physical server')], default='vm', max_length=8, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='machine',
            name='network_moids',
            field=models.JSONField(blank=True, default=list, verbose_name='networks'),
        ),
        migrations.AddField(
            model_name='machine',
            name='pool_moid',
            field=models.CharField(blank=True, max_length=64, verbose_name='resource pool'),
        ),
        migrations.AddField(
            model_name='machine',
            name='rules',
            field=models.CharField(blank=True, max_length=255, verbose_name='rules'),
        ),
        migrations.AddField(
            model_name='machine',
            name='search_text',
            field=models.TextField(blank=True, verbose_name='searched text'),
        ),
        migrations.AddField(
            model_name='machine',
            name='secure_boot',
            field=models.BooleanField(default=False, verbose_name='Secure Boot'),
        ),
        migrations.AddField(
            model_name='machine',
            name='snapshot_count',
            field=models.PositiveIntegerField(default=0, verbose_name='snapshots'),
        ),
        migrations.AddField(
            model_name='machine',
            name='system',
            field=models.CharField(choices=[('windows', 'Windows'), ('linux', 'Linux'), ('other', 'Other')], default='other', max_length=16, verbose_name='operating system family'),
        ),
        migrations.AddField(
            model_name='machine',
            name='vapp_moid',
            field=models.CharField(blank=True, max_length=64, verbose_name='vApp'),
        ),
        migrations.AddField(
            model_name='machine',
            name='verdict_classic',
            field=models.CharField(choices=[('ready', 'Can be protected'), ('attention', 'Needs attention'), ('blocked', 'Cannot be protected'), ('unknown', 'Not certain'), ('hidden', 'Not to be protected')], default='unknown', max_length=16, verbose_name='verdict (classic)'),
        ),
        migrations.AddField(
            model_name='machine',
            name='verdict_modernized',
            field=models.CharField(choices=[('ready', 'Can be protected'), ('attention', 'Needs attention'), ('blocked', 'Cannot be protected'), ('unknown', 'Not certain'), ('hidden', 'Not to be protected')], default='unknown', max_length=16, verbose_name='verdict (modernized)'),
        ),
        migrations.AddField(
            model_name='vcenter',
            name='next_refresh_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='next refresh'),
        ),
        migrations.AddField(
            model_name='vcenter',
            name='refresh_claim',
            field=models.CharField(blank=True, max_length=32, verbose_name='refreshed by'),
        ),
        migrations.AddField(
            model_name='vcenter',
            name='refresh_failed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='refresh failed'),
        ),
        migrations.AddField(
            model_name='vcenter',
            name='refresh_failure',
            field=wizard.models.fields.SentenceField(blank=True, verbose_name='why the refresh failed'),
        ),
        migrations.AddField(
            model_name='vcenter',
            name='refresh_failure_details',
            field=models.JSONField(blank=True, default=dict, verbose_name='where the refresh failed'),
        ),
        migrations.AddField(
            model_name='vcenter',
            name='refresh_remedy',
            field=wizard.models.fields.SentenceField(blank=True, verbose_name='what to do about it'),
        ),
        migrations.AddField(
            model_name='vcenter',
            name='refreshed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='refreshed'),
        ),
        migrations.AddField(
            model_name='vcenter',
            name='refreshing_until',
            field=models.DateTimeField(blank=True, null=True, verbose_name='being refreshed until'),
        ),
        migrations.AddField(
            model_name='vcenter',
            name='watches',
            field=models.JSONField(blank=True, default=dict, verbose_name='watches'),
        ),
        migrations.AlterField(
            model_name='machine',
            name='instance_uuid',
            field=models.CharField(blank=True, max_length=36, verbose_name='instance UUID'),
        ),
        migrations.AlterField(
            model_name='machine',
            name='moid',
            field=models.CharField(blank=True, max_length=64, verbose_name='managed object id'),
        ),
        migrations.AlterField(
            model_name='machine',
            name='vcenter',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='machines', to='wizard.vcenter', verbose_name='vCenter'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(fields=['vcenter', 'name', 'moid'], name='machines_by_name'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(fields=['vcenter', 'gone_at', 'verdict_classic'], name='machines_by_classic'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(fields=['vcenter', 'gone_at', 'verdict_modernized'], name='machines_by_modernized'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(fields=['vcenter', 'instance_uuid'], name='machines_by_instance'),
        ),
        migrations.AddConstraint(
            model_name='machine',
            constraint=models.UniqueConstraint(models.F('deployment'), django.db.models.functions.text.Lower('name'), condition=models.Q(('kind', 'physical')), name='physical_servers_have_names_of_their_own'),
        ),
        migrations.AddConstraint(
            model_name='machine',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deployment__isnull', True), ('kind', 'vm'), ('vcenter__isnull', False)), models.Q(('deployment__isnull', False), ('kind', 'physical'), ('vcenter__isnull', True)), _connector='OR'), name='a_machine_is_of_a_vcenter_or_of_a_deployment'),
        ),
        migrations.AddField(
            model_name='inventoryobject',
            name='vcenter',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='objects_seen', to='wizard.vcenter', verbose_name='vCenter'),
        ),
        migrations.AddIndex(
            model_name='inventoryobject',
            index=models.Index(fields=['vcenter', 'type', 'name'], name='objects_by_type'),
        ),
        migrations.AddConstraint(
            model_name='inventoryobject',
            constraint=models.UniqueConstraint(fields=('vcenter', 'moid'), name='one_row_per_inventory_object'),
        ),
    ]
