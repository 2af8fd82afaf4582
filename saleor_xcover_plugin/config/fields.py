"""The settings form in Saleor's dashboard: its fields, texts and default values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..domain.event_data import DEFAULT_MAPPING
from .payloads import DEFAULT as DEFAULT_PAYLOAD

# saleor.plugins.base_plugin.ConfigurationTypeField; repeated here because only host/ may import it.
STRING, MULTILINE, BOOLEAN, SECRET = "String", "Multiline", "Boolean", "Secret"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of the form."""

    name: str
    """Key under which Saleor stores the value."""
    type: str
    """``STRING``, ``MULTILINE``, ``BOOLEAN`` or ``SECRET``."""
    label: str
    help_text: str
    default: str | bool = ""
    environment: str = ""
    """Environment variable that overrides the stored value; empty if there is none."""


# All settings, in the order of the form.
FIELDS = (
    Field(
        "api_url",
        STRING,
        "XCover API address",
        "Host and base path from Cover Genius, for example https://api.xcover.com/x. Whoever "
        "changes it enters key and secret again. XCOVER_API_URL in the environment wins.",
        environment="XCOVER_API_URL",
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
        "payload",
        MULTILINE,
        "Payload template",
        "What is sent to XCover about a sale, as agreed with Cover Genius: use: nested (or flat, "
        "mixed, persons, or a name from XCOVER_PAYLOADS), or a template of your own in YAML or "
        "JSON. manage.py xcover_payload shows what a product or checkout would send.",
        default=DEFAULT_PAYLOAD,
    ),
    Field(
        "payload_schema",
        MULTILINE,
        "JSON Schema of the payload",
        "The JSON Schema of your offer schema's context, if Cover Genius gave you one: the payload "
        "template is checked against it on saving, where the package jsonschema is installed.",
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
        "limits",
        MULTILINE,
        "Limits on offers",
        "What gets no offer, in YAML or JSON; empty: nothing is limited. For example: exclude: "
        "{categories: [sport]}, ticket_price: {minimum: 5, maximum: 2500}, insured_value: "
        "{per_person: 2500, per_order: 10000}, starts: {after: 2h, within: 730d}, regions: "
        "{without: [US-NY]}, only_non_refundable: true. docs/payload.md has all of them.",
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
        "tax_on_line",
        BOOLEAN,
        "Tax on the line",
        "Off: the protection is a line at 0 %; the order's metadata has the tax in the premium. "
        "On: the line carries that tax where one rate of its tax class yields XCover's net and "
        "gross to the cent; elsewhere it is as with Off. Run xcover_setup, then enter the rates.",
        default=False,
    ),
    Field(
        "tax_on_line_only",
        BOOLEAN,
        "Only with the tax on the line",
        "On: no offer where the tax cannot be on the line. Needs Tax on the line.",
        default=False,
    ),
    Field(
        "make_offers",
        BOOLEAN,
        "Make offers",
        "Off: no new offer and no new yes; a yes that was given is sold. Sold covers go on.",
        default=True,
    ),
    Field(
        "send_confirmations",
        BOOLEAN,
        "Make policies",
        "Off: paid orders wait for their policy, and are confirmed once this is on again, if they "
        "are still paid and their event lies ahead. Alarms about them go on.",
        default=True,
    ),
    Field(
        "send_opt_outs",
        BOOLEAN,
        "Report declines",
        "Off: XCover is told of orders without protection once this is on again.",
        default=True,
    ),
    Field(
        "send_cancellations",
        BOOLEAN,
        "Cancel policies",
        "Off: cancellations wait, previews included; refunds of tickets are never held up.",
        default=True,
    ),
    Field(
        "send_modifications",
        BOOLEAN,
        "Change policies",
        "Off: changes of buyers' details wait.",
        default=True,
    ),
    Field(
        "offer_minutes",
        STRING,
        "Offer validity in minutes",
        "An older offer is asked for again before it can be accepted.",
        default="30",
    ),
    Field(
        "cooling_off_days",
        STRING,
        "Cooling-off period in days",
        "Only used where XCover does not name its end: days from the confirmation of a policy. "
        "Empty: unknown, then XCover is asked and a person decides.",
    ),
    Field(
        "calls_per_second",
        STRING,
        "Calls per second",
        "Offers and confirmations per second Cover Genius allows you: 50 with live keys unless you "
        "agreed more, 2 with test keys. All workers together stay below it.",
        default="50",
    ),
    Field(
        "offers_per_minute",
        STRING,
        "Offers per checkout and minute",
        "How often one checkout may have XCover asked for an offer; reading the one that is there "
        "is free. All checkouts together are kept below the calls per second anyway.",
        default="12",
    ),
    Field(
        "client_header",
        STRING,
        "Header with the client's address",
        "Empty: clients are not told apart. For example X-Forwarded-For, if each of your proxies "
        "appends to it whom it was called by. Leave it empty where a storefront asks from its "
        "server: all shoppers then have that server's address.",
    ),
    Field(
        "trusted_proxies",
        STRING,
        "Number of proxies",
        "How many proxies of yours stand between clients and Saleor and write that header.",
        default="1",
    ),
    Field(
        "client_requests",
        STRING,
        "Requests per client and minute",
        "Only with a header above: offers and answers from one address. An office shares one.",
        default="60",
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
    Field(
        "previous_webhook_key",
        SECRET,
        "Previous webhook key",
        "While Cover Genius changes from one key to the next: the old key, still accepted. "
        "Empty it afterwards.",
        environment="XCOVER_PREVIOUS_WEBHOOK_KEY",
    ),
    Field(
        "previous_webhook_secret",
        SECRET,
        "Previous webhook secret",
        "Secret that belongs to the previous webhook key.",
        environment="XCOVER_PREVIOUS_WEBHOOK_SECRET",
    ),
)

BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}


def label_of(field_name: str) -> str:
    """Return what the form calls a field."""
    return BY_NAME[field_name].label
