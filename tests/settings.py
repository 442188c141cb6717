"""Settings of the tests: the product's own, with fast password hashes and data that each run throws away."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("FOOTHOLD_VAR", tempfile.mkdtemp(prefix="foothold-tests-"))

from wizard.config.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
ALLOWED_HOSTS = ["*"]
AXES_ENABLED = False
if not DATABASE_URL:
    # A file, not memory: threads and worker processes of a test see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(VAR_DIR) / "test.sqlite3")}
