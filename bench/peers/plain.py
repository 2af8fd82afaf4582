"""A plain synchronous plugin, which calls the vendor's client inside the hooks.

It requests an offer whenever the checkout changes, and opts out when the order is created.
"""

from __future__ import annotations

import logging
from typing import Any

from saleor.checkout.utils import get_or_create_checkout_metadata
from saleor.plugins.base_plugin import BasePlugin
from xcover.exceptions import XCoverHttpException
from xcover.xcover import XCover

from ..account import offer_question, vendor_config

log = logging.getLogger(__name__)
KEY = "plain.offer"
"""Metadata key with the id of the offer."""


class Plain(BasePlugin):
    """The plain plugin; inactive until a benchmark chooses it."""

    PLUGIN_ID = "bench.plain"
    PLUGIN_NAME = "Plain synchronous XCover"
    CONFIGURATION_PER_CHANNEL = False
    DEFAULT_ACTIVE = False
    """Changed by ``Place.choose``."""

    def checkout_created(self, checkout: Any, previous_value: Any, **kwargs: Any) -> Any:
        self._ask(checkout)
        return previous_value

    def checkout_updated(self, checkout: Any, previous_value: Any, **kwargs: Any) -> Any:
        self._ask(checkout)
        return previous_value

    def order_created(self, order: Any, previous_value: Any, **kwargs: Any) -> Any:
        offer_id = (order.metadata or {}).get(KEY)
        if self.active and offer_id:
            try:
                XCover(vendor_config()).call_partner_endpoint(
                    "POST", f"offers/{offer_id}/opt_out/", {}
                )
            except (XCoverHttpException, OSError):
                log.warning("the declined offer was not reported")
        return previous_value

    def _ask(self, checkout: Any) -> None:
        if not self.active:
            return
        prices = [
            float(line.undiscounted_unit_price_amount)
            for line in checkout.lines.all()
            for _ in range(line.quantity)
        ]
        body = offer_question(checkout.currency, prices)
        try:
            offer = XCover(vendor_config()).call_partner_endpoint("POST", "offers/", body)
        except (XCoverHttpException, OSError):
            log.warning("no offer")
            return
        metadata = get_or_create_checkout_metadata(checkout)
        metadata.store_value_in_metadata({KEY: offer["id"]})
        metadata.save(update_fields=["metadata"])
