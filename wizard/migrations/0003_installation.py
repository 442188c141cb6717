"""Sealed secrets of an installation by hand, and what people confirm of its steps."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('wizard', '0002_target_machines_and_second_person'),
    ]

    operations = [
        migrations.CreateModel(
            name='InstallationSecret',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mysql', 'MySQL passwords'), ('passphrase', 'Passphrase of the configuration server'), ('proxy', 'Account for the proxy'), ('vault_credentials', 'Vault credentials file')], max_length=32, verbose_name='kind')),
                ('label', models.CharField(blank=True, max_length=255, verbose_name='label')),
                ('sealed', models.BinaryField(verbose_name='sealed secret')),
                ('given_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='given')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='ends')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='installation_secrets', to='wizard.deployment', verbose_name='deployment')),
                ('given_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='given by')),
            ],
            options={
                'verbose_name': 'installation secret',
                'verbose_name_plural': 'installation secrets',
                'ordering': ['kind'],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'kind'), name='one_installation_secret_of_a_kind')],
            },
        ),
        migrations.CreateModel(
            name='ManualStepConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(max_length=8, verbose_name='step')),
                ('note', models.TextField(blank=True, max_length=4000, verbose_name='note')),
                ('confirmed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='confirmed')),
                ('confirmed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='confirmed by')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='manual_steps', to='wizard.deployment', verbose_name='deployment')),
            ],
            options={
                'verbose_name': 'confirmed manual step',
                'verbose_name_plural': 'confirmed manual steps',
                'ordering': ['step'],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'step'), name='one_confirmation_per_manual_step')],
            },
        ),
    ]
