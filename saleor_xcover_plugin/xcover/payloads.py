"""Request bodies as bytes, built once and sent as they are on every attempt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from ..domain.confidential import ConfidentialBytes
from ..domain.tickets import Basket, Policyholder
from .context import context_of


def encode(value: Any) -> bytes:
    """Return deterministic JSON: equal values give equal bytes."""
    prepared = _prepared(value)
    text = json.dumps(prepared, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return ConfidentialBytes(text.encode())


def _prepared(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return {key: _prepared(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_prepared(item) for item in value]
    if isinstance(value, float):
        raise TypeError("amounts are Decimals, never binary floats")
    return value


def _number(value: Decimal) -> float:
    """Hand the amount to the JSON writer; refuse one that its digits would not survive."""
    number = float(value)
    if Decimal(repr(number)) != value:
        raise ValueError("an amount has more digits than a JSON number keeps")
    return number


def offer_body(
    basket: Basket, *, schema: str, transaction_id: str | None, sales_channel: str | None
) -> bytes:
    """Build the create-offer request: ``customer``, ``partner`` and ``context`` are required."""
    partner: dict[str, Any] = {}
    if transaction_id:
        partner["transaction_id"] = transaction_id
    if sales_channel:
        partner["metadata"] = {"sales_channel": sales_channel}
    body: dict[str, Any] = {
        "customer": {
            "language": basket.language,
            "currency": basket.currency,
            "country": basket.country,
        },
        "partner": partner,
        "context": context_of(basket),
    }
    if schema:
        body["schema"] = schema
    return encode(body)


def confirm_body(
    quote_ids: Sequence[str], policyholder: Policyholder, *, transaction_id: str
) -> bytes:
    """Build the confirm request (guide "confirm offer"); empty optional fields are left out."""
    holder = {name: value for name, value in asdict(policyholder).items() if value}
    return encode(
        {
            "quotes": [{"id": quote_id} for quote_id in quote_ids],
            "policyholder": holder,
            "partner_transaction_id": transaction_id,
        }
    )


def cancellation_preview_body(quote_ids: Sequence[str], reason: str) -> bytes:
    """Ask for a preview. The reason goes into each quote: at top level it is refused."""
    quotes = [{"id": quote_id, "reason_for_cancellation": reason} for quote_id in quote_ids]
    return encode({"preview": True, "quotes": quotes})


def policyholder_update_body(changes: Mapping[str, str]) -> bytes:
    """Build a modification of the buyer's details; price does not depend on them."""
    return encode({"policyholder": dict(changes)})
