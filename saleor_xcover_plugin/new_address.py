"""A new API address gets no old secrets: key and secret are entered anew with it.

Whoever may edit the settings cannot read the stored secrets. An address of their own would be
called with them, and with the details of buyers.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping
from typing import Any

from .conf import SettingsError, label_of
from .crypto import SEAL_MARK
from .form import FIELDS

ADDRESS = "api_url"
SECRETS = ("api_key", "api_secret")
_VARIABLES = {field.name: field.environment for field in FIELDS}

Configuration = Iterable[Mapping[str, Any]]


def require_secrets(before: Configuration, after: Configuration, *, is_active: bool) -> None:
    """Refuse a changed API address that comes without the key and secret it needs.

    ``before`` and ``after`` are the configuration as stored and as it is about to be saved. An
    inactive plugin may be saved without them: ``forget_secrets`` then empties what is stored.
    Raise ``SettingsError`` naming the field.
    """
    old, new = _values(before), _values(after)
    if not _is_moved(old, new):
        return
    for name in SECRETS:
        variable = _VARIABLES[name]
        from_environment = os.environ.get(variable, "").strip()
        if from_environment:
            # The environment would hand its secrets to any address: whoever changes it knows them.
            typed = new[name] if _is_entered(name, old, new) else ""
            if not hmac.compare_digest(typed.strip().encode(), from_environment.encode()):
                raise SettingsError(
                    name,
                    f"The API address changes, and {label_of(name)} comes from {variable} in the "
                    "environment. Set XCOVER_API_URL there too, or send the new address together "
                    "with that same key and secret in one pluginUpdate. Nothing was saved.",
                )
        elif is_active and not _is_entered(name, old, new):
            raise SettingsError(
                name,
                f"The API address changes: {label_of(name)} has to be entered again. Send address, "
                "key and secret together; or deactivate the plugin, save the address, then key and "
                "secret, and activate it. Nothing was saved.",
            )


def forget_secrets(before: Configuration, after: list[dict[str, Any]]) -> tuple[str, ...]:
    """Empty the stored key and secret that were not entered anew for a changed API address.

    Return the names of what was emptied.
    """
    old, new = _values(before), _values(after)
    if not _is_moved(old, new):
        return ()
    forgotten = tuple(name for name in SECRETS if new[name] and not _is_entered(name, old, new))
    for item in after:
        if item["name"] in forgotten:
            item["value"] = ""
    return forgotten


def _is_moved(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether there was an address before and now is another one, or none."""
    before, now = (values[ADDRESS].strip().rstrip("/") for values in (old, new))
    return bool(before) and before != now


def _is_entered(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether a secret was typed now: what is stored is sealed, and nobody types a seal."""
    value = new[name]
    return bool(value) and value != old[name] and not value.startswith(SEAL_MARK)


def _values(configuration: Configuration) -> dict[str, str]:
    values = dict.fromkeys((ADDRESS, *SECRETS), "")
    for item in configuration:
        if item["name"] in values:
            values[item["name"]] = str(item["value"] or "")
    return values
