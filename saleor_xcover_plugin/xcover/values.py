"""Types for single values in XCover's responses.

Money, ids and statuses are read strictly. Texts, links and other optional values are read
tolerantly: a malformed one counts as missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

HIDDEN_TEXTS = {"", "n/a"}
"""Texts that count as missing, in lower case.

XCover fills unused texts with "N/A" (observed: https://github.com/highbrowse-co/realcheap).
"""

_LARGEST_AMOUNT = Decimal(10) ** 12
_MAX_DECIMALS = 12


class ResponseModel(BaseModel):
    """Base class of all responses and their parts: frozen, and tolerant of unknown fields."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object as it is, and an empty one for any other value."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """Return a list as it is, and an empty one for any other value."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """Return a text without surrounding blanks, and '' for a placeholder or any other value.

    NUL and lone surrogates are dropped: JSON can hold them, PostgreSQL cannot.
    """
    if not isinstance(value, str):
        return ""
    text = value.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
    return "" if text.lower() in HIDDEN_TEXTS else text


def _moment(value: Any) -> datetime | None:
    """Read a time. One without offset is taken as UTC, which is inferred, not documented."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    if not 1900 < moment.year < 9000:  # conversion to UTC must not overflow
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _required_moment(value: Any) -> datetime:
    moment = _moment(value)
    if moment is None:
        raise ValueError("not a time")
    return moment


_PATH_SEGMENT = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def is_path_segment(text: str) -> bool:
    """Return True if an id can be one segment of a path without encoding."""
    return bool(_PATH_SEGMENT.fullmatch(text)) and text not in {".", ".."}


def _identifier(value: Any) -> str:
    """Accept visible ASCII, as long as the columns it is stored in."""
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,64}", value):
        raise ValueError("not an identifier")
    return value


def _path_identifier(value: Any) -> str:
    """Accept one segment of a path, because later calls have the id in their path."""
    identifier = _identifier(value)
    if not is_path_segment(identifier):
        raise ValueError("not an identifier a path can hold")
    return identifier


def _soft_identifier(value: Any) -> str | None:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else text_of(value)
    return text if 0 < len(text) <= 64 else None


def _amount(value: Any) -> Decimal:
    """Accept a JSON number, which ``parsing.load`` has parsed exactly."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a number")
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) >= _LARGEST_AMOUNT:
        raise ValueError("not an amount")
    if amount.as_tuple().exponent < -_MAX_DECIMALS:  # type: ignore[operator]  # finite: an int
        raise ValueError("not an amount")
    return amount


def _soft_amount(value: Any) -> Decimal | None:
    try:
        return _amount(value)
    except ValueError:
        return None


def link_of(value: Any) -> str | None:
    """Return an HTTP address, and None for any other value, because pages link to it."""
    text = text_of(value)
    return text if re.fullmatch(r"https?://[^\s\x00-\x20\"'<>\\]{1,2000}", text) else None


def _texts_by_name(value: Any) -> dict[str, str]:
    """Return the texts of an object without lone surrogates; other values are left out."""
    return {
        name: text.encode("utf-8", "ignore").decode()
        for name, text in mapping(value).items()
        if isinstance(text, str)
    }


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


Text = Annotated[str, BeforeValidator(text_of)]
"""A text; '' if it is missing, a placeholder or malformed."""
TextsByName = Annotated[dict[str, str], BeforeValidator(_texts_by_name)]
"""The texts of an object, by name."""
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
"""An aware time; None if it is missing or malformed."""
RequiredMoment = Annotated[datetime, BeforeValidator(_required_moment)]
"""An aware time; required."""
Identifier = Annotated[str, BeforeValidator(_identifier)]
"""An opaque id of at most 64 characters; required."""
PathIdentifier = Annotated[str, BeforeValidator(_path_identifier)]
"""An id that later calls have in their path; required."""
SoftIdentifier = Annotated[str | None, BeforeValidator(_soft_identifier)]
"""An id or number as text; None if it is missing or malformed."""
Amount = Annotated[Decimal, BeforeValidator(_amount)]
"""An exact amount of money; required unless the field has a default."""
SoftAmount = Annotated[Decimal | None, BeforeValidator(_soft_amount)]
"""An exact amount of money; None if it is missing or malformed."""
Link = Annotated[str | None, BeforeValidator(link_of)]
"""An HTTP address; None if it is missing or malformed."""
Flag = Annotated[bool | None, BeforeValidator(_flag)]
"""A boolean; None if it is missing or malformed."""
Currency = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code; required."""
Status = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z_]{1,40}$")]
"""A status word of XCover's; unknown ones are accepted."""
