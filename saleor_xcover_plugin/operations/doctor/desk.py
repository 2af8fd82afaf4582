"""Check if staff can open the desk in the dashboard."""

from __future__ import annotations

from collections.abc import Iterator

from ...config.framing import DASHBOARD_VARIABLE, dashboard_origins
from ..desk_app import desk_app
from .finding import Finding, fine, warning

_CHECK = "desk"


def check() -> Iterator[Finding]:
    """Check the app in the dashboard, and that the dashboard may frame the desk."""
    defects = desk_app().defects()
    for sentence in defects:
        yield warning(_CHECK, "app", sentence)
    if not defects:
        yield fine(_CHECK, "app", "Staff with MANAGE_ORDERS find it under Fulfillment.")
    try:
        origins = dashboard_origins()
    except ValueError as error:
        yield warning(_CHECK, "frame", f"{error}. No page may show the desk until then.")
        return
    if origins:
        yield fine(_CHECK, "frame", f"Shown by {', '.join(origins)}.")
    else:
        yield warning(
            _CHECK,
            "frame",
            f"{DASHBOARD_VARIABLE} is not set, so that only a dashboard at this server's own "
            "address may show the desk. Set it to the dashboard's address.",
        )
