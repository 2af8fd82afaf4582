"""A new API address gets no old secrets: key and secret are entered anew with it.

Whoever may edit the settings cannot read the stored secrets. An address of their own would be
called with them, and with the details of buyers.
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
SECRETS = ("api_key", "api_secret")
_VARIABLES = {field.name: field.environment for field in FIELDS}

Configuration = Iterable[Mapping[str, Any]]


def require_secrets(
    before: Configuration,
    after: Configuration,
    *,
    is_active: bool,
    elsewhere: Collection[str] = (),
) -> None:
    """Refuse a changed API address that comes without the key and secret it needs.

    ``before`` and ``after`` are the configuration as stored and as it is about to be saved,
    ``elsewhere`` the addresses other channels use. An inactive plugin may be saved without them:
    ``forget_secrets`` then empties what is stored. Raise ``SettingsError`` naming the field.
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
    return bool(old[ADDRESS]) and old[ADDRESS] != new[ADDRESS]


def _is_strange(old: Mapping[str, str], new: Mapping[str, str], elsewhere: Collection[str]) -> bool:
    """Whether the environment's secrets would go where no channel of the store sends them yet.

    The very first address of a store is nobody's replacement.
    """
    used = {_plain(address) for address in (*elsewhere, old[ADDRESS])} - {""}
    return bool(used) and new[ADDRESS] != old[ADDRESS] and new[ADDRESS] not in used


def _is_known(
    name: str, old: Mapping[str, str], new: Mapping[str, str], from_environment: str
) -> bool:
    """Whether whoever saves the address typed the very secret the environment holds."""
    typed = new[name].strip() if _is_entered(name, old, new) else ""
    return hmac.compare_digest(typed.encode(), from_environment.encode())


def _plain(address: str) -> str:
    return address.strip().rstrip("/")


def _is_entered(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether a secret was typed now: what is stored is sealed, and nobody types a seal."""
    value = new[name]
    return bool(value) and value != old[name] and not value.startswith(SEAL_MARK)


def _values(configuration: Configuration) -> dict[str, str]:
    values = dict.fromkeys((ADDRESS, *SECRETS), "")
    for item in configuration:
        if item["name"] in values:
            values[item["name"]] = str(item["value"] or "")
    return values | {ADDRESS: _plain(values[ADDRESS])}
