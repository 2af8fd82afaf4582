"""How single values of XCover's answers are read: money strictly, texts and links tolerantly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

HIDDEN_TEXTS = {"", "n/a"}
"""XCover fills unused texts with "N/A" (seen in a live answer)."""

_LARGEST_AMOUNT = Decimal(10) ** 12
_MAX_DECIMALS = 12


class AnswerModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


def mapping(value: Any) -> Mapping[str, Any]:
    """Take an object as it is; anything else is an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """Take a list as it is; anything else is an empty one."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """Take a text as it is; anything missing, hidden or of another type is no text.

    NUL and half surrogates are dropped: JSON can carry them, PostgreSQL cannot.
    """
    if not isinstance(value, str):
        return ""
    text = value.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
    return "" if text.lower() in HIDDEN_TEXTS else text


def _moment(value: Any) -> datetime | None:
    """Read a time. One without offset is unknown to XCover's clients; we store it as UTC."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    if not 1900 < moment.year < 9000:  # an offset would carry it out of what dates can hold
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _required_moment(value: Any) -> datetime:
    moment = _moment(value)
    if moment is None:
        raise ValueError("not a time")
    return moment


_PATH_SEGMENT = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def is_path_segment(text: str) -> bool:
    """Whether an id can be one segment of a path as it is, without any encoding."""
    return bool(_PATH_SEGMENT.fullmatch(text)) and text not in {".", ".."}


def _identifier(value: Any) -> str:
    """Opaque, but it goes into 64 wide columns: visible ASCII."""
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,64}", value):
        raise ValueError("not an identifier")
    return value


def _path_identifier(value: Any) -> str:
    """Opaque, but later calls have it in their path: an odd one could name something else."""
    identifier = _identifier(value)
    if not is_path_segment(identifier):
        raise ValueError("not an identifier a path can hold")
    return identifier


def _soft_identifier(value: Any) -> str | None:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else text_of(value)
    return text if 0 < len(text) <= 64 else None


def _amount(value: Any) -> Decimal:
    """Only a JSON number is money; ``load`` has made it exact."""
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
    """Take a web address; a ``javascript:`` or a broken one is none, since pages link to it."""
    text = text_of(value)
    return text if re.fullmatch(r"https?://[^\s\x00-\x20\"'<>\\]{1,2000}", text) else None


def _texts_by_name(value: Any) -> dict[str, str]:
    """Take the texts of an object as they are; half surrogates and what is no text are left out."""
    return {
        name: text.encode("utf-8", "ignore").decode()
        for name, text in mapping(value).items()
        if isinstance(text, str)
    }


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


Text = Annotated[str, BeforeValidator(text_of)]
TextsByName = Annotated[dict[str, str], BeforeValidator(_texts_by_name)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
RequiredMoment = Annotated[datetime, BeforeValidator(_required_moment)]
Identifier = Annotated[str, BeforeValidator(_identifier)]
PathIdentifier = Annotated[str, BeforeValidator(_path_identifier)]
SoftIdentifier = Annotated[str | None, BeforeValidator(_soft_identifier)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
SoftAmount = Annotated[Decimal | None, BeforeValidator(_soft_amount)]
Link = Annotated[str | None, BeforeValidator(link_of)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Currency = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]
Status = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z_]{1,40}$")]
