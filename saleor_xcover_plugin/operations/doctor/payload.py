"""Check the payload: its source, the partner's schema, and what products lack for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ...config import payloads
from ...config.settings import PluginSettings
from ...domain.numbers import counted
from ...payload.documents import TemplateError
from ...payload.json_schema import NOT_CHECKED, is_available
from ...payload.source import PayloadSource
from .. import payload_check, payload_preview
from .finding import Finding, fine, problem, warning

LIMIT = 20
"""Largest number of products with gaps that are named per channel."""

_CHECK = "payload"


def check(
    by_channel: Mapping[str, PluginSettings], channels: Mapping[str, int], now: datetime
) -> Iterator[Finding]:
    """Check the payload of each channel. ``channels`` maps slugs to primary keys."""
    for name, why in payloads.faults().items():
        sentence = f"{payloads.SETTING} names what cannot be used: {why}. Correct it there."
        yield problem(_CHECK, name, sentence)
    for slug, settings in sorted(by_channel.items()):
        try:
            source = settings.payload.source()
        except TemplateError as error:
            sentence = f"{error}. No offers are made, and confirmations wait, until it is mended."
            yield problem(_CHECK, slug, sentence)
            continue
        yield from _schema(slug, settings, now)
        yield from _products(slug, channels[slug], source, settings)


def _schema(slug: str, settings: PluginSettings, now: datetime) -> Iterator[Finding]:
    if not settings.payload_schema:
        return
    if not is_available():
        yield warning(_CHECK, slug, NOT_CHECKED)
        return
    broken = [each for each in payload_check.broken_rules(settings, now) if each.is_structural]
    for each in broken[:LIMIT]:
        yield problem(
            _CHECK, slug, f"An invented sale breaks the JSON Schema at {each.path}: {each.why}."
        )


def _products(
    slug: str, channel_id: int, source: PayloadSource, settings: PluginSettings
) -> Iterator[Finding]:
    gaps: dict[str, dict[str, str]] = {}
    complete: set[str] = set()
    for product, preview in payload_preview.for_sale(channel_id, source, settings):
        complete.add(product)
        for gap in preview.missing:
            gaps.setdefault(product, {})[gap.name or gap.path] = gap.why
    for product, missing in list(gaps.items())[:LIMIT]:
        named = "; ".join(f"{name}: {why}" for name, why in missing.items())
        yield problem(
            _CHECK,
            f"{slug}: {product}",
            f"{named}. Its tickets get no offer; store the values, or give the template a default.",
        )
    if len(gaps) > LIMIT:
        yield problem(_CHECK, slug, f"{len(gaps) - LIMIT} more products like these.")
    if whole := complete - gaps.keys():
        yield fine(_CHECK, slug, f"{counted(len(whole), 'product')} can be sent as agreed.")
