"""The exported schema is the one served, and every document we print or send fits it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit.printed_schema import described

ROOT = Path(__file__).resolve().parents[2]
EXPORT = ROOT / "docs" / "schema.graphql"


def printed_documents() -> list[tuple[str, str]]:
    """Return every operation in the documentation that is for our own endpoint."""
    found = []
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for block in re.findall(r"```graphql\n(.*?)```", page.read_text(), re.DOTALL):
            # A block may hold several; each is sent by itself.
            operations = re.split(r"^(?=query|mutation)", block, flags=re.MULTILINE)
            found += [(page.name, text) for text in operations if text.strip()]
    return found


def element_documents() -> list[tuple[str, str]]:
    """Return what the elements send, put together as they do."""
    sources = ROOT / "storefront" / "src"
    offer = (sources / "offer" / "api.ts").read_text()
    policy = (sources / "policy" / "api.ts").read_text()
    (fields,) = re.findall(r"const FIELDS = `(.*?)`", offer, re.DOTALL)
    (cover_fields,) = re.findall(r"const COVER_FIELDS = `(.*?)`", policy, re.DOTALL)
    given = {
        "query { insuranceOffer": 'checkoutId: "x"',
        "mutation { insuranceOfferRequest": 'checkoutId: "x"',
        "mutation { insuranceAccept": 'checkoutId: "x", quoteIds: ["y"], contentHash: "z", '
        'page: "0.1", turn: 7',
        "mutation { insuranceDecline": 'checkoutId: "x", page: "0.1", turn: 7',
    }
    documents = [("element.js", f"{name}({args}) {fields} }}") for name, args in given.items()]
    asked = f'query {{ insuranceCover(orderToken: "x") {cover_fields} }}'
    return [*documents, ("policy.js", asked)]


def test_the_exported_schema_is_the_one_served(request: pytest.FixtureRequest) -> None:
    from saleor_xcover_plugin.graphql.schema import schema

    served = described(schema)
    if request.config.getoption("--record"):
        EXPORT.write_text(served)

    assert EXPORT.read_text() == served, (
        "pytest -c tests/flows/pytest.ini --rootdir=. tests/flows/test_schema.py --record"
    )


def _described(schema: Any) -> Iterator[tuple[str, str | None]]:
    """Yield everything in a schema that may have a description, with its description."""
    for name, kind in schema.get_type_map().items():
        if name.startswith("__"):
            continue
        yield name, kind.description
        for value in kind.get_values() if hasattr(kind, "get_values") else ():
            yield f"{name}.{value.name}", value.description
        for field_name, field in getattr(kind, "fields", {}).items():
            yield f"{name}.{field_name}", field.description
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{name}.{field_name}({argument_name})", argument.description


def test_everything_in_the_schema_says_what_it_is() -> None:
    from saleor_xcover_plugin.graphql.schema import schema

    texts = dict(_described(schema))
    assert {"Query", "InsuranceClaim.OPEN", "Mutation.insuranceKeepPolicy(id)"} <= set(texts)
    assert [name for name, text in texts.items() if not text or len(text) < 10] == []
    # and no name is its own description
    assert [name for name, text in texts.items() if _bare(name.split(".")[-1]) == _bare(text)] == []
    # and the export holds each
    printed = EXPORT.read_text()
    assert [name for name, text in texts.items() if _is_lost(name, text, printed)] == []


def _bare(text: str | None) -> str:
    return re.sub(r"\W", "", text or "").lower()


def _is_lost(name: str, text: str | None, printed: str) -> bool:
    is_built_in = name in ("String", "ID", "Boolean", "Int", "Float")
    return not is_built_in and f'"""{" ".join((text or "").split())}"""' not in printed


@pytest.mark.parametrize(
    ("name", "page", "section"),
    [
        ("InsuranceReasonCode", "operations.md", "## Parked work\n"),
        ("InsuranceDecisionCode", "cancellations.md", "## Refused decisions\n"),
    ],
)
def test_every_code_for_staff_has_its_row_in_the_page_that_says_what_to_do(
    request: pytest.FixtureRequest, name: str, page: str, section: str
) -> None:
    from saleor_xcover_plugin.graphql.schema import schema

    path = ROOT / "docs" / page
    before, table, after = _around_table(path.read_text(), section)
    values = schema.get_type(name).get_values()
    if request.config.getoption("--record"):
        table = _with_sentences(table, values)
        path.write_text(before + table + after)

    assert page in schema.get_type(name).description
    assert set(re.findall(r"^\| `(\w+)` ", table, re.MULTILINE)) == {v.value for v in values}
    for value in values:
        (row,) = re.findall(rf"^\| `{value.value}` \| (.*?) \| (.*) \|$", table, re.MULTILINE)
        assert row[0] == value.description, "run this file with --record"
        assert len(row[1]) > 3, f"{value.value}: nothing says what to do"


def _around_table(text: str, section: str) -> tuple[str, str, str]:
    """Return a page up to the first table of a section, the table, and what follows it."""
    begin = text.index("\n| ", text.index(section)) + 1
    end = text.index("\n\n", begin) + 1
    return text[:begin], text[begin:end], text[end:]


def _with_sentences(table: str, values: Any) -> str:
    """Return a table whose rows say what each value means as the schema does."""
    for value in values:
        row = re.compile(rf"^\| `{value.value}` \| .*? \| ", re.MULTILINE)
        begin = f"| `{value.value}` | {value.description} | "
        table = row.sub(lambda _, begin=begin: begin, table)
    return table


def test_every_printed_document_fits_the_schema_and_the_limits() -> None:
    from graphql import parse, validate

    from saleor_xcover_plugin.graphql.schema import schema
    from saleor_xcover_plugin.graphql.view import check_limits

    documents = printed_documents() + element_documents()
    assert len(documents) >= 11
    for place, text in documents:
        document = parse(text)
        assert [f"{place}: {error}" for error in validate(schema, document)] == []
        check_limits(document)
