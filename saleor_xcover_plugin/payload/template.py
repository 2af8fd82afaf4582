"""A store's template for the payload of an offer request and of the insured persons of a policy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .documents import MAX_DEPTH, TemplateError, read_document
from .names import AFTER_SALE, IN_BASKET, Level, Place, Sale
from .nodes import Each, Fields, From, Items, Node, Reader, names_in, walk
from .rendering import Filled, Missing, fill_in

PARTS = ("context", "customer", "partner", "insured")
"""The parts of a template; only ``context`` is required."""
_REQUIRED_OF_CUSTOMER = ("language", "currency", "country")
_DEFAULT_CUSTOMER = {
    **{name: {"from": f"customer.{name}"} for name in _REQUIRED_OF_CUSTOMER},
    "region": {"from": "customer.region", "omit_if_missing": True},
}


@dataclass(frozen=True, slots=True)
class Payload:
    """The parts of an offer request, as they are sent."""

    customer: Any
    partner: Any
    context: Any


class PayloadIncomplete(Exception):
    """A sale lacks values that its payload needs; ``missing`` names them, without any value."""

    def __init__(self, missing: tuple[Missing, ...]) -> None:
        super().__init__("; ".join(f"{each.path}: {each.why}" for each in missing[:5]))
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template."""

    context: Node
    customer: Node
    partner: Node
    insured: Node | None
    """The insured persons of a policy, which are sent when it is confirmed; None if none are."""
    digest: str
    """Hash of the template, the same for the same template."""
    names: frozenset[str]
    """The names of the values it uses."""
    is_given_by_basket: bool
    """True if equal baskets have equal payloads, whatever else the store keeps about them."""

    @classmethod
    def of(cls, document: Any, offer: Sequence[Node], insured: Node | None) -> Template:
        """Build it from context, customer and partner, once for all sales."""
        context, customer, partner = offer
        of_offer = {name.text for node in offer for name in names_in(node)}
        of_persons = {name.text for name in names_in(insured)} if insured is not None else set()
        return cls(
            context,
            customer,
            partner,
            insured,
            _digest(document),
            frozenset(of_offer | of_persons),
            all(name.startswith(IN_BASKET) for name in of_offer),
        )

    @property
    def names_persons(self) -> bool:
        """True if insured persons are sent with a policy."""
        return self.insured is not None

    def fill(self, sale: Sale) -> dict[str, Filled]:
        """Fill in the parts of an offer request; never raises."""
        parts = {"context": self.context, "customer": self.customer, "partner": self.partner}
        return {part: fill_in(node, Place.of(sale), part) for part, node in parts.items()}

    def shape(self, sale: Sale) -> tuple[dict[str, Any], frozenset[str]]:
        """Return every field that may be sent for a sale, and the paths of those that may lack."""
        nodes = {"context": self.context, "customer": self.customer, "partner": self.partner}
        if self.insured is not None:
            nodes["insured"] = self.insured
        parts = {
            part: fill_in(node, Place.of(sale), part, is_shape=True) for part, node in nodes.items()
        }
        optional = frozenset(path for filled in parts.values() for path in filled.optional)
        return {part: filled.value for part, filled in parts.items()}, optional

    def payload(self, sale: Sale) -> Payload:
        """Return the payload of an offer request. Raise ``PayloadIncomplete``."""
        filled = self.fill(sale)
        _require_all(filled.values())
        return Payload(**{part: each.value for part, each in filled.items()})

    def insured_persons(self, sale: Sale) -> list[Any] | None:
        """Return the insured persons of a policy; None if the template names none.

        Raise ``PayloadIncomplete``.
        """
        if self.insured is None:
            return None
        filled = fill_in(self.insured, Place.of(sale), "insured")
        _require_all([filled])
        return None if filled.value is None else list(filled.value)

    def values(self) -> Iterator[From]:
        """Yield the nodes that are values of names."""
        for part in self._parts():
            yield from (node for node in walk(part) if isinstance(node, From))

    def _parts(self) -> Iterator[Node]:
        yield from (self.context, self.customer, self.partner)
        if self.insured is not None:
            yield self.insured


