"""Check the tax on the cover's line, in the channels that want it there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ...config.fields import label_of
from ...config.settings import PluginSettings
from ...domain.numbers import counted
from ...domain.states import CoverStatus
from ...host import taxed_cover
from ...models import Cover
from .finding import Finding, fine, problem, warning

PERIOD = timedelta(days=30)
"""Age up to which sales are counted."""

_CHECK = "tax on the line"


def check(
    by_channel: Mapping[str, PluginSettings], channels: Mapping[str, int], now: datetime
) -> Iterator[Finding]:
    """Check each channel that wants the tax there. ``channels`` maps slugs to primary keys."""
    wanting = [slug for slug, settings in sorted(by_channel.items()) if settings.tax_on_line]
    countries = taxed_cover.taxed_countries() if wanting else []
    for slug in wanting:
        if countries:
            yield _sales(slug, channels[slug], countries, now)
        else:
            yield problem(_CHECK, slug, _NO_RATE)


_NO_RATE = (
    f"{label_of('tax_on_line')} is on, but its tax class has no rate in any country: every premium "
    "is sold at 0 %. Enter the rates in the dashboard (Taxes, Insurance premium)."
)


def _sales(slug: str, channel_id: int, countries: list[str], now: datetime) -> Finding:
    made = Cover.objects.filter(channel_id=channel_id, created_at__gte=now - PERIOD)
    sold = made.filter(offer__line_tax={}).exclude(status=CoverStatus.VOID.value).count()
    if not sold:
        return fine(_CHECK, slug, f"Rates in {', '.join(countries)}.")
    return warning(
        _CHECK,
        slug,
        f"{counted(sold, 'cover')} in {PERIOD.days} days at 0 % (tax_not_representable): the rate "
        "does not yield XCover's net and gross to the cent, none is entered for the buyer's "
        f"country (there are rates in {', '.join(countries)}), or a discount is on the order. The "
        "order's metadata has the tax (docs/papers.md).",
    )
