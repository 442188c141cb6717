"""Lists show the newest first: with these they read one page, and not all rows to sort them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("wizard", "0014_audit_chain")]

    operations = [
        migrations.AddIndex(
            model_name="deployment",
            index=models.Index(fields=["-changed_at", "name"], name="deployments_newest_first"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["-queued_at", "-id"], name="tasks_newest_first"),
        ),
    ]
