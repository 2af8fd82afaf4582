"""Set up an importable Saleor for tests, with its own settings and environment variables only.

Saleor finds the plugin through the entry point of the installed distribution.
"""

import importlib.metadata
import os
import re
from importlib.util import find_spec
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ..process import ROOT

SERVER_URL = "postgres://saleor:saleor@localhost:5432/saleor"
"""Default address of the PostgreSQL server."""
DATABASE = "xcover_flows"
"""Default name of the database of the flow tests."""

OF_A_STORE = (
    "XCOVER_API_URL",
    "XCOVER_API_KEY",
    "XCOVER_API_SECRET",
    "XCOVER_INSTANCE",
    "XCOVER_PURGE",
    "PUBLIC_URL",
)
"""Environment variables of a real store, which are removed for tests."""


def is_available() -> bool:
    """Return True if a real Saleor can be imported."""
    try:
        return find_spec("saleor.settings") is not None
    except ModuleNotFoundError:
        return False


def server_url() -> str:
    """Return the address of the PostgreSQL server, with the database to copy as a start."""
    return os.environ.get("SALEOR_DATABASE_URL", SERVER_URL)


def database_name() -> str:
    """Return the name of this process's database; parallel workers have one each."""
    worker = os.environ.get("XCOVER_FLOWS_WORKER")
    return "_".join(filter(None, (os.environ.get("XCOVER_FLOWS_DATABASE", DATABASE), worker)))


def template_name() -> str:
    """Return the name of the migrated database from which all others are copied."""
    return f"{os.environ.get('XCOVER_FLOWS_DATABASE', DATABASE)}_migrated"


def database_url(name: str) -> str:
    """Return the address of a database on the server."""
    return re.sub(r"/[^/]*$", f"/{name}", server_url())


def configure() -> None:
    """Set the environment and start Django with Saleor's own settings.

    Opens no connection. Raises ``RuntimeError`` if Saleor did not find the plugin, or found another
    copy of it than the installed one.
    """
    from django.apps import apps

    if apps.ready:
        return
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "saleor.settings",
            "DATABASE_URL": database_url(database_name()),
            "SECRET_KEY": "only-for-tests",
            "RSA_PRIVATE_KEY": _private_key(),
            "ALLOWED_HOSTS": "localhost,testserver",
            "ALLOWED_CLIENT_HOSTS": "localhost",
            "EMAIL_URL": "dummy://",
            # As in a store: clients get masked errors, and details are only logged.
            "DEBUG": "False",
            # The simulator listens on 127.0.0.1.
            "HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS": "True",
            # A long session outlives the default of five minutes.
            "JWT_TTL_ACCESS": "1 day",
        }
    )
    # The plugin's guard re-raises exceptions, so that it hides no defect.
    os.environ.setdefault("XCOVER_RAISE_IN_HOOKS", "1")
    for name in ("CELERY_BROKER_URL", "CLOUDAMQP_URL", "REDIS_URL", "CACHE_URL", "SENTRY_DSN"):
        os.environ.pop(name, None)
    # These take precedence over the configuration of a test, or mark its database as another
    # store's.
    for name in (*OF_A_STORE, "DATABASE_URL_REPLICA"):
        os.environ.pop(name, None)
    import django

    django.setup()
    _require_plugin()
    _require_gateway()


def version() -> str:
    """Return Saleor's version, such as ``3.23.28``."""
    import saleor

    return str(saleor.__version__)


def described() -> str:
    """Return a description of the host, its database and the plugin under test."""
    import saleor_xcover_plugin

    plugin = Path(saleor_xcover_plugin.__file__).parent
    return f"Saleor {version()}, database {database_name()}, plugin {plugin}"


def _require_plugin() -> None:
    from django.conf import settings

    import saleor_xcover_plugin

    used = Path(saleor_xcover_plugin.__file__)
    if os.environ.get("PYTHONSAFEPATH") and used.is_relative_to(ROOT):
        raise RuntimeError(f"The installed plugin was to be tested, and {used.parent} is used.")
    wanted = "saleor_xcover_plugin.plugin.XCoverPlugin"
    if wanted not in settings.PLUGINS:  # type: ignore[misc]  # a setting of Saleor's own
        found = [point.name for point in importlib.metadata.entry_points(group="saleor.plugins")]
        raise RuntimeError(
            f"Saleor did not find the plugin; entry points here: {found}. Install it next to "
            f"Saleor (make test-saleor does), for example: "
            f"uv pip install --python <saleor>/.venv/bin/python --no-deps -e {ROOT}"
        )


def _require_gateway() -> None:
    from django.conf import settings

    plugins: list[str] = settings.PLUGINS  # type: ignore[misc]  # a setting of Saleor's own
    if not any(name.startswith("saleor.payment.gateways.dummy.") for name in plugins):
        plugins.append(f"{__package__}.gateway.Gateway")


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
