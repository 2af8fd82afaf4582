"""Open the plugin in a test's shop and answer its offers, as an operator and a storefront would."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from testkit.client.driver import PLUGIN_ID, Driver, Refused
from testkit.client.shopper import Shopper
from testkit.client.store import Channel
from testkit.factories import event_metadata
from testkit.seed import PARTNER


def open_in(channel_slug: str, xcover_url: str) -> None:
    """Set the plugin up in a new channel: the command, then what ``pluginUpdate`` does."""
    from django.core.management import call_command
    from django.test import TestCase
    from saleor.core.db.connection import allow_writer
    from saleor.plugins.manager import get_plugins_manager

    wanted = {"api_url": xcover_url, **PARTNER}
    with TestCase.captureOnCommitCallbacks(execute=True), allow_writer():
        call_command("xcover_setup", "--channel", channel_slug, stdout=io.StringIO())
        get_plugins_manager(allow_replica=False).save_plugin_configuration(
            PLUGIN_ID,
            channel_slug,
            {
                "active": True,
                "configuration": [{"name": n, "value": v} for n, v in wanted.items()],
            },
        )


def give_event_data(product_pk: int) -> None:
    """Make a product a ticket: metadata under the keys the plugin's default mapping reads."""
    from saleor.product.models import Product

    product = Product.objects.get(pk=product_pk)
    product.metadata = {**product.metadata, **event_metadata()}
    product.save(update_fields=["metadata"])


@dataclass(frozen=True, slots=True)
class Yes:
    """An accepted offer, or the code with which there was none."""

    premium: Decimal | None
    code: str = ""


def say_yes(checkout_id: str, channel: Any) -> Yes:
    """Ask for the offer of a checkout and accept as many quotes as may be taken together."""
    shopper = Shopper(Driver(_post), Channel("", channel.slug, channel.currency_code))
    shopper.checkout_id = checkout_id
    try:
        offer = shopper.accept(shopper.offer())
    except Refused as refused:
        return Yes(None, ",".join(refused.codes))
    return Yes(offer.chosen_premium)


def work() -> dict[str, int]:
    """Do the plugin's due work, as cron would in a store without Celery workers."""
    from django.core.management import call_command
    from django.test import TestCase

    printed = io.StringIO()
    with TestCase.captureOnCommitCallbacks(execute=True):
        call_command("xcover_work", "--json", stdout=printed)
    done: dict[str, int] = json.loads(printed.getvalue())
    return done


def _post(path: str, body: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Post as a storefront does; what waits for a commit runs at once, as in the tests' clients."""
    from django.test import Client, TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        response = Client().post(path, body, content_type="application/json", headers=headers)
    return response.status_code, response.content
