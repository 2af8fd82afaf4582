"""Read and check the plugin's settings, which come from Saleor's database and the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.conf import settings as django_settings

from ..crypto import SealBroken, seal, unseal
from ..domain.api_address import fault_of
from ..domain.countries import ISO_3166, hint_for
from ..domain.eligibility import EligibilityRules
from ..domain.event_data import EventMapping
from ..domain.numbers import whole_number
from ..domain.rates import Rates
from .fields import FIELDS, SECRET, Field

PLUGIN_ID = "covergenius.xcover"
"""Saleor's id of the plugin; part of its addresses."""
PLUGIN_NAME = "XCover ticket protection"
"""Name of the plugin in Saleor's dashboard."""

HTTP_SETTING = "XCOVER_ALLOW_HTTP"
"""Django setting that allows an unencrypted API address if it is True. For tests only."""

_BY_NAME: Mapping[str, Field] = {f.name: f for f in FIELDS}


def configuration_structure() -> dict[str, dict[str, str]]:
    """Return the form for Saleor's dashboard (``CONFIG_STRUCTURE`` of a plugin)."""
    return {f.name: {"type": f.type, "label": f.label, "help_text": f.help_text} for f in FIELDS}


def default_configuration() -> list[dict[str, Any]]:
    """Return the default values (``DEFAULT_CONFIGURATION`` of a plugin)."""
    return [{"name": f.name, "value": f.default} for f in FIELDS]


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """The settings of one channel, read and checked. Secrets never show in ``repr``."""

    api_url: str
    """Host and base path of XCover's API, without a slash at the end."""
    partner_code: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    offer_schema: str
    """Name of the offer schema; empty for the partner's default."""
    offer_minutes: int
    """Minutes after which an offer has to be requested again before it can be accepted."""
    cooling_off: timedelta | None
    """Time after the confirmation in which a policy may be cancelled, if XCover names no end."""
    rates: Rates
    rules: EligibilityRules
    offers_per_minute: int
    """Offers that one checkout may request from XCover in a minute."""
    client_header: str
    """The header in which trusted proxies pass a client's address; empty if none is trusted."""
    trusted_proxies: int
    """Number of the store's proxies between clients and Saleor."""
    client_requests: int
    """Offers and answers from one address in a minute."""
    webhook_secrets: Mapping[str, str] = field(repr=False)
    """Secrets that verify webhooks, by key id; two while a key is being changed."""
    unreadable: tuple[str, ...] = ()
    """Names of optional secrets that were saved under another SECRET_KEY; they count as empty."""

    @property
    def fingerprint_terms(self) -> tuple[str, ...]:
        """The settings an offer's price depends on, for ``domain.eligibility.fingerprint``."""
        return (self.api_url, self.partner_code, self.offer_schema)


class SettingsError(ValueError):
    """A setting is missing or wrong. ``field`` names it; the text tells staff what to do."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


class SealedElsewhere(SettingsError):
    """A stored secret cannot be decrypted, because it was saved under another SECRET_KEY."""

    def __init__(self, field_name: str) -> None:
        super().__init__(
            field_name,
            f"{_BY_NAME[field_name].label} cannot be opened: it was saved under another "
            "SECRET_KEY. Start every process of Saleor with the SECRET_KEY it was saved under (or "
            "put that one into SECRET_KEY_FALLBACKS), or enter it again.",
        )


def _opened(configuration: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return all settings by name, decrypted, with defaults and the environment's values.

    Also return the names of the settings that could not be decrypted; those are empty.
    """
    values: dict[str, Any] = {f.name: f.default for f in FIELDS}
    values.update(
        {item["name"]: item["value"] for item in configuration if item["name"] in _BY_NAME}
    )
    clear, unreadable = {}, set()
    for name, value in values.items():
        try:
            clear[name] = unseal(str(value if value is not None else "")).strip()
        except SealBroken:
            clear[name] = ""
            unreadable.add(name)
    for f in FIELDS:
        if f.environment and os.environ.get(f.environment):
            clear[f.name] = os.environ[f.environment].strip()
            unreadable.discard(f.name)
    return clear, tuple(sorted(unreadable))


def read_settings(configuration: Iterable[Mapping[str, Any]]) -> PluginSettings:
    """Read the settings of a channel from its configuration as Saleor stores it.

    Raise ``SettingsError`` for the first field that is missing or wrong, and its subclass
    ``SealedElsewhere`` for a required one that cannot be decrypted.
    """
    values, unreadable = _opened(configuration)
    may_use_http = getattr(django_settings, HTTP_SETTING, False) is True
    return _settings(tuple(values.items()), unreadable, may_use_http)


