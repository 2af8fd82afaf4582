"""A cursor is a row's key, and nothing else is a cursor."""

import base64

import pytest

from saleor_xcover_plugin.graphql.cursors import cursor_of, key_of


@pytest.mark.parametrize("key", [1, 42, 2**63 - 1])
def test_a_cursor_names_its_row(key):
    assert key_of(cursor_of(key)) == key
    assert str(key) not in cursor_of(key)


@pytest.mark.parametrize(
    "text", ["cover:", "cover:x", "cover:-1", "cover:²", f"cover:{2**63}", "order:1", "1", ""]
)
def test_what_was_not_given_out_is_no_cursor(text):
    assert key_of(base64.b64encode(text.encode()).decode()) is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "²", "\ud800", "Y292ZXI6MQ", "A" * 10_000, "/w=="]
)
def test_rubbish_is_no_cursor(cursor):
    assert key_of(cursor) is None
