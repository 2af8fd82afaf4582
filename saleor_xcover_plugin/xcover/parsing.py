"""Parse XCover's responses into frozen values.

Unknown fields are ignored; a missing or malformed required field raises ``XCoverBadResponse``.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from .errors import XCoverBadResponse
from .values import ResponseModel

A = TypeVar("A", bound=ResponseModel)


def load(body: bytes) -> Any:
    """Parse JSON, with decimal numbers as ``Decimal``.

    Raise ``ValueError`` for a body that is no JSON, holds NaN or Infinity, or a number out of
    range, and ``RecursionError`` for one that is nested too deeply.
    """
    return json.loads(body, parse_float=_exact, parse_constant=_refuse)


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal holds; not a ValueError
        raise ValueError("a number is out of range") from None


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def parse(model: type[A], data: Any) -> A:
    """Build a response of type ``model`` from parsed JSON.

    Raise ``XCoverBadResponse`` with the names of the fields that are missing or malformed, never
    their values.
    """
    if not isinstance(data, dict):
        raise XCoverBadResponse(f"{model.__name__}: the answer is not an object")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        places = sorted({".".join(map(str, e["loc"])) for e in error.errors()} - {""})
        named = ", ".join(places) or "the whole"
        raise XCoverBadResponse(
            f"{model.__name__} lacks or garbles: {named}", fields=tuple(places)
        ) from None
