"""Numbers in sentences for people."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 policy``, ``2 policies``.

    ``many`` is the plural where it is not ``one`` with an s.
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
