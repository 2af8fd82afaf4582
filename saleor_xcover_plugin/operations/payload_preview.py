"""Build what would be sent to XCover about a product, a checkout or an order, and send nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..config.settings import PluginSettings
from ..domain.eligibility import insurable_basket
from ..domain.event_data import EventDataError
from ..domain.tickets import Basket, TicketFacts, Tickets
from ..errors import Refusal
from ..host import checkouts, listings, orders
from ..host.listings import ListedVariant
from ..models import Cover
from ..payload.example import BUYER, example_sale, example_texts
from ..payload.names import Sale
from ..payload.rendering import Missing
from ..payload.source import PayloadSource
from ..payload.template import PayloadIncomplete, Template
from ..policies.confirm import request_body
from ..policies.insured_persons import insured_persons

HIDDEN = "[hidden]"
"""Text in place of what may say something about a person."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The body that would be sent, and what is missing from it."""

    about: str
    """The product, checkout or order."""
    body: Any = field(default=None, repr=False)
    """The body as far as it can be built; None if nothing can be."""
    missing: Sequence[Missing] = ()
    personal: frozenset[str] = frozenset()
    """Places of values that may say something about a person."""
    refusal: str = ""
    """Why no offer is requested at all, with its code; empty if one is."""
    shape: Any = field(default=None, repr=False)
    """Every field that may be sent for it, insured persons included; None if that is not known."""
    optional: frozenset[str] = frozenset()
    """Places in ``shape`` of what another sale may lack."""

    @property
    def is_complete(self) -> bool:
        """True if it would be sent."""
        return self.body is not None and not self.missing and not self.refusal

    def of_channel(self, slug: str) -> Preview:
        """Return the same preview, whose label names the channel."""
        return replace(self, about=f"{slug}: {self.about}")

    def masked(self) -> Any:
        """Return the body without what may say something about a person."""
        return _masked(self.body, "", self.personal)


def plain(body: Any) -> Any:
    """Return a body as JSON has it: amounts are numbers."""
    return json.loads(json.dumps(body, default=_number))


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


def _masked(value: Any, path: str, personal: frozenset[str]) -> Any:
    if path in personal and value is not None:
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            name: _masked(item, f"{path}.{name}" if path else name, personal)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item, f"{path}[{n}]", personal) for n, item in enumerate(value)]
    return value


def of_sale(about: str, source: PayloadSource, sale: Sale, schema: str) -> Preview:
    """Return what an offer request for a sale would hold. ``schema`` is the offer schema's name."""
    named = {"schema": schema} if schema else {}
    if isinstance(source, Template):
        parts = source.fill(sale)
        body = {part: filled.value for part, filled in parts.items()}
        missing = [gap for filled in parts.values() for gap in filled.missing]
        personal = frozenset(path for filled in parts.values() for path in filled.personal)
        shape, optional = source.shape(sale)
        return Preview(
            about, {**named, **body}, missing, personal, shape={**named, **shape}, optional=optional
        )
    try:
        payload = source.payload(sale)
    except PayloadIncomplete as error:
        return Preview(about, missing=error.missing)
    body = {
        "context": payload.context,
        "customer": payload.customer,
        "partner": payload.partner,
    }
    # A builder does not say where its values come from.
    return Preview(about, {**named, **body}, (), frozenset({"context", "customer", "partner"}))


def of_example(source: PayloadSource, settings: PluginSettings, now: datetime) -> list[Preview]:
    """Return what an invented sale would send: the offer request, and insured persons if any."""
    sale = example_sale(source, now)
    found = [of_sale("an invented sale", source, sale, settings.offer_schema)]
    return [*found, *_persons(source, sale, personal=frozenset())]


def of_checkout(
    token: uuid.UUID, source: PayloadSource, settings: PluginSettings, now: datetime
) -> list[Preview]:
    """Return what a checkout would send: the offer request, and insured persons if any.

    Empty when there is no such checkout.
    """
    rules = settings.rules.with_sources(source.names)
    state = checkouts.read(token, rules.sources)
    if state is None:
        return []
    about = f"checkout {token}"
    try:
        basket = insurable_basket(state.facts, rules, now)
    except Refusal as refusal:
        return [Preview(about, refusal=str(refusal))]
    found = of_sale(about, source, Sale(basket, state.policyholder), settings.offer_schema)
    ordered = Sale(basket, state.policyholder, order_number="0")  # the order gets its number later
    return [found, *_persons(source, ordered, personal=frozenset({"insured"}))]


