"""Django without Saleor, for what needs no host: our models and the outbox on PostgreSQL."""

from testkit.postgres import django_database, server_url

SECRET_KEY = "only-for-tests"
USE_TZ = True
TIME_ZONE = "UTC"
INSTALLED_APPS = ["saleor_xcover_plugin"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# DATABASE_URL when set, else a PostgreSQL of our own inside .cache, started here.
DATABASES = {"default": django_database(server_url())}
