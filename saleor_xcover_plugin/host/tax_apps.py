"""Say when Saleor may ask a store's tax app while it prices a checkout.

That is a call to another server, in which Saleor's checkout is locked. Saleor makes it in the
shopper's own mutations; ours are made where a shopper asks or answers, and in a worker, never in a
hook.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import Refusal


class NoAnswer(Refusal):
    """The tax app gave no usable answer; it may give one the next time."""


_MAY_BE_CALLED: ContextVar[bool] = ContextVar("xcover_tax_app_may_be_called", default=False)


@contextmanager
def called() -> Iterator[None]:
    """Let Saleor ask the tax app within the block."""
    before = _MAY_BE_CALLED.set(True)
    try:
        yield
    finally:
        _MAY_BE_CALLED.reset(before)


def may_be_called() -> bool:
    """Return True within ``called``."""
    return _MAY_BE_CALLED.get()
