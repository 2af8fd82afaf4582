"""What the demo's processes inherit: not the settings of a store this machine may also serve."""

import secrets
from collections.abc import MutableMapping

SECRET_KEY = "XCOVER_DEMO_SECRET_KEY"  # noqa: S105 (the variable's name)
_FOREIGN = {
    # The plugin lets these win over what is saved in its settings: the demo would use a
    # real partner's keys, or fail with them.
    "XCOVER_API_KEY",
    "XCOVER_API_SECRET",
    "XCOVER_WEBHOOK_KEY",
    "XCOVER_WEBHOOK_SECRET",
    "DJANGO_SETTINGS_MODULE",
}


def prepare(environment: MutableMapping[str, str]) -> None:
    """Take out what belongs to another Django or Celery; put in a secret key of this run."""
    for name in list(environment):
        if name in _FOREIGN or name.startswith("CELERY_"):
            del environment[name]
    environment[SECRET_KEY] = secrets.token_urlsafe()
