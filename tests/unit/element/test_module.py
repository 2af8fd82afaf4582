"""The elements' modules as files: small, translated, and never a way for markup."""

import gzip
import json
import re
from importlib import resources
from pathlib import Path

import pytest

from saleor_xcover_plugin.domain.tickets import Policyholder
from saleor_xcover_plugin.element import FOLDER, MODULES
from saleor_xcover_plugin.errors import SENTENCES, Code

PACKED_BYTES = {"element.js": 9_000, "policy.js": 6_000}
"""As a server sends them: gzip."""
NO_PROTECTION = SENTENCES[Code.NO_TICKETS].shopper
# Told by their own means: the cover of an order is the other element's, and waiting is no refusing.
ELSEWHERE = {Code.ORDER_NOT_FOUND, Code.OFFER_PENDING}

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "storefront" / "src"
BUILT = resources.files("saleor_xcover_plugin").joinpath(FOLDER)
LOCALES = {
    path.stem: json.loads(path.read_text()) for path in sorted((SOURCES / "locales").glob("*.json"))
}
OTHERS = sorted(set(LOCALES) - {"en"})


def built(name: str) -> str:
    return BUILT.joinpath(name).read_text()


def built_locales() -> dict[str, str]:
    return {file.name: file.read_text() for file in BUILT.joinpath("locales").iterdir()}


def pattern(name: str) -> re.Pattern[str]:
    source = (SOURCES / "offer" / "codes.ts").read_text()
    (found,) = re.findall(rf"^export const {name} = /(.*)/;$", source, re.MULTILINE)
    return re.compile(found)


def codes_of(name: str) -> set[Code]:
    return {code for code in Code if pattern(name).search(code.value)}


@pytest.mark.parametrize("name", MODULES)
def test_it_is_small(name):
    assert len(gzip.compress(built(name).encode(), mtime=0)) < PACKED_BYTES[name]


def test_each_language_is_a_file_that_both_elements_know_by_its_content():
    files = built_locales()

    assert sorted(name[:2] for name in files) == OTHERS
    for name in files:
        assert all(f'"{name}"' in built(module) for module in MODULES)
    for name, text in files.items():
        told = json.loads(text.removeprefix("export default ").removesuffix(";\n"))
        assert told == LOCALES[name[:2]]


@pytest.mark.parametrize("language", LOCALES)
def test_whatever_a_policyholder_may_lack_has_a_name(language):
    nobody = Policyholder(first_name="", last_name="", email="", phone="", country="")

    assert set(nobody.missing_fields()) <= LOCALES[language]["offer"]["fields"].keys()


@pytest.mark.parametrize("code", sorted(set(Code) - ELSEWHERE))
@pytest.mark.parametrize("language", OTHERS)
def test_every_code_means_its_own_sentence_in_other_languages(language, code):
    means_only_no_protection = SENTENCES[code].shopper == NO_PROTECTION

    is_told = code.value in LOCALES[language]["offer"]["errors"]

    assert is_told != means_only_no_protection


def test_english_has_no_sentence_that_hides_one_of_the_plugins():
    told = LOCALES["en"]["offer"]["errors"].keys()

    # Which details are missing is named, which the plugin's sentence leaves to the page.
    assert told & set(Code) == {Code.POLICYHOLDER_INCOMPLETE}


def test_codes_are_of_the_kind_they_should_be():
    assert codes_of("CHANGED") == {
        Code.CHECK_FAILED,
        Code.OFFER_STALE,
        Code.OFFER_EXPIRED,
        Code.TERMS_CHANGED,
        Code.QUOTE_NOT_OFFERED,
        Code.QUOTE_DISABLED,
        Code.TOO_MANY_CHOSEN,
        Code.TOO_FEW_CHOSEN,
        Code.POLICYHOLDER_COUNTRY_DIFFERS,
        Code.COVER_CHANGED,
    }
    assert codes_of("FAILED") == {
        Code.CHECKOUT_NOT_FOUND,
        Code.CHECKOUT_IN_OTHER_CHANNEL,
        Code.XCOVER_UNAVAILABLE,
        Code.BAD_REQUEST,
        Code.INTERNAL,
    }
    assert codes_of("WAITING") == {Code.OFFER_PENDING, Code.TOO_MANY_REQUESTS}
    # The shopper completes something, or says no.
    assert codes_of("ANSWERABLE") == {
        Code.POLICYHOLDER_INCOMPLETE,
        Code.INSURED_INCOMPLETE,
        Code.COUNTRY_MISSING,
    }


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(
    "way", ["innerHTML", "outerHTML", "insertAdjacent", "eval(", "document.write", "new Function"]
)
def test_no_text_becomes_markup(name, way):
    assert way not in built(name)


@pytest.mark.parametrize("name", MODULES)
def test_it_depends_on_nothing_but_the_texts_of_a_language(name):
    assert "require(" not in built(name)
    assert not re.search(r"(^|[;}])import[ {*\"]", built(name))
    assert len(re.findall(r"\bimport\(", built(name))) == 1
