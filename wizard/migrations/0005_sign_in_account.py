"""Refused passwords, counted for everybody who shares an account."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('wizard', '0004_discovery'),
    ]

    operations = [
        migrations.CreateModel(
            name='SignInAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(max_length=255, verbose_name='address')),
                ('port', models.PositiveIntegerField(verbose_name='port')),
                ('username', models.CharField(max_length=255, verbose_name='user name')),
                ('failed_in_a_row', models.PositiveSmallIntegerField(default=0, verbose_name='refused in a row')),
                ('last_failed_at', models.DateTimeField(blank=True, null=True, verbose_name='last refused')),
                ('turn', models.UUIDField(blank=True, editable=False, null=True, verbose_name='turn')),
                ('turn_until', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='turn ends')),
            ],
            options={
                'verbose_name': 'account at vCenter',
                'verbose_name_plural': 'accounts at vCenter',
                'ordering': ['host', 'port', 'username'],
                'constraints': [models.UniqueConstraint(fields=('host', 'port', 'username'), name='one_count_per_account'), models.CheckConstraint(condition=models.Q(models.Q(('turn__isnull', True), ('turn_until__isnull', True)), models.Q(('turn__isnull', False), ('turn_until__isnull', False)), _connector='OR'), name='a_turn_has_an_end')],
            },
        ),
    ]
