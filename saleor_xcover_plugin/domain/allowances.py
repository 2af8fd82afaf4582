"""Allowances for requests: of one checkout, of one client and of all together.

An allowance is a token bucket that refills evenly. Its state is stored as one time: the time at
which it is full again.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from .rates import MARGIN, OFFER_SHARE, Rates

MINUTE = timedelta(minutes=1)
"""The period of allowances per minute."""
ANSWERS_PER_MINUTE = 60
"""Answers (yes or no) one checkout may give in a minute; each is kept as evidence."""

FIRST_QUESTIONS = 3
"""Offer requests of one checkout that count as its first while XCover has answered none."""

_FIRST_QUESTION_RETURNS = timedelta(minutes=15)
_REPEATED_SHARE = Decimal("0.5")
_REPEATED_BURST_SECONDS = 5
_IPV6_NETWORK = 64
"""Leading bits of an IPv6 address that a provider gives to one customer."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A token bucket."""

    count: int
    """Size of the bucket: requests allowed at once."""
    step: timedelta
    """Time after which one more request is allowed."""

    @classmethod
    def per_minute(cls, count: int) -> Allowance:
        """Return an allowance of ``count`` at once, and as many again within each minute."""
        return cls(count, MINUTE / count)

    @property
    def reach(self) -> timedelta:
        """The time in which an empty bucket fills."""
        return self.count * self.step


def first_questions() -> Allowance:
    """Return the allowance of one checkout for first offers.

    More than one request is allowed, because the first may fail through no fault of the shopper's.
    """
    return Allowance(FIRST_QUESTIONS, _FIRST_QUESTION_RETURNS)


def first_offers(rates: Rates) -> Allowance:
    """Return the allowance of all checkouts together for their first offers.

    It is as many in a minute as the rate limit allows calls for offers.
    """
    rate = _offers_per_second(rates)
    return _of_rate(rate, seconds=60)


def repeated_offers(rates: Rates) -> Allowance:
    """Return the allowance of all checkouts together for further offers.

    It is half of the rate, so that checkouts that change again and again leave the other half to
    first offers.
    """
    return _of_rate(_offers_per_second(rates) * _REPEATED_SHARE, seconds=_REPEATED_BURST_SECONDS)


def offers_ahead(rates: Rates) -> Allowance:
    """Return the allowance of workers that request offers before shoppers ask for them.

    They use at most half of the bucket of ``repeated_offers``; the rest is left for shoppers.
    """
    further = repeated_offers(rates)
    return replace(further, count=max(1, further.count // 2))


def _offers_per_second(rates: Rates) -> Decimal:
    return rates.selling * MARGIN * OFFER_SHARE


def _of_rate(rate: Decimal, *, seconds: int) -> Allowance:
    return Allowance(max(1, int(rate * seconds)), timedelta(seconds=float(1 / rate)))


def client_address(header: str, proxies: int) -> str | None:
    """Return the address of a client from a header such as X-Forwarded-For.

    ``proxies`` is the number of trusted proxies. Each appends the address it was called from, so
    the client's is that many entries from the right, and entries the client wrote itself are
    further left. For IPv6 the /64 network is returned, since one customer has all of it. Return
    None if the header has fewer entries, or no address in that place.
    """
    entries = [entry.strip() for entry in header.split(",")]
    if len(entries) < proxies:
        return None
    text = entries[-proxies]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _IPV6_NETWORK), strict=False))
