"""Whether a database is where it belongs."""

import pytest

from saleor_xcover_plugin.domain.instance import Binding, compare, first_name


@pytest.mark.parametrize(
    ("candidates", "name"),
    [
        ((None, None, None), ""),
        (("", " ", None), ""),
        (("production", "ignored"), "production"),
        ((None, " Production ", "https://x.example"), "production"),
        ((None, None, "https://Shop.Example/"), "https://shop.example"),
        (("SHOP-X/",), "shop-x"),
        (("x" * 300,), "x" * 200),
    ],
)
def test_the_first_name_counts_and_its_spelling_does_not(candidates, name) -> None:
    assert first_name(candidates) == name


@pytest.mark.parametrize(
    ("bound_to", "here", "expected"),
    [
        ("", "", Binding.UNNAMED),
        ("production", "", Binding.UNNAMED),
        ("", "production", Binding.UNBOUND),
        ("production", "production", Binding.AT_HOME),
        ("production", "staging", Binding.ELSEWHERE),
    ],
)
def test_only_another_name_is_another_store(bound_to, here, expected) -> None:
    assert compare(bound_to, here) == expected


def test_a_status_for_machines_says_it_in_these_words() -> None:
    assert [standing.value for standing in Binding] == [
        *("unnamed", "unbound", "at_home", "elsewhere"),
    ]
