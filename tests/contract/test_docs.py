"""The documentation says what the code does."""

from pathlib import Path

from saleor_xcover_plugin.errors import SENTENCES, Code

ROOT = Path(__file__).resolve().parents[2]


def errors_page() -> str:
    rows = "\n".join(
        f"| `{code.value}` | {SENTENCES[code].shopper} | {SENTENCES[code].staff} |" for code in Code
    )
    return (
        "# Codes of the storefront contract\n\n"
        "Generated from `saleor_xcover_plugin/errors.py` by `pytest --update-golden`.\n"
        "Translate by code; the sentence is English. The plugin's GraphQL spells codes in upper\n"
        "case (`InsuranceErrorCode`), the element's events, metadata and logs as they stand here.\n"
        "\n"
        "| code | sentence for the shopper | for staff |\n| --- | --- | --- |\n" + rows + "\n"
    )


def test_every_code_has_both_sentences():
    assert set(SENTENCES) == set(Code)


def test_the_page_of_codes_is_current(request):
    path = ROOT / "docs" / "errors.md"
    if request.config.getoption("--update-golden"):
        path.write_text(errors_page())

    assert path.read_text() == errors_page()