def _require_all(filled: Any) -> None:
    missing = tuple(gap for each in filled for gap in each.missing)
    if missing:
        raise PayloadIncomplete(missing)


@lru_cache(maxsize=64)
def parse(text: str) -> Template:
    """Parse the text of a template, JSON or YAML. Raise ``TemplateError`` with place and reason."""
    return template_of(read_document(text))


def template_of(document: Any) -> Template:
    """Parse the plain value of a template. Raise ``TemplateError`` with place and reason."""
    if not isinstance(document, dict) or "context" not in document:
        raise TemplateError(
            "", "a template is an object with the part context, or names one: use: nested"
        )
    for part in document:
        if part not in PARTS:
            raise TemplateError(part, f"the parts of a template are {', '.join(PARTS)}")
    reader = Reader(denied=("order.",))
    context = _object(reader, document["context"], "context")
    customer = _object(reader, _customer(document.get("customer", {})), "customer")
    partner = _object(reader, _partner(document.get("partner", {})), "partner")
    insured = None
    if "insured" in document:
        insured = Reader(AFTER_SALE, has_events=False).read(document["insured"], "insured")
        if not isinstance(insured, Each | Items):
            raise TemplateError("insured", "a list is wanted here")
        persons = insured.items if isinstance(insured, Items) else [insured.item]
        if not all(map(_is_person, persons)):
            raise TemplateError("insured", "a list of persons, each an object, is wanted here")
    for part, node in (("context", context), ("customer", customer), ("partner", partner)):
        _require_flat(node, part, MAX_DEPTH)
    if insured is not None:
        _require_flat(insured, "insured", MAX_DEPTH)
    return Template.of(document, (context, customer, partner), insured)


def _is_person(node: Node) -> bool:
    return _is_person(node.item) if isinstance(node, Each) else isinstance(node, Fields)


def _digest(document: Any) -> str:
    text = json.dumps(document, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _object(reader: Reader, raw: Any, part: str) -> Node:
    node = reader.read(raw, part, Level.SALE)
    if not isinstance(node, Fields) or node.when is not None:
        raise TemplateError(part, "an object with fields is wanted here")
    return node


def _customer(raw: Any) -> Any:
    if not isinstance(raw, dict):
        raise TemplateError("customer", "an object with fields is wanted here")
    for name in _REQUIRED_OF_CUSTOMER:
        if name in raw and not _is_sure(name, raw[name]):
            raise TemplateError(
                f"customer.{name}", f"write {{from: customer.{name}}}, with format or map if needed"
            )
    return {**_DEFAULT_CUSTOMER, **raw}


def _is_sure(name: str, own: Any) -> bool:
    """Return True if a field without which XCover refuses a request always has its own value."""
    if isinstance(own, str):
        return name == "language" and bool(own.strip())
    if not isinstance(own, dict) or own.get("from") != f"customer.{name}":
        return False
    mapped = own.get("map", {})
    has_texts = isinstance(mapped, dict) and all(
        isinstance(value, str) and value.strip() for value in mapped.values()
    )
    return has_texts and set(own) <= {"from", "format", "map"}


def _partner(raw: Any) -> Any:
    if not isinstance(raw, dict) or set(raw) - {"metadata"}:
        raise TemplateError("partner", "an object with the field metadata is wanted here")
    if "metadata" in raw and not isinstance(raw["metadata"], dict):
        raise TemplateError("partner.metadata", "an object with fields is wanted here")
    return raw


def _require_flat(node: Node, path: str, levels: int) -> None:
    """Raise ``TemplateError`` if more levels would be sent than ``levels``."""
    if levels <= 0:
        raise TemplateError(path, f"it has more than {MAX_DEPTH} levels")
    if isinstance(node, Fields):
        for name, child in node.fields.items():
            _require_flat(child, f"{path}.{name}", levels - 1)
    elif isinstance(node, Items):
        for number, child in enumerate(node.items):
            _require_flat(child, f"{path}[{number}]", levels - 1)
    elif isinstance(node, Each):
        _require_flat(node.item, f"{path}[]", levels - 1)
