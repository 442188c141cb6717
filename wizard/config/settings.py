"""Settings, all from the environment; docs/operating.md lists them.

Without any, Foothold runs embedded: one machine, SQLite, a broker in files, its secrets made at first start under `var/`.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from wizard.config import env, keys, private

VERSION = "0.1.0"
BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.text("FOOTHOLD_VAR") or BASE_DIR / "var").resolve()

PRODUCTION = env.flag("FOOTHOLD_PRODUCTION", False)
DEBUG = env.flag("FOOTHOLD_DEBUG", False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured(
        "FOOTHOLD_DEBUG shows the inside of Foothold to every caller; unset it, or do not set FOOTHOLD_PRODUCTION."
    )

# --- secrets ----------------------------------------------------------------------------------------------------------

KEYS_DIR = VAR_DIR / "keys"
SECRET_KEY = env.secret("SECRET_KEY")
sealing_keys = env.secret("CREDENTIAL_KEYS")
if PRODUCTION and not (SECRET_KEY and sealing_keys):
    raise ImproperlyConfigured(
        "FOOTHOLD_PRODUCTION needs SECRET_KEY and CREDENTIAL_KEYS (or the same names with _FILE); see docs/operating.md."
    )
DATABASE_URL = env.secret("DATABASE_URL")
# Before anything else makes its folder.
KEPT_DATABASE = None if DATABASE_URL else private.kept_database(VAR_DIR, "foothold.sqlite3")
# Said once there is a log.
VAR_DIR_CLOSED_NOW = KEPT_DATABASE is not None and private.close_folder(VAR_DIR)
if not SECRET_KEY:
    SECRET_KEY = keys.kept_secret(KEYS_DIR / "secret_key", secrets.token_urlsafe(50))
if not sealing_keys:
    sealing_keys = keys.kept_secret(KEYS_DIR / "credential_key", Fernet.generate_key().decode())
CREDENTIAL_KEYS = keys.credential_keys(sealing_keys, SECRET_KEY)

# --- web --------------------------------------------------------------------------------------------------------------

PORT = env.number("PORT", 8000, least=1)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("FOOTHOLD_URL", f"http://localhost:{PORT}").rstrip("/")
# How many proxies of yours stand in front; the sign-in throttle counts addresses behind them.
PROXY_DEPTH = env.number("PROXY_DEPTH", 0)

# How many requests one API token may make in any minute, and in any second of it; 0: as many as it likes.
API_RATE_PER_MINUTE = env.number("API_RATE_PER_MINUTE", 600)
API_RATE_PER_SECOND = env.number("API_RATE_PER_SECOND", 100)

INSTALLED_APPS = [
    "wizard.apps.WizardConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "wizard.apps.ConsoleConfig",
    "django_htmx",
    "template_partials",
    "csp",
    "ninja",
    "axes",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "wizard.web.hardening.HardeningMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "wizard.web.middleware.RequestIdMiddleware",
    "wizard.web.access_log.AccessLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "wizard.web.hardening.RequestSizeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "wizard.web.session_limits.SessionLimitsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "wizard.web.second_factor_gate.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "wizard.web.middleware.TimeZoneMiddleware",
    "wizard.web.middleware.HtmxSignInMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "wizard.config.urls"
WSGI_APPLICATION = "wizard.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"foothold": "wizard.web.templatetags"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wizard.web.context.product",
            ],
        },
    },
]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
# A session ends after so long without activity, and after so many hours in any case.
SESSION_IDLE_MINUTES = env.number("SESSION_IDLE_MINUTES", 60, least=1)
SESSION_HOURS = env.number("SESSION_HOURS", 12, least=1)
SESSION_ENGINE = "wizard.models.browser_session"
SESSION_COOKIE_AGE = 60 * 60 * SESSION_HOURS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# No script of ours reads it: the pages carry the token.
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
if PRODUCTION:
    # A browser takes a cookie of such a name over HTTPS alone, and from this very host.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION and PROXY_DEPTH else None
DEFAULT_EXCEPTION_REPORTER_FILTER = "wizard.config.crash_reports.ReportFilter"

# --- people -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "wizard.Operator"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "wizard.services.password_rules.MaximumLengthValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "deployments"
LOGOUT_REDIRECT_URL = "sign_in"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "wizard.web.throttle.locked_out"
# The door opens again after the time that its page names, however often somebody knocks meanwhile.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "password", "code", "credential", "state"]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_CLIENT_STR_CALLABLE = "wizard.web.attempts.logged_as"
AXES_CLIENT_IP_CALLABLE = "wizard.web.throttle.guesser"

# Whoever has one of these roles must set up a second factor at the next sign-in; everybody may.
MFA_REQUIRED_FOR = env.some_of("MFA_REQUIRED_FOR", ("viewer", "operator", "reviewer", "admin"))
MFA_ADAPTER = "wizard.services.allauth_adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
# Of allauth only the parts behind our own pages are used: nobody signs up, and no mail is sent.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_ADAPTER = "wizard.services.allauth_adapters.ProviderAdapter"

# Sign-in by an OpenID Connect provider, beside passwords; off without an issuer.
OIDC_ISSUER = env.https_url("OIDC_ISSUER")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.secret("OIDC_CLIENT_SECRET")
OIDC_NAME = env.text("OIDC_NAME", "OpenID Connect")
OIDC_ROLE_CLAIM = env.text("OIDC_ROLE_CLAIM")
OIDC_ROLES = env.pairs("OIDC_ROLES", ("viewer", "operator", "reviewer", "admin"))
# The role of people who were never added here; empty: they get no access.
OIDC_SIGN_UP = env.one_of("OIDC_SIGN_UP", ("", "viewer"))
if OIDC_ISSUER and not OIDC_CLIENT_ID:
    raise ImproperlyConfigured("OIDC_ISSUER needs OIDC_CLIENT_ID; see docs/sign-in.md.")
if OIDC_ROLES and not OIDC_ROLE_CLAIM:
    raise ImproperlyConfigured("OIDC_ROLES needs OIDC_ROLE_CLAIM, the claim that its values come from.")

# A waiver that one person asks for comes into force when another one approves it.
WAIVERS_NEED_SECOND_PERSON = env.flag("WAIVERS_NEED_SECOND_PERSON", True)
# How many days ahead the last day of a waiver may be that is asked for now.
WAIVER_MAX_DAYS = env.number("WAIVER_MAX_DAYS", 365, least=1)
# Nothing is set up before somebody who had no part in the answers has approved them; else each deployment says so itself.
DEPLOYMENTS_NEED_APPROVAL = env.flag("DEPLOYMENTS_NEED_APPROVAL", False)

# --- language and time ------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("sv", _("Swedish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "wizard.config.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- data -------------------------------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASE_URL:
    DATABASES = {"default": env.postgresql(DATABASE_URL)}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": KEPT_DATABASE,
            "OPTIONS": {
                # Writers queue up at the start of their transaction, instead of failing in the middle of it.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }

REDIS_URL = env.secret("REDIS_URL")
if REDIS_URL:
    REDIS_URL = env.redis(REDIS_URL)
    # A Redis that accepts connections and says nothing must not hold a request for ever.
    REDIS_PATIENCE = {"socket_connect_timeout": 2, "socket_timeout": 3}
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": REDIS_PATIENCE,
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- background work --------------------------------------------------------------------------------------------------

BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object]
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 60 * 60 * 6,
        # A request waits for this; a message that was not sent is sent again by reconcile.
        "max_retries": 1,
        "interval_start": 0.2,
        **REDIS_PATIENCE,
    }
else:
    for folder in ("messages", "control"):
        private.made_folder(BROKER_DIR / folder, "what the processes tell each other")
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.2,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# A task whose worker was not heard of for this long is taken from it.
TASK_LEASE_SECONDS = env.number("TASK_LEASE_SECONDS", 30, least=3)
TASK_RECONCILE_SECONDS = env.number("TASK_RECONCILE_SECONDS", 10, least=1)
# How long after a refresh of a registered vCenter the next one is due; 0: only when somebody asks for it.
DISCOVERY_MINUTES = env.number("DISCOVERY_MINUTES", 15)
# The same for the vault of a deployment whose vault step names an Azure account.
HEALTH_MINUTES = env.number("HEALTH_MINUTES", 15)
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "reconcile": {
        "task": "wizard.tasks.reconcile",
        # The scheduler is heard of by this; a worker that starts sends the same without it.
        "kwargs": {"from_schedule": True},
        "schedule": TASK_RECONCILE_SECONDS,
        "options": {"expires": 30},
    },
}
CELERY_BEAT_SCHEDULE["send_webhooks"] = {
    # What was not sent right away, and what is tried again.
    "task": "wizard.tasks.send_webhooks",
    "schedule": 10,
    "options": {"expires": 10},
}
CELERY_BEAT_SCHEDULE["drop_old_deliveries"] = {
    "task": "wizard.tasks.drop_old_deliveries",
    "schedule": 3600,
    "options": {"expires": 600},
}
if DISCOVERY_MINUTES:
    # Looks which vCenters are due.
    CELERY_BEAT_SCHEDULE["refresh_vcenters"] = {
        "task": "wizard.tasks.refresh_vcenters",
        "schedule": 30,
        "options": {"expires": 30},
    }
if HEALTH_MINUTES:
    # Looks which vaults are due.
    CELERY_BEAT_SCHEDULE["refresh_vaults"] = {
        "task": "wizard.tasks.refresh_vaults",
        "schedule": 30,
        "options": {"expires": 30},
    }

# --- what probes and imports may use ----------------------------------------------------------------------------------

TEMPLATE_DIR = Path(env.text("TEMPLATE_DIR", str(VAR_DIR / "templates")))
TEMPLATE_MAX_GB = env.number("TEMPLATE_MAX_GB", 60, least=1)
LAB = env.flag("FOOTHOLD_LAB", False)
CONNECT_TO = env.text("CONNECT_TO")
PROBE_CA_FILE = env.text("PROBE_CA_FILE")
# What a person may have this server connect to: never metadata services of clouds nor link-local addresses, and this
# machine itself only where one machine is all there is.
ALLOW_LOOPBACK_TARGETS = env.flag("ALLOW_LOOPBACK_TARGETS", LAB or not PRODUCTION)
PROBE_PORTS = env.ports("PROBE_PORTS")
WEBHOOK_PORTS = env.ports("WEBHOOK_PORTS", "443")
# The lab's Azure, which is asked in place of Azure's clouds: without a credential, so only ever on this machine.
AZURE_EMULATOR = env.loopback_url("AZURE_EMULATOR")
if AZURE_EMULATOR and PRODUCTION:
    raise ImproperlyConfigured("AZURE_EMULATOR is for the lab; unset it, or do not set FOOTHOLD_PRODUCTION.")
# How long a server is waited for in its vault, and how often at most the vault is looked at meanwhile.
VAULT_WAIT_SECONDS = env.number("VAULT_WAIT_SECONDS", 1800, least=1)
VAULT_POLL_SECONDS = env.number("VAULT_POLL_SECONDS", 60, least=1)
GUEST_WAIT_SECONDS = env.number("GUEST_WAIT_SECONDS", 900, least=1)
INSTALLER_DIR = Path(env.text("INSTALLER_DIR", str(VAR_DIR / "installers")))
INSTALL_MINUTES = env.number("INSTALL_MINUTES", 180, least=10)
HOST_RESTART_SECONDS = env.number("HOST_RESTART_SECONDS", 900, least=1)

# --- watching ---------------------------------------------------------------------------------------------------------

# From where /metrics may be read without a token, such as 10.1.0.0/16; from nowhere unless that is said.
METRICS_ALLOW = env.networks("METRICS_ALLOW")

# --- logs -------------------------------------------------------------------------------------------------------------

LOGGING_CONFIG = "wizard.config.logs.configure"
LOGGING = {"level": env.log_level("LOG_LEVEL"), "json": env.flag("LOG_JSON", PRODUCTION)}
