"""Check the XCover accounts: credentials by a call without effect, the clock by its response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...config.settings import PluginSettings
from ...domain.numbers import counted
from ...outbox import rate_limit
from ...outbox.clients import measuring_client
from ...xcover.errors import XCoverError, XCoverMisconfigured
from .. import accounts
from .finding import Finding, fine, problem, skipped, warning

DEADLINE_SECONDS = 10.0
"""Deadline of the call to XCover, in seconds."""


def check(by_channel: Mapping[str, PluginSettings], *, may_call: bool) -> Iterator[Finding]:
    """Check each account once, however many channels use it. Call XCover only if ``may_call``."""
    accounts: dict[tuple[str, ...], tuple[PluginSettings, list[str]]] = {}
    for channel, settings in by_channel.items():
        # The same account with another key has credentials of its own.
        key = (rate_limit.account_key(settings), settings.api_key, settings.api_secret)
        accounts.setdefault(key, (settings, []))[1].append(channel)
    for settings, channels in accounts.values():
        subject = f"partner {settings.partner_code} ({', '.join(sorted(channels))})"
        if may_call:
            yield from _call(settings, subject)
        else:
            yield skipped("credentials", subject, "Not called (--no-call).")
    yield from _missed()
    for channel, settings in by_channel.items():
        if not settings.webhook_secrets:
            yield warning(
                "webhooks",
                channel,
                "No webhook key and secret: what XCover does to a policy is noticed by the nightly "
                "comparison only. Agree on them with Cover Genius and save them in the plugin.",
            )
        else:
            yield fine("webhooks", channel, "Signed webhooks of XCover are accepted.")


def _missed() -> Iterator[Finding]:
    """Warn of accounts that no channel names any more while something belongs to them."""
    for account in accounts.known():
        if account.is_missed:
            yield warning(
                "account",
                account.key[: accounts.SHOWN],
                f"No channel's settings name this XCover account, and it has "
                f"{counted(account.policies, 'policy', 'policies')} in force, "
                f"{counted(account.offers, 'open offer')} and "
                f"{counted(account.messages, 'call')} to make. What it has to do waits. See "
                "manage.py xcover_account.",
            )


def _call(settings: PluginSettings, subject: str) -> Iterator[Finding]:
    client, skew = measuring_client(settings)
    try:
        client.probe(deadline=DEADLINE_SECONDS)
    except XCoverMisconfigured as error:
        yield problem(
            "credentials",
            subject,
            f"XCover refuses them ({error}). Check the address, partner code, API key and API "
            "secret in the plugin, and the clock below.",
        )
    except XCoverError as error:
        yield problem(
            "credentials",
            subject,
            f"No proper answer at {settings.api_url} ({error}). See whether this server reaches "
            "it; tickets are sold without an offer until then.",
        )
    else:
        yield fine("credentials", subject, f"XCover accepts them at {settings.api_url}.")
    if skew.seconds is None:
        yield skipped("clock", subject, "XCover gave no time to compare with.")
    elif rate_limit.is_tolerated(skew.seconds):
        yield fine("clock", subject, f"{abs(skew.seconds)} s from XCover's.")
    else:
        direction = "ahead of" if skew.seconds > 0 else "behind"
        yield problem(
            "clock",
            subject,
            f"{abs(skew.seconds)} s {direction} XCover's: calls signed so are refused. Set the "
            "clocks of web servers and workers (NTP).",
        )
