"""The plugin's settings: one table from which Saleor's form, defaults and values derive."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .crypto import SealBroken, seal, unseal
from .domain.eligibility import EligibilityRules
from .domain.event_data import DEFAULT_MAPPING, EventMapping

PLUGIN_ID = "covergenius.xcover"
PLUGIN_NAME = "XCover ticket protection"

# saleor.plugins.base_plugin.ConfigurationTypeField; repeated here because only host/ may import it.
STRING, MULTILINE, BOOLEAN, SECRET = "String", "Multiline", "Boolean", "Secret"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting. ``environment`` names the variable that wins over the stored value."""

    name: str
    type: str
    label: str
    help_text: str
    default: str | bool = ""
    environment: str = ""


FIELDS = (
    Field(
        "api_url",
        STRING,
        "XCover API address",
        "Host and base path from Cover Genius, for example https://api.xcover.com/x",
    ),
    Field("partner_code", STRING, "Partner code", "The short code Cover Genius gave your store."),
    Field(
        "api_key",
        SECRET,
        "API key",
        "Stored encrypted. The environment variable XCOVER_API_KEY wins when it is set.",
        environment="XCOVER_API_KEY",
    ),
    Field(
        "api_secret",
        SECRET,
        "API secret",
        "Stored encrypted. The environment variable XCOVER_API_SECRET wins when it is set.",
        environment="XCOVER_API_SECRET",
    ),
    Field(
        "offer_schema",
        STRING,
        "Offer schema",
        "Name of the offer schema from Cover Genius; leave empty to use your partner default.",
    ),
    Field(
        "ticket_product_types",
        STRING,
        "Ticket product types",
        "Slugs of the product types that are tickets, separated by commas. Empty: every product "
        "for which the event data mapping finds a start.",
    ),
    Field(
        "event_mapping",
        MULTILINE,
        "Event data mapping",
        "One line per field: name, start, end, venue, city, country, timezone, resale. Sources: "
        "product.name, product.metadata.KEY, product.attribute.SLUG, variant.metadata.KEY, "
        "variant.attribute.SLUG, checkout.metadata.KEY, text:VALUE; the first filled one wins.",
        default=DEFAULT_MAPPING,
    ),
    Field(
        "currencies",
        STRING,
        "Currencies",
        "Currencies agreed with Cover Genius, separated by commas. Empty: all.",
    ),
    Field(
        "countries",
        STRING,
        "Countries",
        "Countries (two letters) agreed with Cover Genius, separated by commas. Empty: all.",
    ),
    Field(
        "languages",
        STRING,
        "Languages",
        "Languages of your policy texts, separated by commas; others get the first. Empty: all.",
    ),
    Field(
        "absorb_discounts",
        BOOLEAN,
        "Absorb discounts",
        "Off: no offer where a discount on the order would change the premium. On: such offers are "
        "shown, the discount may take from the premium, your store bears the difference and it is "
        "recorded. A discounted premium is forbidden in many places: ask Cover Genius first.",
        default=False,
    ),
    Field(
        "offer_minutes",
        STRING,
        "Offer validity in minutes",
        "An older offer is asked for again before it can be accepted.",
        default="30",
    ),
    Field(
        "webhook_key",
        SECRET,
        "Webhook key",
        "Key you gave Cover Genius for webhooks to /plugins/channel/CHANNEL/covergenius.xcover/"
        "events. XCOVER_WEBHOOK_KEY in the environment wins. Empty: webhooks are refused.",
        environment="XCOVER_WEBHOOK_KEY",
    ),
    Field(
        "webhook_secret",
        SECRET,
        "Webhook secret",
        "Secret that belongs to the webhook key. XCOVER_WEBHOOK_SECRET in the environment wins.",
        environment="XCOVER_WEBHOOK_SECRET",
    ),
)
_BY_NAME: Mapping[str, Field] = {f.name: f for f in FIELDS}


