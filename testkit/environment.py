"""Environment of the demo's processes, without the settings of a store on the same machine."""

import secrets
from collections.abc import MutableMapping

SECRET_KEY = "XCOVER_DEMO_SECRET_KEY"
"""Environment variable with Django's SECRET_KEY of one run."""
_FOREIGN = {
    # These take precedence over the plugin's saved settings: the demo would call XCover with a
    # real partner's keys.
    "XCOVER_API_URL",
    "XCOVER_API_KEY",
    "XCOVER_API_SECRET",
    "XCOVER_WEBHOOK_KEY",
    "XCOVER_WEBHOOK_SECRET",
    "XCOVER_PREVIOUS_WEBHOOK_KEY",
    "XCOVER_PREVIOUS_WEBHOOK_SECRET",
    # These would say that the demo's database belongs to another store.
    "XCOVER_INSTANCE",
    "XCOVER_PURGE",
    "PUBLIC_URL",
    "DJANGO_SETTINGS_MODULE",
    "XCOVER_LEASE_SECONDS",
}


def prepare(environment: MutableMapping[str, str], *, lease_seconds: int | None = None) -> None:
    """Remove settings of other Django and Celery projects, and set a new secret key.

    ``lease_seconds`` is the time after which the work of a killed worker is taken up by another
    one; None keeps the plugin's default.
    """
    for name in list(environment):
        if name in _FOREIGN or name.startswith("CELERY_"):
            del environment[name]
    environment[SECRET_KEY] = secrets.token_urlsafe()
    if lease_seconds is not None:
        environment["XCOVER_LEASE_SECONDS"] = str(lease_seconds)
