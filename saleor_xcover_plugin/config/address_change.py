"""Require key and secret to be entered again when the API address changes.

Staff who may edit the settings cannot read the stored secrets. Without this rule they could have
the secrets, and buyers' details, sent to an address of their own.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..crypto import SEAL_MARK
from .fields import FIELDS, label_of
from .settings import SettingsError

ADDRESS = "api_url"
"""Name of the setting that holds the API address."""
SECRETS = ("api_key", "api_secret")
"""Names of the settings that must be entered again with a new address."""
_VARIABLES = {field.name: field.environment for field in FIELDS}

Configuration = Iterable[Mapping[str, Any]]
"""A plugin configuration as Saleor stores it: items with ``name`` and ``value``."""


def require_secrets(
    before: Configuration,
    after: Configuration,
    *,
    is_active: bool,
    elsewhere: Collection[str] = (),
) -> None:
    """Raise ``SettingsError`` if the API address changes without the key and secret it needs.

    ``before`` and ``after`` are the configuration as stored and as it is about to be saved;
    ``elsewhere`` holds the addresses that other channels use. An inactive plugin may be saved
    without the secrets: ``forget_secrets`` then empties the stored ones.
    """
    old, new = _values(before), _values(after)
    for name in SECRETS:
        variable = _VARIABLES[name]
        from_environment = os.environ.get(variable, "").strip()
        if from_environment:
            if _is_strange(old, new, elsewhere) and not _is_known(name, old, new, from_environment):
                raise SettingsError(
                    name,
                    f"This API address is new, and {label_of(name)} comes from {variable} in the "
                    "environment. Set XCOVER_API_URL there too, or send the new address together "
                    "with that same key and secret in one pluginUpdate. Nothing was saved.",
                )
        elif is_active and _is_moved(old, new) and not _is_entered(name, old, new):
            raise SettingsError(
                name,
                f"The API address changes: {label_of(name)} has to be entered again. Send address, "
                "key and secret together; or deactivate the plugin, save the address, then key and "
                "secret, and activate it. Nothing was saved.",
            )


def forget_secrets(before: Configuration, after: list[dict[str, Any]]) -> tuple[str, ...]:
    """Empty the stored key and secret in ``after`` unless they were entered with a new address.

    Return the names of the settings that were emptied.
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
    """Return True if there was an address before and it was changed or removed."""
    return bool(old[ADDRESS]) and old[ADDRESS] != new[ADDRESS]


def _is_strange(old: Mapping[str, str], new: Mapping[str, str], elsewhere: Collection[str]) -> bool:
    """Return True if no channel of the store sends the environment's secrets to the address yet.

    The first address of a store is not a change.
    """
    used = {_plain(address) for address in (*elsewhere, old[ADDRESS])} - {""}
    return bool(used) and new[ADDRESS] != old[ADDRESS] and new[ADDRESS] not in used


def _is_known(
    name: str, old: Mapping[str, str], new: Mapping[str, str], from_environment: str
) -> bool:
    """Return True if the secret that the environment holds was entered with the address."""
    typed = new[name].strip() if _is_entered(name, old, new) else ""
    return hmac.compare_digest(typed.encode(), from_environment.encode())


def _plain(address: str) -> str:
    return address.strip().rstrip("/")


def _is_entered(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Return True if a secret was entered; an unchanged one comes back sealed, as it is stored."""
    value = new[name]
    return bool(value) and value != old[name] and not value.startswith(SEAL_MARK)


def _values(configuration: Configuration) -> dict[str, str]:
    values = dict.fromkeys((ADDRESS, *SECRETS), "")
    for item in configuration:
        if item["name"] in values:
            values[item["name"]] = str(item["value"] or "")
    return values | {ADDRESS: _plain(values[ADDRESS])}
