"""Decide what a change of the buyer's details means for a confirmed policy.

XCover accepts only modifications of ticket protection that do not change its price. Fields not
listed here, incomplete details and modifications with a price go to a person. Source:
https://partner-docs.covergenius.com/offers/vertical-examples/events-tickets
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .cancellations import Judgement, Verdict
from .money import Money

_WORDS = {
    "first_name": "first name",
    "last_name": "last name",
    "email": "e-mail",
    "phone": "phone",
    "country": "country",
    "city": "city",
    "postcode": "postcode",
    "region": "region",
}
_NON_FINANCIAL = set(_WORDS) - {"country"}


def in_words(fields: Collection[str]) -> str:
    """Return the names of policyholder fields in words: "first name, e-mail and phone"."""
    words = [word for field, word in _WORDS.items() if field in fields]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def judge_change(changed: Collection[str], missing: Sequence[str]) -> Judgement:
    """Decide if XCover may be asked for the price of a change: ``REQUEST`` or ``REVIEW``.

    ``changed`` names the changed fields, ``missing`` the required ones that are empty.
    """
    if not set(changed) <= _NON_FINANCIAL:
        return Judgement(
            Verdict.REVIEW,
            f"The buyer's {in_words(changed)} changed in the order. The country decides price and "
            "terms, so nothing was sent; ask Cover Genius what becomes of the policy.",
        )
    if missing:
        return Judgement(
            Verdict.REVIEW,
            f"The buyer's {in_words(changed)} changed in the order, but the policy needs the "
            f"buyer's {in_words(missing)}. Nothing was sent; complete the order's address.",
        )
    return Judgement(
        Verdict.REQUEST,
        f"The buyer's {in_words(changed)} changed in the order; XCover is asked what that costs.",
    )


def judge_price(changed: Collection[str], difference: Money, *, is_free: bool) -> Judgement:
    """Decide if a previewed change may be applied: ``CONFIRM`` if it is free, else ``REVIEW``.

    ``difference`` is the previewed change of the price. ``is_free`` is False also if only the
    price of a single quote changes.
    """
    if difference.amount or not is_free:
        return Judgement(
            Verdict.REVIEW,
            f"XCover would change the price, in all by {difference}, for the buyer's changed "
            f"{in_words(changed)}. The policy was not changed; ask Cover Genius what to do.",
        )
    return Judgement(Verdict.CONFIRM, "The change costs nothing.")
