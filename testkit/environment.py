"""What the demo's processes inherit: not the settings of a store this machine may also serve."""

import secrets
from collections.abc import MutableMapping

SECRET_KEY = "XCOVER_DEMO_SECRET_KEY"
_FOREIGN = {
    # The plugin lets these win over what is saved in its settings: the demo would use a
    # real partner's keys, or fail with them.
    "XCOVER_API_URL",
    "XCOVER_API_KEY",
    "XCOVER_API_SECRET",
    "XCOVER_WEBHOOK_KEY",
    "XCOVER_WEBHOOK_SECRET",
    "XCOVER_PREVIOUS_WEBHOOK_KEY",
    "XCOVER_PREVIOUS_WEBHOOK_SECRET",
    # The demo's database is no store's.
    "XCOVER_INSTANCE",
    "XCOVER_PURGE",
    "PUBLIC_URL",
    "DJANGO_SETTINGS_MODULE",
    "XCOVER_LEASE_SECONDS",
}


def prepare(environment: MutableMapping[str, str], *, lease_seconds: int | None = None) -> None:
    """Take out what belongs to another Django or Celery; put in a secret key of this run.

    ``lease_seconds`` is how long the work of a killed worker waits for the next one; without it
    as long as in a store.
    """
    for name in list(environment):
        if name in _FOREIGN or name.startswith("CELERY_"):
            del environment[name]
    environment[SECRET_KEY] = secrets.token_urlsafe()
    if lease_seconds is not None:
        environment["XCOVER_LEASE_SECONDS"] = str(lease_seconds)
