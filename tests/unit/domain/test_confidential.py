"""Values about people are used like any others and look like their size wherever they show."""

from collections.abc import Hashable, Mapping

import pytest

from saleor_xcover_plugin.domain.confidential import ConfidentialBytes, ConfidentialRow

EMAIL = "ada@example.com"
COLUMNS = {"email": EMAIL, "tags": ["vip"], "phone": None}


def row(**changes: object) -> ConfidentialRow:
    return ConfidentialRow((COLUMNS | changes).items())


def test_a_body_shows_how_long_it_is_and_nothing_of_it() -> None:
    body = ConfidentialBytes(EMAIL.encode())

    assert (repr(body), str(body), f"{body}") == ("<15 bytes>",) * 3
    assert f"{[body]}" == "[<15 bytes>]"


def test_a_body_is_sent_as_the_bytes_it_is() -> None:
    body = ConfidentialBytes(EMAIL.encode())

    assert body == b"ada@example.com"
    assert body.decode() == EMAIL


def test_a_row_shows_how_many_columns_it_has_and_none_of_them() -> None:
    assert (repr(row()), str(row()), f"{row()}") == ("<row of 3 columns>",) * 3
    assert repr(ConfidentialRow()) == "<row of 0 columns>"


def test_a_row_is_no_mapping_that_a_tracker_would_walk_through() -> None:
    assert not isinstance(row(), Mapping)
    assert not hasattr(row(), "__dict__")


def test_a_column_is_read_by_its_name() -> None:
    assert (row()["email"], row()["phone"]) == (EMAIL, None)
    with pytest.raises(KeyError):
        row()["street"]


def test_a_column_there_is_not_is_what_the_reader_says() -> None:
    assert row().get("email", "none") == EMAIL
    assert row().get("phone", "none") is None
    assert row().get("street", "none") == "none"
    assert row().get("street") is None


def test_a_row_becomes_a_dict() -> None:
    assert dict(**row()) == COLUMNS
    assert list(row().keys()) == ["email", "tags", "phone"]


def test_a_row_is_equal_to_what_holds_the_same() -> None:
    assert row() == row()
    assert row() == COLUMNS
    assert row() != row(email="bob@example.com")
    assert row() != COLUMNS | {"email": "bob@example.com"}


def test_a_row_is_no_key_since_its_values_may_be_lists() -> None:
    assert not isinstance(row(), Hashable)
