"""A text people typed holds only what they see."""

import pytest

from saleor_xcover_plugin.domain.typed_text import is_typed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada King-Noel",
        "Zo\u00eb O\u2019Neil",
        "Jose\u0301",  # an accent of its own
        "\u674e\u5c0f\u9f99",
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",  # with a joiner
        "Ada\u00a0Lovelace",
        "#1042/B",
        "\U0001f3ab",
    ],
)
def test_what_people_type(text):
    assert is_typed(text)


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\t",
        "\n",
        "\x1b",
        "\x7f",
        "\x85",
        "\xad",
        "\u061c",
        "\u200b",
        "\u200e",
        "\u200f",
        "\u2028",
        "\u2029",
        "\u202a",
        "\u202e",
        "\u2060",
        "\u2066",
        "\u2069",
        "\ud800",
        "\ufeff",
        "\U000e0041",
    ],
)
def test_what_nobody_sees(character):
    assert not is_typed(character)
    assert not is_typed(f"Ada{character}Lovelace")
