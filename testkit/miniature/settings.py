"""Django settings of the miniature, with the names that the plugin reads from Saleor's."""

import os
import secrets
import tempfile

from testkit.postgres import django_database

# Shared by the processes of one demo. Tokens signed with it are valid nowhere else.
SECRET_KEY = os.environ.get("XCOVER_DEMO_SECRET_KEY") or secrets.token_urlsafe()
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
USE_TZ = True
TIME_ZONE = "UTC"
SITE_ID = 1
MINIATURE_URL = os.environ.get("XCOVER_DEMO_PUBLIC_URL", "http://localhost/")
ROOT_URLCONF = "saleor.urls"
# Saleor's default; other apps set their own.
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "saleor.permission",
    "saleor.account",
    "saleor.app",
    "saleor.channel",
    "saleor.tax",
    "saleor.product",
    "saleor.attribute",
    "saleor.discount",
    "saleor.giftcard",
    "saleor.payment",
    "saleor.checkout",
    "saleor.order",
    "saleor.warehouse",
    "saleor.site",
    "saleor.plugins",
    "django_celery_beat",
    "saleor_xcover_plugin",
]
# Its tables are made with those of the miniature, which refer to them.
MIGRATION_MODULES = {"contenttypes": None}
# Where the picture of an app is kept.
MEDIA_ROOT = os.path.join(tempfile.gettempdir(), "xcover-miniature")
PLUGINS = ["saleor_xcover_plugin.plugin.XCoverPlugin"]
DATABASES = {"default": django_database(os.environ["XCOVER_DEMO_DATABASE_URL"])}
# As in Saleor, tasks run eagerly without a broker.
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "")
CELERY_TASK_ALWAYS_EAGER = not CELERY_BROKER_URL
_queue = os.environ.get("XCOVER_DEMO_QUEUE", "")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "data_folder_in": _queue,
    "data_folder_out": _queue,
    "control_folder": f"{_queue}-control",
}
CELERY_TIMEZONE = "UTC"
# The plugin schedules its sweep every minute; the demo runs it every two seconds.
CELERY_BEAT_SCHEDULE: dict[str, object] = {
    "demo.sweep": {"task": "saleor_xcover_plugin.tasks.sweep", "schedule": 2}
}

COMMON_REQUESTS_TIMEOUT = (2, 18)
# The simulated XCover listens on 127.0.0.1.
HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"": {"handlers": ["stderr"], "level": os.environ.get("XCOVER_DEMO_LOG", "ERROR")}},
}
