"""Settings of the tests: the product's own, with fast password hashes and data that each run throws away."""

import os
import tempfile
from pathlib import Path

# Each worker of pytest-xdist has data of its own: two must not take each other's messages.
_base = os.environ.setdefault("FOOTHOLD_TEST_VAR", tempfile.mkdtemp(prefix="foothold-tests-"))
os.environ["FOOTHOLD_VAR"] = str(Path(_base) / os.environ.get("PYTEST_XDIST_WORKER", "main"))

from wizard.config.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
ALLOWED_HOSTS = ["*"]
AXES_ENABLED = False
if "WORKER_DATABASE" in os.environ:
    # A worker process that a test started works on that test's database.
    DATABASES["default"]["NAME"] = os.environ["WORKER_DATABASE"]
elif "TEMPLATE_DATABASE" in os.environ:
    DATABASES["default"]["TEST"] = {"TEMPLATE": os.environ["TEMPLATE_DATABASE"]}
elif not DATABASE_URL:
    # A file, not memory: threads and worker processes of a test see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
INSTALLED_APPS = [*INSTALLED_APPS, "tests.apps.TestKindsConfig"]
