"""Growth of the plugin's work with the lines of a checkout, the channels of a store and metadata.

One factor is varied at a time; otherwise a checkout has one line, and the store its own few
channels. Measured are statements and processor time, PostgreSQL's included, of a request for an
offer, a hook, a yes, and a confirmation in a batch of 20. A yes has Saleor price the checkout,
which takes Saleor longer with each line.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from saleor_xcover_plugin.clock import utc_now
from testkit.client import documents
from testkit.client.shopper import Shopper
from testkit.load import sales

from . import command
from .environment import ON, Place, kinds_of, no_broker, opened
from .measures import Spread
from .work import Work, server_seconds

LINES = (1, 10, 100, 500)
CHANNELS = 100
METADATA = (10_000, 1_000_000)
"""Characters of public metadata on a checkout, and later on its order."""
BATCH = 20
"""Confirmations in a batch."""
STEPS = ("offer", "hook", "yes", "confirmation")


@dataclass(slots=True)
class _Measured:
    """Measurements of one step."""

    seconds: list[float] = field(default_factory=list)
    statements: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, Any]:
        counts = {kind: round(number, 2) for kind, number in sorted(self.statements.items())}
        return {"work": asdict(Spread.of(self.seconds)), "statements": counts}


def measure(rounds: int, lines: Sequence[int]) -> dict[str, Any]:
    """Return processor seconds and statements by factor, its size and step."""
    with opened() as place:
        place.choose(ON)
        variants = _variants(place, max(lines))
        _steps(place, 1, variants[:1])  # warm
        found: dict[str, Any] = {"lines": {}, "metadata": {}, "channels": {}}
        for count in lines:
            found["lines"][str(count)] = _steps(place, rounds, variants[:count])
        for size in METADATA:
            found["metadata"][str(size)] = _steps(place, rounds, variants[:1], metadata=size)
        found["channels"][str(_channel_count())] = _steps(place, rounds, variants[:1])
        with _many_channels():
            found["channels"][str(_channel_count())] = _steps(place, rounds, variants[:1])
    return found


def _steps(place: Place, rounds: int, variants: Sequence[str], *, metadata: int = 0) -> Any:
    """Return what each step takes, by its name."""
    place.store.forget()
    place.simulator.reset()
    found = {step: _Measured() for step in STEPS}
    for _ in range(1 + rounds):  # in the first one, statements are counted
        buyer = _shop(place, found, variants, metadata)
        _confirm(place, found["confirmation"], buyer)
    return {step: each.told() for step, each in found.items()}


def _shop(
    place: Place, found: dict[str, _Measured], variants: Sequence[str], metadata: int
) -> Shopper:
    """Fill a checkout, and measure its offer, a hook and the yes."""
    from saleor.checkout.models import Checkout
    from saleor.plugins.manager import get_plugins_manager

    from saleor_xcover_plugin.checkout import selection
    from saleor_xcover_plugin.checkout.offer_request import ensure_offer
    from saleor_xcover_plugin.host import configuration
    from testkit.rows import key  # it wants Django's models

    buyer = place.shopper()
    _fill(place, buyer, variants)
    if metadata:
        buyer.write_metadata({"note": "x" * metadata})
    token, channel_id = uuid.UUID(str(key(buyer.checkout_id))), int(key(buyer.channel.id))
    settings = configuration.settings_of(channel_id)
    plugin = get_plugins_manager(allow_replica=False).get_plugin(
        "covergenius.xcover", buyer.channel.slug
    )
    checkout = Checkout.objects.select_related("channel").get(pk=token)
    # Statements are counted on a checkout of its own: capturing them takes time.
    is_counting = not found["offer"].statements
    do = _counted if is_counting else _timed

    def offered() -> Any:
        return selection.show(ensure_offer(token, channel_id, settings, utc_now), now=utc_now())

    def accepted() -> Any:
        chosen = [quote["id"] for quote in offer.content["quotes"]][:1]
        return selection.accept(
            token,
            channel_id,
            settings,
            quote_ids=chosen,
            content_hash=offer.content_hash,
            now=utc_now(),
        )

    with no_broker():
        offer = do(found["offer"], offered)
        do(found["hook"], lambda: plugin.checkout_updated(checkout, None))
        do(found["yes"], accepted)
    return buyer


def _fill(place: Place, buyer: Shopper, variants: Sequence[str]) -> None:
    buyer.create_checkout({place.store.concert: 1})
    (first,) = buyer.checkout().ticket_lines
    wanted = [{"variantId": variant, "quantity": 1} for variant in variants]
    for start in range(0, len(wanted), 100):
        place.driver.mutate(
            documents.CHECKOUT_LINES_ADD,
            {"id": buyer.checkout_id, "lines": wanted[start : start + 100]},
        )
    buyer.delete(first)


def _confirm(place: Place, found: _Measured, buyer: Shopper) -> None:
    """Measure a batch of confirmations of orders like the buyer's."""
    from saleor_xcover_plugin.models import Cover
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due
    from saleor_xcover_plugin.policies.order_sync import sync_order

    template = sales.template_of(buyer, place.store, place.simulator)
    orders = sales.Sales(place.simulator, utc_now).place_many(template, BATCH)
    sales.pay_all(orders, utc_now())
    with no_broker():
        for order in orders:
            sync_order(order.pk, utc_now())
    if found.statements:
        began = time.process_time() + server_seconds()
        deliver_due(utc_now, limit=BATCH)
        found.seconds.append((time.process_time() + server_seconds() - began) / BATCH)
    else:
        counts = kinds_of(lambda: deliver_due(utc_now, limit=BATCH))
        found.statements.update({kind: number / BATCH for kind, number in counts.items()})
    ids = [order.pk for order in orders]
    made = Cover.objects.filter(order_id__in=ids, status="confirmed").count()
    if made != BATCH:
        raise SystemExit(f"{made} of {BATCH} orders were confirmed")


