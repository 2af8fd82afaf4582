"""Check the event data of all tickets for sale: which can be insured, and what the others lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from ...config.settings import PluginSettings
from ...domain.eligibility import EligibilityRules
from ...domain.event_data import EventDataError
from ...domain.numbers import counted
from ...host import listings
from ...host.listings import ListedVariant
from .finding import Finding, fine, problem, warning

LIMIT = 20
"""Largest number of products with gaps that are named per channel."""

_WISHED = ("end", "venue", "city")
"""Fields that XCover's offers do not need, but that make claims easier."""


@dataclass(slots=True)
class Coverage:
    """The state of the event data of one channel's products."""

    insurable: int = 0
    """Number of products that can be insured."""
    over: int = 0
    """Number of products all of whose events have begun."""
    excluded: int = 0
    """Number of products that the store has switched off."""
    gaps: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By product: fields with a problem in any of its variants, with the problem."""
    utc_by_default: list[str] = field(default_factory=list)
    """Insurable products whose times are read as UTC because no time zone is given."""
    unfilled: dict[str, int] = field(default_factory=dict)
    """By optional field: number of insurable products that lack it."""


def check(
    by_channel: Mapping[str, PluginSettings], channels: Mapping[str, int], now: datetime
) -> Iterator[Finding]:
    """Check the tickets of each channel. ``channels`` maps slugs to primary keys."""
    for slug, settings in sorted(by_channel.items()):
        yield from _tell(slug, coverage_of(channels[slug], settings, now), settings)


def coverage_of(channel_id: int, settings: PluginSettings, now: datetime) -> Coverage:
    """Return the state of the event data of every ticket for sale in a channel."""
    rules = settings.rules
    coverage = Coverage()
    variants = listings.for_sale(channel_id, rules.sources, rules.ticket_product_types)
    for product, group in groupby(variants, key=lambda variant: variant.product):
        tickets = [
            variant
            for variant in group
            if rules.ticket_product_types or rules.mapping.has_start(variant.facts)
        ]
        insurable = [ticket for ticket in tickets if _is_insurable(ticket, rules)]
        if tickets and not insurable:
            coverage.excluded += 1
        elif tickets:
            _count(coverage, product, insurable, settings, now)
    return coverage


def _is_insurable(ticket: ListedVariant, rules: EligibilityRules) -> bool:
    facts = ticket.facts
    is_excluded = rules.limits.excludes(facts.values["product.type"], facts)
    return rules.mapping.is_insurable(facts) and not is_excluded


def _count(
    coverage: Coverage,
    product: str,
    tickets: list[ListedVariant],
    settings: PluginSettings,
    now: datetime,
) -> None:
    mapping = settings.rules.mapping
    starts: list[datetime] = []
    wrong: dict[str, str] = {}
    for ticket in tickets:
        try:
            starts.append(mapping.event(ticket.facts).starts_at)
        except EventDataError as error:
            wrong = {**error.problems, **wrong}
    if wrong:
        coverage.gaps[product] = wrong
    elif max(starts) <= now:
        coverage.over += 1
    else:
        coverage.insurable += 1
        if any(mapping.is_utc_by_default(ticket.facts) for ticket in tickets):
            coverage.utc_by_default.append(product)
        for name in _WISHED:
            if any(not mapping.value(name, ticket.facts) for ticket in tickets):
                coverage.unfilled[name] = coverage.unfilled.get(name, 0) + 1


def _tell(slug: str, coverage: Coverage, settings: PluginSettings) -> Iterator[Finding]:
    check = "event data"
    for product, problems in list(coverage.gaps.items())[:LIMIT]:
        named = "; ".join(f"{name}: {why}" for name, why in problems.items())
        yield problem(
            check,
            f"{slug}: {product}",
            f"{named}. Its tickets get no offer; correct the product or the event data mapping.",
        )
    if len(coverage.gaps) > LIMIT:
        yield problem(check, slug, f"{len(coverage.gaps) - LIMIT} more products like these.")
    if coverage.utc_by_default:
        named = ", ".join(coverage.utc_by_default[:LIMIT])
        beside = " and more" if len(coverage.utc_by_default) > LIMIT else ""
        yield warning(
            check,
            slug,
            f"Times without an offset are read as UTC, because these products store no time zone: "
            f"{named}{beside}. Store one with them, or name the right one in the mapping.",
        )
    if coverage.insurable:
        lacking = [f"{count} without {name}" for name, count in coverage.unfilled.items()]
        if coverage.excluded:
            lacking.append(f"{coverage.excluded} switched off")
        beside = f" ({', '.join(lacking)})" if lacking else ""
        products = counted(coverage.insurable, "product")
        yield fine(check, slug, f"{products} can be insured{beside}.")
    elif not coverage.gaps:
        types = ", ".join(sorted(settings.rules.ticket_product_types))
        among = f"of the types {types}" if types else "for which the mapping finds a start"
        over = f" {coverage.over} have begun." if coverage.over else ""
        yield warning(
            check,
            slug,
            f"No product for sale {among} has an event to come: nothing can be offered.{over}",
        )
