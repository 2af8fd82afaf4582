"""Statements as tests look at them."""

import re

_LIMITS = re.compile(r"^(SET LOCAL \w+ = \d+; )+")


def without_limits(sql: str) -> str:
    """Return a statement of ours without the time limits that are sent before it."""
    return _LIMITS.sub("", sql)
