"""Builders of payloads as a store would write them, named by ``XCOVER_PAYLOADS`` in tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from saleor_xcover_plugin.payload import shipped
from saleor_xcover_plugin.payload.names import Sale
from saleor_xcover_plugin.payload.template import parse


class Seats:
    """Names the seats that the storefront stored with each line."""

    version = "1"
    uses = ("line.metadata.",)

    def payload(self, sale: Sale) -> Mapping[str, Any]:
        context = parse(shipped.text_of("nested")).payload(sale).context
        seats = [line.facts.values.get("line.metadata.seats", "") for line in sale.basket.tickets]
        return {
            "context": {**context, "seats": seats},
            "partner": {"metadata": {"visit": json.dumps(seats)}},
        }

    def insured(self, sale: Sale) -> list[Mapping[str, Any]] | None:  # noqa: ARG002
        return None


class Broken(Seats):
    """Raises, with a value in its error."""

    def payload(self, sale: Sale) -> Mapping[str, Any]:
        raise KeyError(sale.buyer.email)


class Odd(Seats):
    """Returns what cannot be sent."""

    def payload(self, sale: Sale) -> Mapping[str, Any]:
        return {"context": {"when": sale.basket.earliest_start}}


class Numbered(Seats):
    """Returns fields that are named by numbers."""

    def payload(self, sale: Sale) -> Mapping[str, Any]:  # noqa: ARG002
        return {"context": {1: "x"}}


class Endless(Seats):
    """Returns more than is sent."""

    def payload(self, sale: Sale) -> Mapping[str, Any]:  # noqa: ARG002
        return {"context": {"list": [0] * 2_000}}


class Nameless:
    """Has no version."""

    uses = ()


class OneText(Seats):
    """Names what it uses as one text."""

    uses = "variant.sku"  # type: ignore[assignment]