def _counted(found: _Measured, act: Callable[[], Any]) -> Any:
    told: list[Any] = []
    found.statements.update(kinds_of(lambda: told.append(act())))
    return told[0]


def _timed(found: _Measured, act: Callable[[], Any]) -> Any:
    work = Work()
    with work.done():
        told = act()
    found.seconds.append(work.here + work.database)
    return told


def _variants(place: Place, count: int) -> list[str]:
    """Copy the concert's variant so often, and return the copies' global ids."""
    from saleor.product.models import ProductVariant, ProductVariantChannelListing
    from saleor.warehouse.models import Stock

    from testkit.rows import key

    original = ProductVariant.objects.get(pk=key(place.store.concert.id))
    mark = uuid.uuid4().hex[:8]
    copies = sales.store_all(
        sales.copy_of(original, sku=f"{mark}-{n}", name=f"Block {n}") for n in range(count)
    )
    for model in (ProductVariantChannelListing, Stock):
        key_of = "variant_id" if model is ProductVariantChannelListing else "product_variant_id"
        rows = list(model.objects.filter(**{key_of: original.pk}))
        sales.store_all(sales.copy_of(row, **{key_of: copy.pk}) for row in rows for copy in copies)
    return [base64.b64encode(f"ProductVariant:{copy.pk}".encode()).decode() for copy in copies]


def _channel_count() -> int:
    from saleor.channel.models import Channel

    return int(Channel.objects.count())


@contextmanager
def _many_channels() -> Iterator[None]:
    """Have ``CHANNELS`` channels meanwhile, each with the plugin as in the first one."""
    from saleor.channel.models import Channel
    from saleor.plugins.models import PluginConfiguration

    set_up = PluginConfiguration.objects.filter(
        identifier="covergenius.xcover", channel__isnull=False
    ).select_related("channel")[0]
    missing = CHANNELS - _channel_count()
    slugs = [f"growth-{number}" for number in range(missing)]
    made = sales.store_all(sales.copy_of(set_up.channel, slug=slug, name=slug) for slug in slugs)
    sales.store_all(sales.copy_of(set_up, channel_id=channel.pk) for channel in made)
    try:
        yield
    finally:
        Channel.objects.filter(slug__in=slugs).delete()


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    return command.write(options, measure(2, (1, 10)) if options.quick else measure(6, LINES))


if __name__ == "__main__":
    raise SystemExit(main())
