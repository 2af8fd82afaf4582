"""XCover's answers as frozen values: unknown fields ignored, missing required ones fail loudly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from .errors import XCoverBadAnswer

HIDDEN_TEXTS = {"", "n/a"}
"""XCover fills unused texts with "N/A" (seen in a live answer)."""


def _text(value: Any) -> str:
    """Take a text as it is; anything missing, hidden or of another type is no text."""
    if not isinstance(value, str) or value.strip().lower() in HIDDEN_TEXTS:
        return ""
    return value.strip()


def _texts(value: Any) -> tuple[str, ...]:
    """Read benefits, inclusions, exclusions: an object of labels and texts, or a list of texts."""
    if isinstance(value, Mapping):
        pairs = ((_text(label), _text(text)) for label, text in value.items())
        return tuple(": ".join(part for part in pair if part) for pair in pairs if pair[1])
    found = []
    for item in value if isinstance(value, list) else []:
        candidates = item.values() if isinstance(item, Mapping) else (item,)
        found += [text for text in map(_text, candidates) if text][:1]
    return tuple(found)


def _moment(value: Any) -> datetime | None:
    """Read a time. One without offset is unknown to XCover's clients; we store it as UTC."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Items = Annotated[tuple[Any, ...], BeforeValidator(lambda v: v if isinstance(v, list) else [])]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)


class OfferedQuote(_Answer):
    """One product of an offer. ``premium`` is with tax and for all tickets together."""

    id: str = Field(min_length=1)
    title: Text = ""
    description: Text = ""
    premium: Decimal
    premium_without_tax: Decimal | None = None
    tax: Decimal | None = None
    price_formatted: Text = ""
    pds_url: str | None = None
    starts_at: Moment = None
    ends_at: Moment = None
    policy_version_id: str | None = None
    disclaimer: Text = ""
    benefits: Texts = ()
    inclusions: Texts = ()
    exclusions: Texts = ()


class Offer(_Answer):
    """The answer to create offer, texts and prices joined by product id."""

    id: str = Field(min_length=1)
    currency: str
    quotes: tuple[OfferedQuote, ...]
    heading: Text = ""
    description: Text = ""
    disclaimer: Text = ""
    locale: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _join(cls, data: Any) -> Any:
        """Bring ``products`` and ``content.products`` together; an absent content is no text."""
        products = data.get("products")
        if not isinstance(products, list):
            raise ValueError("products are missing")
        content = data.get("content") if isinstance(data.get("content"), dict) else {}
        texts = {
            item["id"]: item
            for item in content.get("products") or []
            if isinstance(item, dict) and "id" in item
        }
        return {
            "id": data.get("id"),
            "currency": data.get("currency"),
            "heading": content.get("heading") or content.get("title"),
            "description": content.get("description"),
            "disclaimer": content.get("disclaimer"),
            "locale": content.get("locale"),
            "quotes": [_quote(product, texts.get(product.get("id"), {})) for product in products],
        }


def _quote(product: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, Any]:
    details = product.get("details") or {}
    finance = details.get("finance") or {}
    price = finance.get("price") or {}
    return {
        "id": product.get("id"),
        "title": texts.get("title") or product.get("name"),
        "description": texts.get("description"),
        "premium": price.get("total_amount"),
        "premium_without_tax": price.get("total_amount_without_tax"),
        "price_formatted": price.get("total_amount_formatted"),
        "tax": (finance.get("tax") or {}).get("total_amount"),
        "pds_url": details.get("pds_url"),
        "starts_at": details.get("start_date"),
        "ends_at": details.get("end_date"),
        "policy_version_id": details.get("policy_version_id"),
        "disclaimer": texts.get("disclaimer"),
        "benefits": texts.get("benefits") or details.get("benefits"),
        "inclusions": texts.get("inclusions"),
        "exclusions": texts.get("exclusions"),
    }


class BookedQuote(_Answer):
    id: str = Field(min_length=1)
    status: str
    price: Decimal | None = None
    can_be_cancelled: bool | None = None
    cooling_off_until: Moment = Field(None, alias="policy_coolingoff_date")
    refund_value: Decimal | None = None
    confirmed_at: Moment = None
    cancelled_at: Moment = None


class Booking(_Answer):
    """A policy. ``total_price`` is with tax; compare it with the offered ``total_amount``."""

    id: str = Field(min_length=1)
    status: str
    currency: str
    total_price: Decimal
    total_tax: Decimal | None = None
    partner_transaction_id: str | None = None
    quotes: tuple[BookedQuote, ...]
    pds_url: str | None = None
    created_at: Moment = None

    @property
    def is_confirmed(self) -> bool:
        return self.status == "CONFIRMED" and all(q.status == "CONFIRMED" for q in self.quotes)

    @property
    def is_cancelled(self) -> bool:
        return self.status == "CANCELLED"


class CancellationPreview(_Answer):
    """What cancelling would refund. Told by its id: the status says CANCELLED already."""

    booking_id: str = Field(alias="id", min_length=1)
    cancellation_id: str = Field(min_length=1)
    confirm_before: datetime
    currency: str
    total_refund: Decimal
    refund_amount: Decimal | None = None
    quotes: tuple[BookedQuote, ...]
    partner: dict[str, Any] = Field(default_factory=dict, repr=False)

    @property
    def _amounts(self) -> tuple[Decimal, ...]:
        by_quote = sum((q.refund_value or Decimal(0) for q in self.quotes), Decimal(0))
        named = (self.total_refund, self.refund_amount)
        return (*(amount for amount in named if amount is not None), by_quote)

    @property
    def refund(self) -> Decimal:
        """The smallest amount the answer names, in ``currency``."""
        return min(self._amounts)

    @property
    def refund_amounts_agree(self) -> bool:
        return len(set(self._amounts)) == 1

    @property
    def cooling_off_until(self) -> datetime | None:
        """The earliest end of a quote's cooling-off period; None if any quote names none."""
        ends = [quote.cooling_off_until for quote in self.quotes]
        known = [end for end in ends if end is not None]
        return min(known) if known and len(known) == len(ends) else None

    @property
    def is_refunded_by_xcover(self) -> bool:
        """Whether a flag suggests that XCover pays the buyer itself."""
        flags = ("xpay_refund_enabled", "automatic_refund_by_xcore")
        return any(bool(self.partner.get(flag)) for flag in flags)


class Modification(_Answer):
    """A changed booking, or the preview of one (then with ``update_id``)."""

    booking_id: str = Field(alias="id", min_length=1)
    status: str
    update_id: str | None = None
    price_difference: Decimal = Field(alias="total_price_diff")


A = TypeVar("A", bound=_Answer)


def load(body: bytes) -> Any:
    """Parse JSON with exact numbers. Raise ``ValueError`` for anything else."""
    return json.loads(body, parse_float=Decimal)


def parse(model: type[A], data: Any) -> A:
    """Build a typed answer. Raise ``XCoverBadAnswer`` naming the fields, never their values."""
    if not isinstance(data, dict):
        raise XCoverBadAnswer("the answer is not an object")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        places = sorted({".".join(map(str, e["loc"])) or "products" for e in error.errors()})
        raise XCoverBadAnswer(
            f"{model.__name__} lacks or garbles: {', '.join(places)}", fields=tuple(places)
        ) from None
    except (AttributeError, TypeError):
        raise XCoverBadAnswer(f"{model.__name__} has an unknown shape") from None
