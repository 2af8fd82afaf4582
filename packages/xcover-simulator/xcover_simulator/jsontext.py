"""JSON with exact numbers: fractions are read as Decimal and written digit for digit."""

import json
from decimal import Decimal
from typing import Any

Json = dict[str, Any]


def loads(text: str | bytes) -> Any:
    """Parse JSON; numbers with a fraction become Decimal.

    Raises ValueError for invalid JSON and for NaN and Infinity.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def dumps(value: Any) -> str:
    """Return ``value`` as JSON; a Decimal keeps its digits (``Decimal("6.60")`` gives ``6.60``)."""
    match value:
        case Decimal():
            return format(value, "f")
        case dict():
            pairs = (f"{json.dumps(str(key))}: {dumps(item)}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list() | tuple():
            return "[" + ", ".join(dumps(item) for item in value) + "]"
        case _:
            return json.dumps(value)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
