"""Where a payload comes from: a template, or a function of the store's own."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from celery.exceptions import SoftTimeLimitExceeded

from .documents import MAX_DEPTH, TemplateError, require_few, require_plain
from .names import Sale
from .rendering import Missing
from .template import Payload, PayloadIncomplete

log = logging.getLogger(__name__)


class PayloadSource(Protocol):
    """Builds the payload of a sale. ``Template`` is one."""

    @property
    def names(self) -> frozenset[str]:
        """The sources of store data it reads, or their beginnings, such as ``line.metadata.``."""

    @property
    def digest(self) -> str:
        """A text that changes when the payloads of equal sales may change."""

    @property
    def is_given_by_basket(self) -> bool:
        """True if equal baskets have equal payloads."""

    @property
    def names_persons(self) -> bool:
        """True if insured persons may be sent with a policy."""

    def payload(self, sale: Sale) -> Payload:
        """Return the payload of an offer request. Raise ``PayloadIncomplete``."""

    def insured_persons(self, sale: Sale) -> list[Any] | None:
        """Return the insured persons, None where none are sent. Raise ``PayloadIncomplete``."""


class PayloadBuilder(Protocol):
    """A store's own builder, where a template is not enough. Both functions are pure and quick.

    They are called in hooks of checkouts: no database, no network, no sleep. What they return is
    checked before it is sent. An exception means that this sale gets no offer.
    """

    version: str
    """Changes with the code, so that offers made by an earlier version are requested again."""
    uses: Collection[str]
    """The store data that is read of each line, as in ``("product.metadata.", "variant.sku")``."""

    def payload(self, sale: Sale) -> Mapping[str, Any]:
        """Return ``context`` and, if wanted, ``customer`` and ``partner`` of an offer request.

        Amounts are Decimals. ``customer`` is completed with language, currency and country.
        """

    def insured(self, sale: Sale) -> list[Mapping[str, Any]] | None:
        """Return the insured persons of a paid order, or None where none are sent.

        The lines of the sale have ``count`` and ``facts`` only, with ``line.metadata`` in them.
        """


def built(builder: Any) -> Built:
    """Return the source that a store's builder makes.

    Raise ``TypeError`` if it is none. Whatever it returns is checked when it is called.
    """
    version, uses = getattr(builder, "version", None), getattr(builder, "uses", None)
    are_texts = isinstance(uses, list | tuple | set | frozenset) and all(
        isinstance(name, str) for name in uses
    )
    has_functions = all(callable(getattr(builder, name, None)) for name in ("payload", "insured"))
    if not (isinstance(version, str) and are_texts and has_functions):
        raise TypeError("a builder has version, uses, payload and insured")
    return Built(builder)


@dataclass(frozen=True, slots=True)
class Built:
    """Payloads from a ``PayloadBuilder``."""

    builder: PayloadBuilder

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.builder.uses)

    @property
    def digest(self) -> str:
        kind = type(self.builder)
        text = f"{kind.__module__}.{kind.__qualname__} {self.builder.version}"
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def is_given_by_basket(self) -> bool:
        return False

    @property
    def names_persons(self) -> bool:
        return True

    def payload(self, sale: Sale) -> Payload:
        parts = self._plain("payload", sale)
        if not isinstance(parts, dict) or "context" not in parts:
            raise _of_builder("it returned no context")
        for part in ("context", "customer", "partner"):
            if not isinstance(parts.get(part, {}), dict):
                raise _of_builder(f"{part} is no object")
        basket = sale.basket
        customer = {
            "language": basket.language,
            "currency": basket.currency,
            "country": basket.country,
            **({"region": basket.region} if basket.region else {}),
            **parts.get("customer", {}),
        }
        return Payload(customer, parts.get("partner", {}), parts["context"])

    def insured_persons(self, sale: Sale) -> list[Any] | None:
        persons = self._plain("insured", sale)
        if persons is not None and not isinstance(persons, list):
            raise _of_builder("it returned no list of insured persons")
        return persons

    def _plain(self, function: str, sale: Sale) -> Any:
        try:
            value = getattr(self.builder, function)(sale)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            name = type(error).__name__
            log.error("xcover.payload.builder_failed", extra={"function": function, "error": name})
            raise _of_builder(f"it raised {name}") from None
        try:
            require_plain(value, "", MAX_DEPTH)
            require_few(value)
        except TemplateError as error:
            raise _of_builder(f"it returned what cannot be sent: {error}") from None
        return value


def _of_builder(why: str) -> PayloadIncomplete:
    return PayloadIncomplete((Missing("builder", "", why),))
