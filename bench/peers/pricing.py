"""A plugin that calls XCover inside pricing, as Saleor's AvaTax plugin calls its tax service.

Saleor prices a checkout after every change. Responses are cached by the content of the checkout.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

from django.core.cache import cache
from saleor.plugins.base_plugin import BasePlugin
from xcover.exceptions import XCoverHttpException
from xcover.xcover import XCover

from ..account import offer_question, vendor_config

log = logging.getLogger(__name__)
CACHE_SECONDS = 3600
"""Seconds for which a response is cached."""


class Pricing(BasePlugin):
    """The pricing plugin; inactive until a benchmark chooses it."""

    PLUGIN_ID = "bench.pricing"
    PLUGIN_NAME = "A call inside pricing"
    CONFIGURATION_PER_CHANNEL = False
    DEFAULT_ACTIVE = False
    """Changed by ``Place.choose``."""

    def calculate_checkout_line_total(
        self,
        checkout_info: Any,
        lines: Any,
        checkout_line_info: Any,
        address: Any,
        previous_value: Any,
    ) -> Any:
        if self.active:
            _ask(checkout_info, lines)
        return previous_value

    def preprocess_order_creation(
        self, checkout_info: Any, lines: Any, previous_value: Any, **kwargs: Any
    ) -> Any:
        if self.active:
            _ask(checkout_info, lines)
        return previous_value


def _ask(checkout_info: Any, lines: Any) -> None:
    """Request an offer unless the same one was requested before."""
    checkout = checkout_info.checkout
    said = [[line.line.variant_id, line.line.quantity] for line in lines]
    content = json.dumps([str(checkout.pk), said, checkout.currency])
    key = "bench.pricing." + hashlib.sha256(content.encode()).hexdigest()
    if cache.get(key):
        return
    prices = [100.0 for _, quantity in said for _ in range(quantity)]
    body = offer_question(checkout.currency, prices)
    try:
        XCover(vendor_config()).call_partner_endpoint("POST", "offers/", body)
    except (XCoverHttpException, OSError):
        log.warning("no answer inside pricing")
        return
    cache.set(key, "asked", CACHE_SECONDS)
