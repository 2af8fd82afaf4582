"""Run all checks of the doctor one after the other."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded

from ...config.fields import label_of
from ...config.settings import SWITCHES, PluginSettings, SealedElsewhere, SettingsError
from ...defect_log import log_defect
from ...domain.numbers import counted
from ...host import configuration
from ...outbox import switches
from . import account, catalogue, desk, events, hooks, limits, payload, running, store, taxes
from .finding import Finding, fine, problem, warning

log = logging.getLogger(__name__)


def examine(channels: Mapping[str, int], now: datetime, *, may_call: bool) -> Iterator[Finding]:
    """Check these channels and what they share; yield findings as they are made. Changes nothing.

    ``channels`` maps slugs to primary keys. ``may_call`` allows one call per account to XCover,
    without effect there. A check that raises is logged and yields a problem.
    """
    active = {slug: key for slug, key in channels.items() if configuration.is_active(key)}
    settings: dict[str, PluginSettings] = {}
    yield from _settings(channels, active, settings)
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "store": store.check,
        "credentials": partial(account.check, settings, may_call=may_call),
        "cover product": partial(catalogue.check, active, now),
        "event data": partial(events.check, settings, active, now),
        "tax on the line": partial(taxes.check, settings, active, now),
        "limits": partial(limits.check, settings),
        "payload": partial(payload.check, settings, active, now),
        "running": partial(running.check, now),
        "hooks": hooks.check,
        "desk": desk.check,
    }
    for name, check in checks.items():
        try:
            yield from check()
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            kind = type(sys.exception()).__name__
            log_defect(log, "xcover.doctor.failed", look=name)
            sentence = f"Looking failed ({kind}); the log has the rest."
            yield problem(name, "", sentence)


def _settings(
    channels: Mapping[str, int], active: Mapping[str, int], found: dict[str, PluginSettings]
) -> Iterator[Finding]:
    """Read the settings of every active channel into ``found``."""
    for slug, key in sorted(active.items()):
        try:
            found[slug] = configuration.settings_of(key)
        except SealedElsewhere as error:
            yield problem("settings", slug, f"{error} No offers are made until then.")
        except SettingsError as error:
            sentence = f"{error} Correct it in the plugin's form; no offers are made until then."
            yield problem("settings", slug, sentence)
        else:
            yield _completeness(slug, found[slug])
            yield from _switches(slug, key, found[slug])
    if not active:
        yield problem(
            "settings",
            ", ".join(sorted(channels)),
            "The plugin is active in none of these channels: activate it in the dashboard.",
        )
    for slug in sorted(set(channels) - set(active)) if active else ():
        yield warning("settings", slug, "The plugin is not active in this channel.")


def _switches(slug: str, channel_id: int, settings: PluginSettings) -> Iterator[Finding]:
    """Tell what is switched off in a channel, and how much waits for it."""
    for name, kinds in SWITCHES.items():
        if not getattr(settings, name):
            waits = switches.waiting(channel_id, kinds)
            beside = f" {counted(waits, 'message')} waiting." if kinds else ""
            sentence = f"{label_of(name)} is switched off.{beside}"
            yield warning("settings", slug, sentence)


def _completeness(slug: str, settings: PluginSettings) -> Finding:
    if not settings.unreadable:
        return fine("settings", slug, "Complete.")
    named = ", ".join(label_of(name) for name in settings.unreadable)
    return warning(
        "settings",
        slug,
        f"Cannot be opened, because saved under another SECRET_KEY: {named}. Webhooks signed with "
        "them are refused. Start every process of Saleor with the SECRET_KEY they were saved under "
        "(or put that one into SECRET_KEY_FALLBACKS), or enter them again.",
    )
