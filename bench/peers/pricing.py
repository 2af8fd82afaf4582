"""A call inside pricing, the way the AvaTax plugin asks for taxes: answers are cached by content.

Saleor prices a checkout whenever it changed; the service is asked in the middle of that.
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


class Pricing(BasePlugin):
    PLUGIN_ID = "bench.pricing"
    PLUGIN_NAME = "A call inside pricing"
    CONFIGURATION_PER_CHANNEL = False
    DEFAULT_ACTIVE = False
    """Switched by the benchmark."""

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
    """Ask unless the same was asked before."""
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
