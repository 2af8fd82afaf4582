"""How often chance is tried. One table for every test that tries it; no other place has a count.

``XCOVER_DEEP=1`` takes the big counts, ``XCOVER_SEED`` another seed; ``make deep`` sets both.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

SEED = 4


@dataclass(frozen=True, slots=True)
class Count:
    """How many as a rule, and how many in each part of ``make deep``."""

    few: int
    many: int
    of: str


COUNTS = {
    "examples": Count(25, 2_000, "examples of each property of pure functions"),
    "refund stories": Count(12, 50, "random stories of one policy, ten steps each"),
    "money stories": Count(12, 200, "random stories of money that goes back, ten steps each"),
    "answer stories": Count(5, 300, "random stories of pages whose answers overtake each other"),
    "payload templates": Count(150, 100_000, "payload templates, each with sales of a store"),
    "hostile documents": Count(
        150, 10_000, "documents that want the GraphQL endpoint to work hard"
    ),
    "shopper stories": Count(3, 20, "random shoppers with twins in a real Saleor"),
    "shopper steps": Count(12, 30, "steps of each of them at most"),
    "steps between kills": Count(15, 1, "how far a process gets further each time it is killed"),
    "steps between kills in Saleor": Count(6, 1, "the same in a web process of a real Saleor"),
    "steps between failures": Count(8, 1, "how far a step gets further each time it fails"),
    "orders under random kills": Count(12, 1_000, "orders while workers are killed at random"),
    "orders that change before they are sent": Count(
        15, 1_000, "orders refunded or begun while no call gets through"
    ),
    "covers in an outage": Count(12, 5_000, "covers that wait for an XCover that is dead"),
    "policies of a cancelled event": Count(20, 2_000, "policies of one cancelled event"),
    "orders of the past": Count(20_000, 1_000_000, "past orders beside which plans are made"),
}


def is_deep() -> bool:
    """Whether the big counts are wanted."""
    return os.environ.get("XCOVER_DEEP", "") not in ("", "0")


def count(name: str) -> int:
    """Return how many of this are wanted now."""
    known = COUNTS[name]
    return known.many if is_deep() else known.few


def seed(name: str) -> int:
    """Return the seed for something random: another one for each name, all from one number."""
    chosen = os.environ.get("XCOVER_SEED", str(SEED))
    return int.from_bytes(hashlib.sha256(f"{chosen} {name}".encode()).digest()[:4])
