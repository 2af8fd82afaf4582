"""Preparation of a play: clients for a channel's settings, and the markets to play in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from saleor_xcover_plugin.clock import Clock
from saleor_xcover_plugin.config.settings import PluginSettings
from saleor_xcover_plugin.outbox.clients import blocking_client, probing_client

from .cases import Market, Play


def begin(settings: PluginSettings, markets: Sequence[Market], clock: Clock) -> Play:
    """Return the shared state of a play. The cases play in the first market of ``markets``."""
    client, skew = blocking_client(settings)
    wrong = settings.model_copy(update={"api_secret": secrets.token_hex(16)})
    stranger = probing_client(wrong)
    return Play(settings, client, stranger, skew, markets[0], markets, clock)


def markets_of(settings: PluginSettings, currency: str, country: str) -> list[Market]:
    """Return every combination of the currencies and countries that the settings name.

    ``currency`` and ``country`` are the channel's own; each is used where the settings name none.
    """
    rules = settings.rules
    return [
        Market(one, other, rules.default_language)
        for one in sorted(rules.currencies) or [currency]
        for other in sorted(rules.countries) or [country]
    ]