def configuration_structure() -> dict[str, dict[str, str]]:
    """The form Saleor's dashboard draws (``CONFIG_STRUCTURE``)."""
    return {f.name: {"type": f.type, "label": f.label, "help_text": f.help_text} for f in FIELDS}


def default_configuration() -> list[dict[str, Any]]:
    """Saleor's ``DEFAULT_CONFIGURATION``."""
    return [{"name": f.name, "value": f.default} for f in FIELDS]


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """The settings of one channel, read and checked. Secrets never show in ``repr``."""

    api_url: str
    partner_code: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    offer_schema: str
    offer_minutes: int
    rules: EligibilityRules
    webhook_secrets: Mapping[str, str] = field(repr=False)
    """Our own key id to its secret, for inbound signatures."""

    @property
    def fingerprint_terms(self) -> tuple[str, ...]:
        return (self.api_url, self.partner_code, self.offer_schema)


class SettingsError(ValueError):
    """A setting is missing or wrong: ``field`` names it, the text says what to do."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


def raw_values(configuration: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Flatten Saleor's list of name and value, add defaults and the environment, open seals."""
    values: dict[str, Any] = {f.name: f.default for f in FIELDS}
    values.update(
        {item["name"]: item["value"] for item in configuration if item["name"] in _BY_NAME}
    )
    clear = {}
    for name, value in values.items():
        try:
            clear[name] = unseal(str(value if value is not None else "")).strip()
        except SealBroken:
            clear[name] = ""
    for f in FIELDS:
        if f.environment and os.environ.get(f.environment):
            clear[f.name] = os.environ[f.environment].strip()
    return clear


def read_settings(configuration: Iterable[Mapping[str, Any]]) -> PluginSettings:
    """Build the settings. Raise ``SettingsError`` for the first field that is missing or wrong."""
    values = raw_values(configuration)
    for name in ("api_url", "partner_code", "api_key", "api_secret"):
        if not values[name]:
            raise SettingsError(name, f"{_BY_NAME[name].label} is missing.")
    if not values["api_url"].startswith(("https://", "http://")):
        raise SettingsError("api_url", "Begin the XCover API address with https://")
    try:
        mapping = EventMapping.parse(values["event_mapping"])
    except ValueError as error:
        raise SettingsError("event_mapping", f"Event data mapping, {error}.") from error
    if not values["offer_minutes"].isdigit() or not 1 <= int(values["offer_minutes"]) <= 1440:
        raise SettingsError("offer_minutes", "Give the offer validity in minutes, 1 to 1440.")
    languages = [text.lower() for text in _listed(values["languages"])]
    return PluginSettings(
        api_url=values["api_url"].rstrip("/"),
        partner_code=values["partner_code"],
        api_key=values["api_key"],
        api_secret=values["api_secret"],
        offer_schema=values["offer_schema"],
        offer_minutes=int(values["offer_minutes"]),
        rules=EligibilityRules(
            mapping=mapping,
            ticket_product_types=frozenset(_listed(values["ticket_product_types"])),
            currencies=frozenset(text.upper() for text in _listed(values["currencies"])),
            countries=frozenset(text.upper() for text in _listed(values["countries"])),
            languages=frozenset(languages),
            may_absorb=values["absorb_discounts"].lower() == "true",
            default_language=languages[0] if languages else "en",
        ),
        webhook_secrets=(
            {values["webhook_key"]: values["webhook_secret"]}
            if values["webhook_key"] and values["webhook_secret"]
            else {}
        ),
    )


def seal_secrets(configuration: list[dict[str, Any]]) -> None:
    """Encrypt the secret fields in place; running it again changes nothing."""
    for item in configuration:
        known = _BY_NAME.get(item["name"])
        if known and known.type == SECRET:
            item["value"] = seal(item["value"] or "")


def connection_of(configuration: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The values a credentials check depends on, to see whether they changed."""
    values = raw_values(configuration)
    return tuple(values[name] for name in ("api_url", "partner_code", "api_key", "api_secret"))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
