"""What a change of the buyer's details means for a confirmed policy: closed by default.

XCover takes only changes of ticket protection that leave its price alone (XCover docs, events and
tickets). What is not listed here, what is incomplete and what costs anything goes to a person.
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
    """Name fields of the policyholder in a fixed order: "first name, e-mail and phone"."""
    words = [word for field, word in _WORDS.items() if field in fields]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def judge_change(changed: Collection[str], missing: Sequence[str]) -> Judgement:
    """Say whether XCover may be asked about changed fields; ``missing`` ones a policy needs."""
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
    """Say whether a previewed change may be applied without a person: only when it is free.

    ``is_free`` is false when a single quote costs more or less, too.
    """
    if difference.amount or not is_free:
        return Judgement(
            Verdict.REVIEW,
            f"XCover would change the price, in all by {difference}, for the buyer's changed "
            f"{in_words(changed)}. The policy was not changed; ask Cover Genius what to do.",
        )
    return Judgement(Verdict.CONFIRM, "The change costs nothing.")
