"""The exported schema is the one served, and every document we print or send fits it."""

import re
from importlib import resources
from pathlib import Path

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
    """Return what the element sends, put together as it does."""
    from saleor_xcover_plugin.element import MODULE

    source = resources.files("saleor_xcover_plugin").joinpath(MODULE).read_text()
    (fields,) = re.findall(r"const FIELDS = `(.*?)`", source, re.DOTALL)
    given = {
        "query { insuranceOffer": 'checkoutId: "x"',
        "mutation { insuranceOfferRequest": 'checkoutId: "x"',
        "mutation { insuranceAccept": 'checkoutId: "x", quoteIds: ["y"], contentHash: "z"',
        "mutation { insuranceDecline": 'checkoutId: "x"',
    }
    return [("element.js", f"{name}({args}) {fields} }}") for name, args in given.items()]


def test_the_exported_schema_is_the_one_served(request: pytest.FixtureRequest) -> None:
    from saleor_xcover_plugin.graphql.schema import schema

    served = described(schema)
    if request.config.getoption("--record"):
        EXPORT.write_text(served)

    assert EXPORT.read_text() == served, (
        "pytest -c tests/flows/pytest.ini --rootdir=. tests/flows/test_schema.py --record"
    )


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
