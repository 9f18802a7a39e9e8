"""Django's settings, all derived from ``Environment``."""

from __future__ import annotations

import datetime as dt
import ipaddress
import sqlite3
from pathlib import Path
from typing import Any

import dj_database_url

from hingepoint.config.environment import Environment, MailServer, read_mail_server

ENVIRONMENT = Environment()

SECRET_KEY = ENVIRONMENT.effective_secret_key()
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
ROOT_URLCONF = "hingepoint.config.urls"
WSGI_APPLICATION = "hingepoint.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = ["models.W040"]  # an index that includes columns: SQLite leaves them out, as meant

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "hingepoint.domain",
]

MIDDLEWARE = [
    "hingepoint.web.timing.timing",
    "hingepoint.web.middleware.known_methods",
    "hingepoint.web.middleware.programs_by_https",
    "django.middleware.security.SecurityMiddleware",
    "hingepoint.web.middleware.content_policy",
    "hingepoint.web.assets.Compressed",
    "hingepoint.web.assets.kept_for_good",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hingepoint.web.middleware.not_kept",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "hingepoint.web.sessions.KnowsWho",
    "hingepoint.web.tongues.choosing.speaks",
    "hingepoint.web.middleware.taken_away",
    "hingepoint.web.middleware.still_there",
    "hingepoint.web.middleware.SignInFirst",
    "hingepoint.web.second_factor.SecondFactorFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hingepoint.web.answers.Answers",
    "hingepoint.web.limits.Limits",
    "hingepoint.web.proving.ProveFirst",
]

TEMPLATES = [
    {
        "BACKEND": "hingepoint.web.jinja.ByLanguage",
        "NAME": "jinja2",
        "APP_DIRS": False,
        "DIRS": [],
        "OPTIONS": {
            "environment": "hingepoint.web.jinja.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "hingepoint.web.shell.context",
            ],
        },
    }
]

# Up to 3.51.2 SQLite can lose the log when two connections empty it at once: there only one does
# (decision 0004), the one that `hingepoint serve` keeps open.
_AUTOCHECKPOINT = 1000 if sqlite3.sqlite_version_info > (3, 51, 2) else 0
_SQLITE = {
    "transaction_mode": "IMMEDIATE",  # a writer waits for its turn instead of failing half-way
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    f"PRAGMA wal_autocheckpoint={_AUTOCHECKPOINT};",
}


def _database() -> dict[str, Any]:
    if ENVIRONMENT.database_url:
        found: dict[str, Any] = {
            **dj_database_url.parse(
                ENVIRONMENT.database_url,
                conn_max_age=60,
                conn_health_checks=True,  # a connection that a restarted server dropped is opened anew, not answered 500
            )
        }
        if "postgresql" in found["ENGINE"]:  # by which a restore knows that a server runs
            found.setdefault("OPTIONS", {}).setdefault("application_name", "hingepoint")
        if "sqlite3" in found["ENGINE"]:
            found["OPTIONS"] = _SQLITE | found.get("OPTIONS", {})
        return found
    name = str((ENVIRONMENT.data_dir / "hingepoint.sqlite3").absolute())
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": _SQLITE}


DATABASES = {"default": _database()}

#: How long a statement of a page may take on PostgreSQL, and wait for what another writes, in seconds. Work in the
#: background and commands may take as long as they need. SQLite has its own ``timeout`` above.
PAGE_STATEMENT_S, PAGE_LOCK_S = 60, 20


def limit_what_pages_wait_for() -> None:
    """Let statements of this process, which answers pages, end by these limits. Called before the first one."""
    default = DATABASES["default"]
    if "postgresql" in default["ENGINE"]:
        limits = f"-c statement_timeout={PAGE_STATEMENT_S}s -c lock_timeout={PAGE_LOCK_S}s"
        options = default.setdefault("OPTIONS", {})
        options["options"] = f"{options.get('options', '')} {limits}".strip()


AUTH_USER_MODEL = "domain.User"
#: The first loads people with what their navigation shows; the second only knows sessions that began before it.
AUTHENTICATION_BACKENDS = [
    "hingepoint.web.sign_in.PeopleBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "hingepoint.domain.people.passwords.TriedFirst"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "hingepoint.domain.people.passwords.NotOurWords",
        "OPTIONS": {"words": [ENVIRONMENT.company, *ENVIRONMENT.allowed_hosts, *ENVIRONMENT.forbidden_words]},
    },
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"

SESSION_ENGINE = "hingepoint.web.sessions"
SESSION_COOKIE_AGE = ENVIRONMENT.sign_in_days * 86_400
IDLE_TIME = dt.timedelta(hours=ENVIRONMENT.idle_hours)  # read by web/middleware.py
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
#: Behind https a browser takes cookies of these names only from this very host, by https, for all of it.
_PREFIX = "__Host-" if ENVIRONMENT.https else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_PREFIX}sessionid", f"{_PREFIX}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = ENVIRONMENT.https
SECURE_REDIRECT_EXEMPT = ["^healthz$"]  # asked from inside the container or host, by http
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENVIRONMENT.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.behind_proxy else None
TRUSTED_PROXIES = [ipaddress.ip_network(one) for one in ENVIRONMENT.trusted_proxies]  # read by web/clients.py
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "hingepoint.web.answers.key_over"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

USE_TZ = True
TIME_ZONE = ENVIRONMENT.time_zone
FISCAL_YEAR_BEGINS = ENVIRONMENT.fiscal_year_begins
LANGUAGE_CODE = "en"
OFFERED_LANGUAGES = ("en",)  # another is offered when all of it is translated (decision 1050)

STATIC_URL = "/static/"
_PACKAGE = Path(__file__).resolve().parent.parent
STATICFILES_DIRS = [_PACKAGE / "web" / "static", ("charts", _PACKAGE / "reports" / "charts" / "static")]
WHITENOISE_MAX_AGE = 86_400  # fonts and pictures that style sheets name; the rest is kept by its hash
WHITENOISE_MIMETYPES = {".svg": "image/svg+xml; charset=utf-8"}
WHITENOISE_ALLOW_ALL_ORIGINS = False  # nobody else's page reads our files
WHITENOISE_USE_FINDERS = True  # our files are served from the package; nothing to collect
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
MEDIA_ROOT = ENVIRONMENT.data_dir / "uploads"
COMPILED_TEMPLATES = ENVIRONMENT.data_dir / "templates"  # may be deleted at any time
KEPT_ROWS = ENVIRONMENT.data_dir / "rows"  # that nights read; may be deleted at any time
MADE_FILES = ENVIRONMENT.data_dir / "made"  # large tables that people asked for, kept for a day
KEPT_SUMS = ENVIRONMENT.data_dir / "sums"  # of long histories; may be deleted at any time
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_HANDLERS = [
    "hingepoint.web.uploads.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000

# Without a mail server nothing is sent, and pages offer links to copy instead.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if ENVIRONMENT.mail_server else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_from
_MAIL = read_mail_server(ENVIRONMENT.mail_server) if ENVIRONMENT.mail_server else MailServer()
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.starttls, _MAIL.tls
EMAIL_TIMEOUT = 20  # seconds

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

SERVER_TIMING, SLOW_QUERY_MS = ENVIRONMENT.server_timing, ENVIRONMENT.slow_query_ms  # read by web/timing.py

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "hingepoint.config.log_lines.Text"},
        "json": {"()": "hingepoint.config.log_lines.Json"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": ENVIRONMENT.log_format}},
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level},
    "loggers": {
        "httpx2": {"level": "WARNING"}
    },  # at INFO it writes whole addresses, in which a CRM may take a token
}
