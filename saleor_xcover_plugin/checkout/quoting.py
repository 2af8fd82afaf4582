"""Say what an offer is to be requested for: the basket, its payload and their fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from ..config.payloads import default_source
from ..config.settings import PluginSettings
from ..crypto import keyed_digest
from ..domain.eligibility import fingerprint, insurable_basket
from ..domain.states import OfferStatus
from ..domain.tickets import Basket
from ..errors import Code, Refusal
from ..host.values import CheckoutSnapshot
from ..models import Offer
from ..payload.documents import TemplateError
from ..payload.names import Sale
from ..payload.source import PayloadSource
from ..payload.template import Payload, PayloadIncomplete
from ..xcover.payloads import encode


@dataclass(frozen=True, slots=True)
class Quotable:
    """A basket that may be insured, with the fingerprint of everything its price depends on."""

    basket: Basket
    fingerprint: str


def quotable(state: CheckoutSnapshot, settings: PluginSettings, now: datetime) -> Quotable:
    """Return what to quote for a checkout as it was read. Raise ``Refusal``.

    The payload is built only if more than the basket decides about it.
    """
    basket = insurable_basket(state.facts, settings.rules, now)
    source = source_of(settings)
    terms = list(settings.fingerprint_terms)
    if source is not default_source():
        terms.append(source.digest)
    if not source.is_given_by_basket:
        payload = _built(source, basket, state)
        terms.append(_digest(payload))
    return Quotable(basket, fingerprint(basket, *terms))


def require_offers_on(offer: Offer | None, settings: PluginSettings) -> None:
    """Raise ``Refusal`` while offers are switched off; a yes that was given stays."""
    is_sold = offer is not None and offer.status == OfferStatus.SELECTED
    if not (settings.make_offers or is_sold):
        raise Refusal(Code.OFFERS_OFF)


def payload_of(basket: Basket, state: CheckoutSnapshot, settings: PluginSettings) -> Payload:
    """Return the payload of an offer request. Raise ``Refusal``, which names what is missing."""
    return _built(source_of(settings), basket, state)


def source_of(settings: PluginSettings) -> PayloadSource:
    """Return the source of payloads. Raise ``Refusal`` when it cannot be used."""
    try:
        return settings.payload.source()
    except TemplateError as error:
        raise Refusal(Code.PAYLOAD_BROKEN) from error


def require_insured_persons(
    state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> None:
    """Raise ``Refusal`` if insured persons are sent with the policy and some detail is missing."""
    source = source_of(settings)
    if not source.names_persons:
        return
    basket = insurable_basket(state.facts, settings.rules, now)
    sale = Sale(basket, state.policyholder, order_number="0")  # the order gets its number later
    try:
        source.insured_persons(sale)
    except PayloadIncomplete as error:
        raise Refusal(Code.INSURED_INCOMPLETE, paths_of(error)) from error


def _built(source: PayloadSource, basket: Basket, state: CheckoutSnapshot) -> Payload:
    try:
        return source.payload(Sale(basket, state.policyholder))
    except PayloadIncomplete as error:
        raise Refusal(Code.PAYLOAD_INCOMPLETE, paths_of(error)) from error


def paths_of(error: PayloadIncomplete) -> tuple[str, ...]:
    """Return the first paths that are missing, each once, for answers and logs."""
    return tuple(dict.fromkeys(missing.path for missing in error.missing))[:_MAX_PATHS]


_MAX_PATHS = 20


def _digest(payload: Payload) -> str:
    """Return a hash that only SECRET_KEY can reproduce: a payload may name the buyer."""
    body = encode([payload.customer, payload.partner, payload.context])
    return keyed_digest(hashlib.sha256(body).hexdigest())