@lru_cache(maxsize=64)
def _settings(
    pairs: tuple[tuple[str, str], ...], unreadable: tuple[str, ...], may_use_http: bool
) -> PluginSettings:
    """Parse the settings, or return those parsed before, because every hook reads them."""
    values = dict(pairs)
    for name, value in pairs:
        if len(value) > _LONGEST:
            raise SettingsError(name, f"{_BY_NAME[name].label} is longer than 64 kB.")
        is_sent = name in _IN_HEADERS
        if is_sent and not (value.isascii() and value.isprintable()):
            raise SettingsError(
                name, f"{_BY_NAME[name].label} holds characters no request can carry."
            )
    for name in ("api_url", "partner_code", "api_key", "api_secret"):
        if name in unreadable:
            raise SealedElsewhere(name)
        if not values[name]:
            raise SettingsError(name, f"{_BY_NAME[name].label} is missing.")
    if fault := fault_of(values["api_url"], may_use_http=may_use_http):
        raise SettingsError("api_url", fault)
    if not _PARTNER.fullmatch(values["partner_code"]):
        raise SettingsError(
            "partner_code", "The partner code holds letters, digits, - and _ only, 64 at most."
        )
    try:
        mapping = EventMapping.parse(values["event_mapping"])
    except ValueError as error:
        raise SettingsError("event_mapping", f"Event data mapping, {error}.") from error
    offer_minutes = whole_number(values["offer_minutes"], most=1440)
    if not offer_minutes:
        raise SettingsError("offer_minutes", "Give the offer validity in minutes, 1 to 1440.")
    languages = _languages(values["languages"])
    return PluginSettings(
        api_url=values["api_url"].rstrip("/"),
        partner_code=values["partner_code"],
        api_key=values["api_key"],
        api_secret=values["api_secret"],
        offer_schema=values["offer_schema"],
        offer_minutes=offer_minutes,
        cooling_off=_cooling_off(values["cooling_off_days"]),
        rates=_rates(values["calls_per_second"]),
        rules=EligibilityRules(
            mapping=mapping,
            ticket_product_types=frozenset(_listed(values["ticket_product_types"])),
            currencies=_currencies(values["currencies"]),
            countries=_countries(values["countries"]),
            languages=frozenset(languages),
            may_absorb=values["absorb_discounts"].lower() == "true",
            default_language=languages[0] if languages else "en",
        ),
        offers_per_minute=_count(values, "offers_per_minute", most=1000),
        client_header=_header(values["client_header"]),
        trusted_proxies=_count(values, "trusted_proxies", most=10),
        client_requests=_count(values, "client_requests", most=100_000),
        webhook_secrets=MappingProxyType(
            {
                values[f"{which}key"]: values[f"{which}secret"]
                for which in ("previous_webhook_", "webhook_")
                if values[f"{which}key"] and values[f"{which}secret"]
            }
        ),
        unreadable=unreadable,
    )


_PARTNER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
_IN_HEADERS = ("api_key", "webhook_key", "previous_webhook_key")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_LONGEST = 65_536
"""Characters of one setting."""


def _currencies(text: str) -> frozenset[str]:
    codes = [code.upper() for code in _listed(text)]
    if wrong := [code for code in codes if not _CURRENCY.fullmatch(code)]:
        raise SettingsError(
            "currencies", f"Not a currency: {wrong[0][:20]}. Write codes such as EUR, USD."
        )
    return frozenset(codes)


def _countries(text: str) -> frozenset[str]:
    codes = [code.upper() for code in _listed(text)]
    if wrong := [code for code in codes if code not in ISO_3166]:
        code = wrong[0]
        raise SettingsError("countries", f"Not a country: {code[:20]}; {hint_for(code)}.")
    return frozenset(codes)


def _languages(text: str) -> list[str]:
    codes = [code.lower() for code in _listed(text)]
    if wrong := [code for code in codes if not _LANGUAGE.fullmatch(code)]:
        raise SettingsError(
            "languages", f"Not a language: {wrong[0][:20]}. Write codes such as en, de, en-us."
        )
    return codes


def _count(values: Mapping[str, str], name: str, *, most: int) -> int:
    count = whole_number(values[name], most=most)
    if not count:
        raise SettingsError(name, f"{_BY_NAME[name].label}: give a number, 1 to {most}.")
    return count


def _header(text: str) -> str:
    if text and not _HEADER.fullmatch(text):
        raise SettingsError(
            "client_header", "Give the name of one header, such as X-Forwarded-For, or nothing."
        )
    if text.lower() == "forwarded":
        raise SettingsError(
            "client_header",
            "The header Forwarded (RFC 7239) is not read. Name one that holds addresses only, such "
            "as X-Forwarded-For.",
        )
    return text


def _cooling_off(text: str) -> timedelta | None:
    if not text:
        return None
    days = whole_number(text, most=3650)
    if not days:
        raise SettingsError(
            "cooling_off_days", "Give the cooling-off period in days, 1 to 3650, or nothing."
        )
    return timedelta(days=days)


_RATE = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6})?")


def _rates(text: str) -> Rates:
    # Decimal itself also reads underscores, exponents and the digits of any script.
    selling = Decimal(text) if _RATE.fullmatch(text) else Decimal(0)
    if not 1 <= selling <= 1000:
        raise SettingsError("calls_per_second", "Give the calls per second, 1 to 1000.")
    return Rates.agreed(selling)


def seal_secrets(configuration: list[dict[str, Any]]) -> None:
    """Encrypt the secret fields of a configuration in place; sealed ones stay as they are."""
    for item in configuration:
        known = _BY_NAME.get(item["name"])
        if known and known.type == SECRET:
            item["value"] = seal(item["value"] or "")


def connection_of(configuration: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return address, partner code, key and secret, to compare two configurations."""
    values, _ = _opened(configuration)
    return tuple(values[name] for name in ("api_url", "partner_code", "api_key", "api_secret"))


def label_of(field_name: str) -> str:
    """Return the label of a field in the form. Raise ``KeyError`` for an unknown name."""
    return _BY_NAME[field_name].label


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
