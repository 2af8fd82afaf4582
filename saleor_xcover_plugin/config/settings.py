"""Read and check the plugin's settings, which come from Saleor's database and the environment."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any

from django.conf import settings as django_settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..crypto import SealBroken, seal, unseal
from ..domain.eligibility import EligibilityRules
from ..domain.event_data import Sources
from ..domain.messages import CANCELLATION_KINDS, MODIFICATION_KINDS, MessageKind
from ..payload.documents import TemplateError
from .fields import BY_NAME, FIELDS, SECRET, label_of
from .values import (
    MAY_USE_HTTP,
    ApiAddress,
    CallRates,
    Countries,
    Currencies,
    Days,
    Flag,
    HeaderName,
    Languages,
    Limits,
    Mapped,
    Minutes,
    OnlyOnLine,
    PartnerCode,
    Payload,
    Slugs,
    sentence_of,
    up_to,
)

PLUGIN_ID = "covergenius.xcover"
"""Saleor's id of the plugin; part of its addresses."""
PLUGIN_NAME = "XCover ticket protection"
"""Name of the plugin in Saleor's dashboard."""

HTTP_SETTING = "XCOVER_ALLOW_HTTP"
"""Django setting that allows an unencrypted API address if it is True. For tests only."""

_CONNECTION = ("api_url", "partner_code", "api_key", "api_secret")
_IN_HEADERS = ("api_key", "webhook_key", "previous_webhook_key")
_LONGEST = 65_536
"""Characters of one setting."""


def configuration_structure() -> dict[str, dict[str, str]]:
    """Return the form for Saleor's dashboard (``CONFIG_STRUCTURE`` of a plugin)."""
    return {f.name: {"type": f.type, "label": f.label, "help_text": f.help_text} for f in FIELDS}


def default_configuration() -> list[dict[str, Any]]:
    """Return the default values (``DEFAULT_CONFIGURATION`` of a plugin)."""
    return [{"name": f.name, "value": f.default} for f in FIELDS]


SWITCHES: Mapping[str, Collection[MessageKind]] = {
    "make_offers": (),
    "send_confirmations": (MessageKind.CONFIRM,),
    "send_opt_outs": (MessageKind.OPT_OUT,),
    "send_cancellations": CANCELLATION_KINDS,
    "send_modifications": MODIFICATION_KINDS,
}
"""The settings that switch something off, with the kinds of messages that wait for each."""


