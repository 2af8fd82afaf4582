"""Whatever a template and a store say: a payload of the right types, or the named refusal."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

from jsonschema import Draft202012Validator

from saleor_xcover_plugin.payload.documents import TemplateError
from saleor_xcover_plugin.payload.formats import DEFAULT
from saleor_xcover_plugin.payload.names import Kind
from saleor_xcover_plugin.payload.nodes import Constant, Each, Fields, From, Items, Node
from saleor_xcover_plugin.payload.template import PayloadIncomplete, Template, parse
from saleor_xcover_plugin.xcover.payloads import encode
from tests.deep.counts import count, seed

from .generated import Sales, Templates, marker

COUNT, SEED = count("payload templates"), seed("payload templates")

TYPES: dict[tuple[Kind, str], str] = {
    (Kind.TEXT, "text"): "string",
    (Kind.TEXT, "upper"): "string",
    (Kind.TEXT, "lower"): "string",
    (Kind.TEXT, "number"): "number",
    (Kind.TEXT, "whole"): "integer",
    (Kind.TEXT, "flag"): "boolean",
    (Kind.AMOUNT, "number"): "number",
    (Kind.AMOUNT, "text"): "string",
    (Kind.AMOUNT, "minor_units"): "integer",
    (Kind.WHOLE, "number"): "integer",
    (Kind.WHOLE, "text"): "string",
    (Kind.FLAG, "flag"): "boolean",
    (Kind.FLAG, "text"): "string",
    (Kind.FLAG, "yes_no"): "string",
    (Kind.FLAG, "number"): "integer",
    (Kind.MOMENT, "datetime"): "string",
    (Kind.MOMENT, "datetime_utc"): "string",
    (Kind.MOMENT, "datetime_local"): "string",
    (Kind.MOMENT, "date"): "string",
    (Kind.MOMENT, "time"): "string",
    (Kind.MOMENT, "unix"): "integer",
}
"""What each format is sent as, written down here and not where it is made."""


def schema_of(node: Node) -> dict[str, Any]:
    """Return the JSON Schema of what a node may send, from the words of the template alone."""
    if isinstance(node, Constant):
        return {"const": plain(node.value)}
    if isinstance(node, Each):
        return {"type": "array", "items": schema_of(node.item)}
    if isinstance(node, Items):
        kinds = [schema_of(item) for item in node.items]
        return {"type": "array", "maxItems": len(kinds), "items": {"anyOf": [*kinds, False]}}
    if isinstance(node, Fields):
        return {
            "type": "object",
            "properties": {name: schema_of(child) for name, child in node.fields.items()},
            "required": [name for name, child in node.fields.items() if is_always_there(child)],
            "additionalProperties": False,
        }
    return of_value(node)


def of_value(node: From) -> dict[str, Any]:
    if node.map is not None:
        kinds: list[Any] = [{"const": plain(value)} for value in node.map.values()]
    else:
        kinds = [{"type": TYPES[node.name.kind, node.format or DEFAULT[node.name.kind]]}]
    if node.has_default:
        kinds.append({"const": plain(node.default)})
    return {"anyOf": kinds}


def is_always_there(node: Node) -> bool:
    return node.when is None and not (isinstance(node, From) and node.omit_if_missing)


def plain(value: Any) -> Any:
    return json.loads(encode(value))


def test_a_payload_has_the_types_its_template_says_or_there_is_none() -> None:
    dice = Random(SEED)  # noqa: S311 (nothing is secret here)
    templates, sales = Templates(dice), Sales(dice)
    seen: Counter[str] = Counter()
    for _ in range(COUNT):
        text = templates.text()
        try:
            template = parse.__wrapped__(text)
        except TemplateError:
            seen["refused"] += 1
            continue
        seen[sent_right(template, sales)] += 1
        only_what_is_named(template, sales)
    print(f"{COUNT} templates of seed {SEED}: {dict(sorted(seen.items()))}")
    assert set(seen) == {"refused", "incomplete", "sent"}


def sent_right(template: Template, sales: Sales) -> str:
    """Require the right types of an odd sale's payload; return what became of it."""
    sale = sales.odd()
    try:
        persons = template.insured_persons(sale)
    except PayloadIncomplete:
        persons = None
    if persons is not None:
        assert template.insured is not None
        require(schema_of(template.insured), persons)
    try:
        payload = template.payload(sale)
    except PayloadIncomplete as incomplete:
        return "incomplete" if incomplete.missing[0].why else "refused without a word"
    require(schema_of(template.context), payload.context)
    require(schema_of(template.customer), payload.customer)
    require(schema_of(template.partner), payload.partner)
    assert {"language", "currency", "country"} <= payload.customer.keys()
    return "sent"


def require(schema: Any, value: Any) -> None:
    errors = list(Draft202012Validator(schema).iter_errors(plain(value)))
    assert errors == []


def only_what_is_named(template: Template, sales: Sales) -> None:
    """Require that no text is sent but those of the names in the template."""
    sale = sales.marked()
    parts = [filled.value for filled in template.fill(sale).values()]
    sent = encode(parts).decode()
    for line in sale.basket.tickets:
        for name in line.facts.values:
            as_ticket = name.replace("line.metadata.", "ticket.metadata.")
            if not {name, as_ticket} & template.names:
                assert json.dumps(marker(name), ensure_ascii=False)[1:-1] not in sent
    for name in ("first_name", "email", "phone", "street"):
        if f"buyer.{name}" not in template.names:
            assert marker(f"buyer.{name}") not in sent
