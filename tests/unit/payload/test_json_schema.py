"""A partner's JSON Schema is checked where the package for it is installed, and told where not."""

from itertools import pairwise
from typing import Any

import pytest

from saleor_xcover_plugin.payload import json_schema
from saleor_xcover_plugin.payload.documents import TemplateError
from saleor_xcover_plugin.payload.json_schema import read_schema, violations

CONTEXT = {
    "type": "object",
    "properties": {"event_name": {"type": "string", "pattern": "^[A-Z]"}, "count": {}},
    "required": ["event_name"],
    "additionalProperties": False,
}


def broken(schema: Any, context: Any) -> list[tuple[str, str, bool]]:
    found = violations(schema, {"context": context, "customer": {}, "partner": {}})
    return [(each.path, each.rule, each.is_structural) for each in found]


def test_a_schema_is_about_the_context_or_the_whole_body() -> None:
    whole = {"type": "object", "properties": {"context": CONTEXT}}

    assert broken(CONTEXT, {"event_name": "Concert"}) == []
    assert broken(CONTEXT, {"count": 1}) == [("context", "required", True)]
    assert broken(whole, {"count": 1}) == [("context", "required", True)]
    assert broken(CONTEXT, {"event_name": 7}) == [("context.event_name", "type", True)]
    assert broken(CONTEXT, {"event_name": "X", "who": 1}) == [
        ("context", "additionalProperties", True)
    ]


def test_a_rule_about_values_is_told_apart() -> None:
    assert broken(CONTEXT, {"event_name": "concert"}) == [("context.event_name", "pattern", False)]


def test_nothing_is_fetched_for_a_schema() -> None:
    (violation,) = violations({"$ref": "http://127.0.0.1:9/x"}, {"context": {}})

    assert violation.why.startswith("the schema cannot be used")


def test_whoever_waits_for_a_check_does_not_wait_for_a_pattern() -> None:
    """This pattern takes longer with each letter: seconds for 26, years for 60."""
    schema = {"properties": {"n": {"type": "string", "pattern": "^(a+)+$"}}, "required": ["m"]}
    payload = {"context": {"n": "a" * 60 + "!"}}

    (only,) = violations(schema, payload, only_structure=True)

    assert only.rule == "required"


def test_a_schema_of_endless_alternatives_cannot_be_used() -> None:
    names = [f"a{n}" for n in range(40)]
    definitions: dict[str, Any] = {
        name: {"allOf": [{"$ref": f"#/$defs/{after}"}] * 2} for name, after in pairwise(names)
    }
    schema = {"$defs": {**definitions, names[-1]: {}}, "$ref": "#/$defs/a0"}

    (violation,) = violations(schema, {"context": {}})

    assert violation.why.startswith("the schema cannot be used")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "this is no JSON"),
        ("[" * 100_000, "this is no JSON"),
        ("[]", "a JSON Schema is an object"),
        ('{"type": "nothing"}', "type: this is no valid JSON Schema"),
        ('{"minimum": 1e99999999999999999999}', "this is no JSON"),
    ],
)
def test_what_is_no_schema_is_refused(text: str, why: str) -> None:
    with pytest.raises(TemplateError) as error:
        read_schema(text)

    assert str(error.value) == why


def test_without_the_package_nothing_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schema, "find_spec", lambda _: None)

    assert not json_schema.is_available()
    assert read_schema('{"type": "nothing"}') == {"type": "nothing"}
    assert broken(CONTEXT, {"count": 1}) == []
