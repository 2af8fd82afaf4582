"""Checks of the host's address before the shop opens."""

import ipaddress
from urllib.parse import urlsplit

from .settings import Settings
from .upstream import Problem, Upstream

QUESTION = {"query": "query shop { shop: __typename }"}
"""Body of the request that any GraphQL API can serve."""


class Unusable(Exception):
    """The shop cannot use this host. The message says why."""


def check_address(address: str) -> None:
    """Raise ``Unusable`` unless ``address`` is an http or https address."""
    try:
        parts = urlsplit(address)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise Unusable(f"{address} is not an address such as https://saleor.example.")


def warning(settings: Settings) -> str | None:
    """Return a warning if tokens would be sent unencrypted to another machine, else None."""
    parts = urlsplit(settings.saleor)
    has_tokens = bool(settings.staff_token or settings.payment_token)
    if parts.scheme == "https" or not has_tokens or _is_loopback(parts.hostname or ""):
        return None
    return f"Warning: {settings.saleor} is plain http; the tokens can be read on the way there."


def probe(settings: Settings) -> None:
    """Send a minimal query to the host; raise ``Unusable`` if it is not a GraphQL API."""
    url = f"{settings.saleor}/graphql/"
    try:
        answer = Upstream(url).send_json("POST", url, QUESTION)
    except Problem as problem:
        raise Unusable(f"No Saleor answers there. {problem}") from None
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("shop") != "Query":
        raise Unusable(f"{url} answers, but not as the API of a Saleor.")


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