class PluginSettings(BaseModel):
    """The settings of one channel, read and checked. Secrets never show in ``repr``.

    The fields stand in the order in which they are checked.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    api_url: ApiAddress
    """Host and base path of XCover's API, without a slash at the end."""
    partner_code: PartnerCode
    api_key: str = Field(repr=False)
    api_secret: str = Field(repr=False)
    offer_schema: str
    """Name of the offer schema; empty for the partner's default."""
    payload: Payload
    payload_schema: str
    """JSON Schema of the payload's context, as text; empty if there is none."""
    event_mapping: Mapped
    offer_minutes: Minutes
    """Minutes after which an offer has to be requested again before it can be accepted."""
    languages: Languages
    cooling_off: Days = Field(validation_alias="cooling_off_days")
    """Time after the confirmation in which a policy may be cancelled, if XCover names no end."""
    rates: CallRates = Field(validation_alias="calls_per_second")
    currencies: Currencies
    countries: Countries
    ticket_product_types: Slugs
    limits: Limits
    make_offers: Flag
    send_confirmations: Flag
    send_opt_outs: Flag
    send_cancellations: Flag
    send_modifications: Flag
    absorb_discounts: Flag
    tax_on_line: Flag
    """True if the cover line carries the tax in the premium where that comes out to the cent."""
    tax_on_line_only: OnlyOnLine
    """True if no cover is sold where it does not."""
    offers_per_minute: Annotated[int, up_to(1000)]
    """Offers that one checkout may request from XCover in a minute."""
    client_header: HeaderName
    """The header in which trusted proxies pass a client's address; empty if none is trusted."""
    trusted_proxies: Annotated[int, up_to(10)]
    """Number of the store's proxies between clients and Saleor."""
    client_requests: Annotated[int, up_to(100_000)]
    """Offers and answers from one address in a minute."""
    webhook_key: str = Field(repr=False)
    webhook_secret: str = Field(repr=False)
    previous_webhook_key: str = Field(repr=False)
    previous_webhook_secret: str = Field(repr=False)
    unreadable: tuple[str, ...] = ()
    """Names of optional secrets that were saved under another SECRET_KEY; they count as empty."""

    @property
    def rules(self) -> EligibilityRules:
        """The rules by which checkouts are insured, as the store chose them."""
        return EligibilityRules(
            mapping=self.event_mapping,
            sources=Sources(self.event_mapping.names | self.payload_names | self.limits.names),
            limits=self.limits,
            ticket_product_types=self.ticket_product_types,
            currencies=self.currencies,
            countries=self.countries,
            languages=frozenset(self.languages),
            may_absorb=self.absorb_discounts,
            default_language=self.languages[0] if self.languages else "en",
        )

    @property
    def held_kinds(self) -> frozenset[str]:
        """The kinds of messages that are switched off and wait."""
        return frozenset(
            kind.value
            for name, kinds in SWITCHES.items()
            if not getattr(self, name)
            for kind in kinds
        )

    @property
    def webhook_secrets(self) -> Mapping[str, str]:
        """Our own key ids to their secrets, for inbound signatures; two while a key is changed."""
        pairs = (
            (self.previous_webhook_key, self.previous_webhook_secret),
            (self.webhook_key, self.webhook_secret),
        )
        return MappingProxyType({key: secret for key, secret in pairs if key and secret})

    @property
    def fingerprint_terms(self) -> tuple[str, ...]:
        """The settings an offer's price depends on, for ``domain.eligibility.fingerprint``."""
        return (self.api_url, self.partner_code, self.offer_schema)

    @property
    def payload_names(self) -> frozenset[str]:
        """The sources of store data that the payload reads; none while it cannot be used."""
        try:
            return self.payload.source().names
        except TemplateError:
            return frozenset()


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
            f"{label_of(field_name)} cannot be opened: it was saved under another "
            "SECRET_KEY. Start every process of Saleor with the SECRET_KEY it was saved under (or "
            "put that one into SECRET_KEY_FALLBACKS), or enter it again.",
        )


def _opened(configuration: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return all settings by name, decrypted, with defaults and the environment's values.

    Also return the names of the settings that could not be decrypted; those are empty.
    """
    values: dict[str, Any] = {f.name: f.default for f in FIELDS}
    values.update(
        {item["name"]: item["value"] for item in configuration if item["name"] in BY_NAME}
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
    _require_sendable(values)
    _require_entered(values, unreadable)
    try:
        return PluginSettings.model_validate(
            {**values, "unreadable": unreadable}, context={MAY_USE_HTTP: may_use_http}
        )
    except ValidationError as error:
        refusal = _refusal_of(error)
    # Raised out here so that pydantic's error, which keeps the values, is not its context.
    raise refusal


def _require_sendable(values: Mapping[str, str]) -> None:
    """Raise ``SettingsError`` for what is too long, or no request can carry."""
    for name, value in values.items():
        if len(value) > _LONGEST:
            raise SettingsError(name, f"{label_of(name)} is longer than 64 kB.")
        if name in _IN_HEADERS and not (value.isascii() and value.isprintable()):
            raise SettingsError(name, f"{label_of(name)} holds characters no request can carry.")


def _require_entered(values: Mapping[str, str], unreadable: Collection[str]) -> None:
    """Raise ``SettingsError`` for what XCover cannot be called without."""
    for name in _CONNECTION:
        if name in unreadable:
            raise SealedElsewhere(name)
        if not values[name]:
            raise SettingsError(name, f"{label_of(name)} is missing.")


def _refusal_of(error: ValidationError) -> SettingsError:
    """Say in our own words what is wrong with the first field; its value stays behind."""
    first = error.errors(include_url=False, include_input=False)[0]
    return SettingsError(str(first["loc"][0]), sentence_of(first))


def seal_secrets(configuration: list[dict[str, Any]]) -> None:
    """Encrypt the secret fields of a configuration in place; sealed ones stay as they are."""
    for item in configuration:
        known = BY_NAME.get(item["name"])
        if known and known.type == SECRET:
            item["value"] = seal(item["value"] or "")


def connection_of(configuration: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return address, partner code, key and secret, to compare two configurations."""
    values, _ = _opened(configuration)
    return tuple(values[name] for name in _CONNECTION)
