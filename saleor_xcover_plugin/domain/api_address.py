"""Check the address of XCover's API: it must be encrypted, or be this machine's own."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_PLAIN = re.compile(r"[!-~]{1,2000}")
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
"""A name of labels between single dots, or an IPv6 address."""
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]*")


def fault_of(address: str, *, may_use_http: bool = False) -> str:
    """Return a sentence for staff about a fault in an API address, or '' if there is none.

    ``address`` is scheme, host and base path. ``may_use_http`` allows unencrypted calls to another
    machine, for tests.
    """
    if not address.startswith(("https://", "http://")):
        return "Begin the XCover API address with https://"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "The XCover API address cannot be read."
    if not _PLAIN.fullmatch(address) or not _HOST.fullmatch(host) or port == 0:
        return "The XCover API address cannot be read."
    if "@" in parts.netloc or "?" in address or "#" in address:
        return "Give only host and base path as XCover API address: no user, no question, no #."
    segments = parts.path.split("/")
    if any(part in {".", ".."} or not _SEGMENT.fullmatch(part) for part in segments):
        return "The base path in the XCover API address holds letters, digits and . _ ~ - only."
    if parts.scheme == "http" and not (may_use_http or is_loopback(host)):
        return (
            "The XCover API address begins with http://, where anybody on the way reads the API "
            "key and what buyers wrote. Begin it with https://"
        )
    return ""


def is_loopback(host: str) -> bool:
    """Return True if a host is ``localhost`` or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
