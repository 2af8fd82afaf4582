"""Which pages may show the desk in a frame, and what a page of the desk may load."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from django.conf import settings

DASHBOARD_VARIABLE = "XCOVER_DASHBOARD_URL"
"""Name of the Django setting or environment variable that names the dashboard's address."""

_WRONG = f"{DASHBOARD_VARIABLE} is the dashboard's address, such as https://shop.example/dashboard/"
_PORTS = {"http": 80, "https": 443}


def dashboard_origins() -> list[str]:
    """Return the origins of the dashboards that may frame the desk; empty if none is set.

    The setting holds one address, or several with commas between them. Raise ``ValueError`` for
    one that is not an address of HTTP.
    """
    named = getattr(settings, DASHBOARD_VARIABLE, "") or os.environ.get(DASHBOARD_VARIABLE, "")
    return [_origin_of(address.strip()) for address in str(named).split(",") if address.strip()]


_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*|\[[0-9a-f:.]+\]")


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
        name = (parts.hostname or "").encode("idna").decode()
    except ValueError:  # UnicodeError is one
        raise ValueError(_WRONG) from None
    host = f"[{name}]" if ":" in name else name
    is_plain = parts.username is None and not re.search(r"[\s;,']", address)
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or not is_plain:
        raise ValueError(_WRONG)
    is_usual = port in (None, _PORTS[parts.scheme])
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


def content_policy() -> str:
    """Return the content security policy of a page of the desk.

    Without a setting only pages of the same origin may frame it, and with one that cannot be read
    no page.
    """
    try:
        ancestors = " ".join(dashboard_origins()) or "'self'"
    except ValueError:
        ancestors = "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {ancestors}",
        )
    )
