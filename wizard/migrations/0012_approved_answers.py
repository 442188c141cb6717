from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('wizard', '0011_credential_entry'),
    ]

    operations = [
        migrations.AddField(
            model_name='approval',
            name='answers',
            field=models.JSONField(default=dict, verbose_name='answers'),
        ),
    ]
