"""Build the bodies of requests. A body is built once and sent unchanged on every attempt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from ..domain.confidential import ConfidentialBytes
from ..domain.tickets import Policyholder
from ..payload.template import Payload


def encode(value: Any) -> bytes:
    """Return a value as JSON, with equal bytes for equal values.

    Raise ``TypeError`` for a float, and ``ValueError`` for an amount with more digits than a JSON
    number keeps.
    """
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
    """Return an amount as a float; raise ``ValueError`` if that would change its digits."""
    number = float(value)
    if Decimal(repr(number)) != value:
        raise ValueError("an amount has more digits than a JSON number keeps")
    return number


def offer_body(payload: Payload, *, schema: str) -> bytes:
    """Build the body of an offer request.

    ``schema`` is the name of the offer schema, '' for the partner's default. ``partner`` is
    required and may be empty (observed: https://github.com/highbrowse-co/realcheap).
    """
    body: dict[str, Any] = {
        "customer": payload.customer,
        "partner": payload.partner,
        "context": payload.context,
    }
    if schema:
        body["schema"] = schema
    return encode(body)


def confirm_body(
    quote_ids: Sequence[str],
    policyholder: Policyholder,
    *,
    transaction_id: str,
    insured: Sequence[Any] | None = None,
) -> bytes:
    """Build the body that confirms quotes of an offer; empty fields are left out.

    ``transaction_id`` is the number of the order, ``insured`` the insured persons, who are named in
    each quote; None names none. Source:
    https://partner-docs.covergenius.com/offers/api/reference/confirm-offer
    """
    persons = {} if insured is None else {"insured": list(insured)}
    texts = {each.name: getattr(policyholder, each.name) for each in fields(Policyholder)}
    holder = {name: text for name, text in texts.items() if text}
    return encode(
        {
            "quotes": [{"id": quote_id, **persons} for quote_id in quote_ids],
            "policyholder": holder,
            "partner_transaction_id": transaction_id,
        }
    )


def cancellation_preview_body(quote_ids: Sequence[str], reason: str) -> bytes:
    """Build the body that previews a cancellation.

    The reason is sent in each quote. The guide documents it at the top level too, where XCover
    refuses it (observed: https://github.com/nnanna217/RealCheap-XCover).
    """
    quotes = [{"id": quote_id, "reason_for_cancellation": reason} for quote_id in quote_ids]
    return encode({"preview": True, "quotes": quotes})


def policyholder_update_body(changes: Mapping[str, str]) -> bytes:
    """Build the body that changes details of the policyholder, by field."""
    return encode({"policyholder": dict(changes)})
