"""System checks of the plugin, run by ``manage.py check``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Warning as CheckWarning
from django.core.checks import register

from .config import payloads
from .config.settings import HTTP_SETTING
from .domain.hooks import HOOKS
from .host import runtime
from .outbox import claims
from .privacy.nightly import PURGE_VARIABLE, chosen_days


@register
def check_lease(**_: Any) -> list[CheckWarning]:
    """Warn if the lease is so short that two workers may make the same call at once."""
    if claims.LEASE >= claims.SAFE_LEASE:
        return []
    return [
        CheckWarning(
            f"{claims.LEASE_VARIABLE} is {claims.LEASE.total_seconds():.0f}: a worker whose call "
            "takes longer is overtaken by another one, with the same idempotency key.",
            hint="It is for demos. Unset it in a store.",
            id="saleor_xcover_plugin.W002",
        )
    ]


@register
def check_encryption(**_: Any) -> list[CheckWarning]:
    """Warn if an unencrypted API address is allowed."""
    if getattr(settings, HTTP_SETTING, False) is not True:
        return []
    return [
        CheckWarning(
            f"{HTTP_SETTING} is True: API key and buyers' details may be sent without encryption.",
            hint="It is for tests. Take it out of a store's settings.",
            id="saleor_xcover_plugin.W003",
        )
    ]


@register
def check_periods(**_: Any) -> list[CheckWarning]:
    """Warn if the retention periods cannot be read, because then nothing is purged."""
    try:
        chosen_days()
    except ValueError as error:
        return [
            CheckWarning(
                f"{PURGE_VARIABLE} cannot be read ({error}): nothing old is removed at night.",
                hint="Write it as in docs/privacy.md: evidence=4018 hashes=60, or off.",
                id="saleor_xcover_plugin.W004",
            )
        ]
    return []


@register
def check_payloads(**_: Any) -> list[CheckWarning]:
    """Warn of each payload file or builder of the store that cannot be used."""
    return [
        CheckWarning(
            f"{payloads.SETTING} names {name}, which cannot be used: {why}.",
            hint="Channels that use it make no offers. manage.py xcover_payload --example tries "
            "it.",
            id="saleor_xcover_plugin.W006",
        )
        for name, why in payloads.faults().items()
    ]


@register
def check_hooks(**_: Any) -> list[CheckWarning]:
    """Warn of each hook that the installed Saleor does not have and therefore never calls."""
    return [
        CheckWarning(
            f"Saleor {runtime.saleor_version()} has no hook {name}.",
            hint=f"It is for: {HOOKS[name]}. Run manage.py xcover_doctor.",
            id="saleor_xcover_plugin.W001",
        )
        for name in runtime.unknown_hooks(HOOKS)
    ]
