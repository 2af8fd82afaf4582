"""Look at the host once before the shop opens: a wrong address is told now, not to a buyer."""

import ipaddress
from urllib.parse import urlsplit

from .settings import Settings
from .upstream import Problem, Upstream

QUESTION = {"query": "query shop { shop: __typename }"}


class Unusable(Exception):
    """The shop cannot be put before this address; the text says why."""


def check_address(address: str) -> None:
    """Raise ``Unusable`` unless it is an http or https address."""
    try:
        parts = urlsplit(address)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise Unusable(f"{address} is not an address such as https://saleor.example.")


def warning(settings: Settings) -> str | None:
    """Return a sentence when tokens would travel where others can read them."""
    parts = urlsplit(settings.saleor)
    has_tokens = bool(settings.staff_token or settings.payment_token)
    if parts.scheme == "https" or not has_tokens or _is_loopback(parts.hostname or ""):
        return None
    return f"Warning: {settings.saleor} is plain http; the tokens can be read on the way there."


def probe(settings: Settings) -> None:
    """Ask the host's API the smallest question; raise ``Unusable`` without a GraphQL answer."""
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
