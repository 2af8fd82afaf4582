"""A template is a small JSON or YAML text, and nothing in it grows, runs or surprises."""

from decimal import Decimal

import pytest

from saleor_xcover_plugin.payload.documents import TemplateError, read_document


def refusal(text: str) -> str:
    with pytest.raises(TemplateError) as error:
        read_document(text)
    return str(error.value)


def test_yaml_and_json_are_read_alike() -> None:
    yaml = "a: {from: event.name}\nb: [1, 2.50, true, null, 'x']\n"
    json = '{"a": {"from": "event.name"}, "b": [1, 2.50, true, null, "x"]}'

    assert read_document(yaml) == read_document(json)
    assert read_document(yaml)["b"] == [1, Decimal("2.50"), True, None, "x"]


@pytest.mark.parametrize(
    "word", ["NO", "yes", "on", "2027-03-05", "12:30", "0x1F", "007", "1_000", "1e3", ".inf", "="]
)
def test_words_that_yaml_1_1_would_change_are_texts(word: str) -> None:
    assert read_document(f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &x 1\nb: *x", "line 1: anchors and aliases are not read"),
        ("a: !!python/object/apply:os.system ['true']", "line 1: tags are not read"),
        ("a: !!str 1", "line 1: tags are not read"),
        ("<<: {a: 1}\nb: 2\n<<: {c: 3}", "<<: this field is named twice"),
        ("a: 1\na: 2", "a: this field is named twice"),
        ('{"a": 1, "a": 2}', "a: this field is named twice"),
        ("1: a", "line 1: a name of a field is a text"),
        ("a: [1", "line 1: this is no YAML"),
        ('{"a": }', "line 1: this is no JSON"),
        ("a: 1\n---\nb: 2", "line 2: this is no YAML"),
        ('{"a": NaN}', "a: a number has at most 15 digits"),
        ('{"a": 1e400}', "a: a number has at most 15 digits"),
        ('{"a": 1e-400}', "a: a number has at most 15 digits"),
        ("a: " + "1" * 5_000, "this is no YAML"),
        ('a: "\\UFFFFFFFF"', "this is no YAML"),
        ("a: 1234567890123456", "a: a number has at most 15 digits"),
        ('{"a": "\\ud800"}', "a: it holds a character that cannot be sent"),
        ('{"\\u0000": 1}', "it holds a character that cannot be sent"),
        ("a: " + "x" * 65_536, "it is longer than 64 kB"),
        ("[" * 30_000, "it has more than 36 levels"),
        ("a: " + "[" * 30_000, "it has more than 36 levels"),
        ("- " * 30_000, "it has more than 36 levels"),
        ('{"a":' * 10_000, "it has more than 36 levels"),
        ("[" * 40 + "]" * 40, "it has more than 36 levels"),
    ],
)
def test_what_could_grow_run_or_surprise_is_refused(text: str, why: str) -> None:
    assert refusal(text) == why
