"""What Django's own checks say of this plugin in the installed Saleor (``manage.py check``)."""

from __future__ import annotations

from typing import Any

from django.core.checks import Warning as CheckWarning
from django.core.checks import register

from . import outbox
from .domain.hooks import HOOKS
from .host import hooks


@register
def check_lease(**_: Any) -> list[CheckWarning]:
    """Warn of a lease so short that two workers may make the same call at once."""
    if outbox.LEASE >= outbox.SAFE_LEASE:
        return []
    return [
        CheckWarning(
            f"{outbox.LEASE_VARIABLE} is {outbox.LEASE.total_seconds():.0f}: a worker whose call "
            "takes longer is overtaken by another one, with the same idempotency key.",
            hint="It is for demos. Unset it in a store.",
            id="saleor_xcover_plugin.W002",
        )
    ]


@register
def check_hooks(**_: Any) -> list[CheckWarning]:
    """Warn of hooks this Saleor does not have: they are never called."""
    return [
        CheckWarning(
            f"Saleor {hooks.version()} has no hook {name}.",
            hint=f"It is for: {HOOKS[name]}. Run manage.py xcover_doctor.",
            id="saleor_xcover_plugin.W001",
        )
        for name in hooks.unknown(HOOKS)
    ]
