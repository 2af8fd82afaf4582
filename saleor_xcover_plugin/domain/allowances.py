"""How often something may be asked for, by one checkout, by one client and by all together.

An allowance is a bucket that fills again evenly. It is kept as one moment: until when what was
asked for has used it up.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from .rates import MARGIN, OFFER_SHARE, Rates

MINUTE = timedelta(minutes=1)
ANSWERS_PER_MINUTE = 60
"""Answers (yes or no) one checkout may give in a minute: each is kept as evidence."""

FIRST_QUESTIONS = 3
"""Questions of one checkout that count as its first while XCover has answered none of them."""

_FIRST_QUESTION_RETURNS = timedelta(minutes=15)
_REPEATED_SHARE = Decimal("0.5")
_REPEATED_BURST_SECONDS = 5
_IPV6_NETWORK = 64
"""Leading bits of an IPv6 address that a provider gives to one customer."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most ``count`` at once; one more comes back each ``step``."""

    count: int
    step: timedelta

    @classmethod
    def per_minute(cls, count: int) -> Allowance:
        """Allow ``count`` at once, and as many again within each minute."""
        return cls(count, MINUTE / count)

    @property
    def reach(self) -> timedelta:
        """How far ahead of now the allowance may be used up."""
        return self.count * self.step


def first_questions() -> Allowance:
    """Return how often one checkout may draw on the first offers of all.

    Once would do for whoever is answered. The others are for those whose first question fails
    through no doing of theirs.
    """
    return Allowance(FIRST_QUESTIONS, _FIRST_QUESTION_RETURNS)


def first_offers(rates: Rates) -> Allowance:
    """Return how many checkouts together may ask XCover for their first offer.

    As many in a minute as calls for offers may leave.
    """
    rate = _offers_per_second(rates)
    return _of_rate(rate, seconds=60)


def repeated_offers(rates: Rates) -> Allowance:
    """Return how many further offers all checkouts together may ask XCover for.

    Half of the rate: whoever changes one checkout again and again leaves the other half to those
    who ask for the first time.
    """
    return _of_rate(_offers_per_second(rates) * _REPEATED_SHARE, seconds=_REPEATED_BURST_SECONDS)


def offers_ahead(rates: Rates) -> Allowance:
    """Return how many of these workers may ask for ahead of shoppers.

    Half of what is free at once they leave to the shoppers, who so go before them.
    """
    further = repeated_offers(rates)
    return replace(further, count=max(1, further.count // 2))


def _offers_per_second(rates: Rates) -> Decimal:
    return rates.selling * MARGIN * OFFER_SHARE


def _of_rate(rate: Decimal, *, seconds: int) -> Allowance:
    return Allowance(max(1, int(rate * seconds)), timedelta(seconds=float(1 / rate)))


def client_address(header: str, proxies: int) -> str | None:
    """Return the address of a client as the last of ``proxies`` trusted proxies was reached by it.

    Each proxy appends whom it was called by, so whatever the client wrote itself stands further
    left. Of an IPv6 address the network counts, since one customer has all of it. None where the
    header has fewer entries, or no address in that place.
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