def _persons(source: PayloadSource, sale: Sale, *, personal: frozenset[str]) -> list[Preview]:
    """Return the insured persons of a sale; none where the payload names none."""
    about = "its insured persons"
    try:
        persons = source.insured_persons(sale)
    except PayloadIncomplete as error:
        return [Preview(about, missing=error.missing)]
    if persons is None:
        return []
    # The shape of a template's offer request names its persons already.
    shape: dict[str, Any] | None = {} if isinstance(source, Template) else None
    return [Preview(about, {"insured": persons}, personal=personal, shape=shape)]


def of_product(
    product: str, channel_id: int, source: PayloadSource, settings: PluginSettings
) -> Iterator[Preview]:
    """Yield what one ticket of each variant of a product would send, by its slug or a SKU.

    Buyer, checkout and line are invented.
    """
    for variant in _for_sale(channel_id, source, settings):
        if product in (variant.product, variant.sku):
            yield _of_variant(variant, source, settings)


def for_sale(
    channel_id: int, source: PayloadSource, settings: PluginSettings
) -> Iterator[tuple[str, Preview]]:
    """Yield the slugs of the products for sale, with what one ticket of each variant would send.

    Tickets without event data are left out.
    """
    mapping = settings.rules.mapping
    for variant in _for_sale(channel_id, source, settings):
        if mapping.has_start(variant.facts) or settings.rules.ticket_product_types:
            with suppress(EventDataError):
                mapping.event(variant.facts)
                yield variant.product, _of_variant(variant, source, settings)


def _for_sale(
    channel_id: int, source: PayloadSource, settings: PluginSettings
) -> Iterator[ListedVariant]:
    rules = settings.rules.with_sources(source.names)
    return listings.for_sale(channel_id, rules.sources, rules.ticket_product_types)


def _of_variant(variant: ListedVariant, source: PayloadSource, settings: PluginSettings) -> Preview:
    about = f"{variant.product}, {variant.sku or variant.name or 'its only variant'}"
    mapping = settings.rules.mapping
    try:
        event = mapping.event(variant.facts)
    except EventDataError as error:
        missing = [Missing(f"event.{name}", name, why) for name, why in error.problems.items()]
        return Preview(about, missing=missing)
    texts = example_texts(source, count=1)
    invented = {name: text for name, text in texts.items() if name.startswith(_NOT_OF_PRODUCTS)}
    line = Tickets(
        event,
        1,
        variant.price,
        variant.key,
        mapping.is_resale(variant.facts),
        facts=TicketFacts({**invented, **variant.facts.values}),
    )
    buyer = replace(BUYER, country=event.country)
    basket = Basket(
        (line,), variant.currency, event.country, settings.rules.default_language, buyer.region
    )
    return of_sale(about, source, Sale(basket, buyer), settings.offer_schema)


_NOT_OF_PRODUCTS = ("line.", "ticket.", "checkout.")


def of_order(number: str, settings_of: Any) -> Preview | None:
    """Return what the confirmation of an order's policy would send; None without protection.

    ``settings_of`` returns a channel's settings by its primary key.
    """
    cover = Cover.objects.filter(order_number=number).select_related("offer").first()
    order = orders.read(cover.order_id) if cover is not None else None
    if cover is None or order is None or cover.offer is None:
        return None
    about, settings = f"order {number}", settings_of(order.channel_id)
    lacking = [
        Missing(f"policyholder.{name}", f"buyer.{name}", "it is empty")
        for name in order.policyholder.missing_fields()
    ]
    try:
        persons = insured_persons(cover.offer, order, settings)
        body = json.loads(request_body(cover.offer, order, settings), parse_float=Decimal)
    except PayloadIncomplete as error:
        return Preview(about, missing=[*lacking, *error.missing])
    personal = {"policyholder"} | {
        f"quotes[{number}].insured" for number in range(len(body["quotes"])) if persons
    }
    return Preview(about, body, lacking, frozenset(personal))
