"""The element's module as a file: small, translated, and never a way for markup."""

import gzip
import re
from importlib import resources

import pytest

from saleor_xcover_plugin.domain.tickets import Policyholder
from saleor_xcover_plugin.element import MODULE
from saleor_xcover_plugin.errors import SENTENCES, Code

PACKED_BYTES = 9_000
"""As a server sends it: gzip."""
NO_PROTECTION = SENTENCES[Code.NO_TICKETS].shopper
# Told by their own means: the cover of an order is not the element's, waiting is not refusing, and
# an answer too many, or to a busy store, did not get through.
ELSEWHERE = {Code.ORDER_NOT_FOUND, Code.OFFER_PENDING, Code.TOO_MANY_REQUESTS, Code.BUSY}

SOURCE = resources.files("saleor_xcover_plugin").joinpath(MODULE).read_text()
ROWS = {
    name: re.findall(r'"([^"]*)"', texts)
    for name, texts in re.findall(r"^\t(\w+): \[(.*)\],$", SOURCE, re.MULTILINE)
}


def pattern(name: str) -> re.Pattern[str]:
    (found,) = re.findall(rf"^const {name} = /(.*)/;$", SOURCE, re.MULTILINE)
    return re.compile(found)


CHANGED, FAILED = pattern("CHANGED"), pattern("FAILED")


def codes_of(kind: re.Pattern[str]) -> set[Code]:
    return {code for code in Code if kind.search(code.value)}


def test_it_is_small():
    assert len(gzip.compress(SOURCE.encode(), mtime=0)) < PACKED_BYTES


def test_every_sentence_is_there_in_every_language():
    assert len(ROWS) > 15
    assert {name: len(texts) for name, texts in ROWS.items()} == dict.fromkeys(ROWS, 4)
    untranslated = {name for name, texts in ROWS.items() if not all(texts[1:])}
    assert untranslated == set()
    # What has no English here gets it from the plugin.
    assert {name for name, texts in ROWS.items() if not texts[0]} <= {code.value for code in Code}


def test_whatever_a_policyholder_may_lack_has_a_name():
    nobody = Policyholder(first_name="", last_name="", email="", phone="", country="")

    assert set(nobody.missing_fields()) <= ROWS.keys()


@pytest.mark.parametrize("code", sorted(set(Code) - ELSEWHERE))
def test_every_code_means_its_own_sentence_in_other_languages(code):
    means_only_no_protection = SENTENCES[code].shopper == NO_PROTECTION

    has_row = code.value in ROWS or code in codes_of(CHANGED) | codes_of(FAILED)

    assert has_row or means_only_no_protection


def test_codes_are_of_the_kind_they_should_be():
    assert codes_of(CHANGED) == {
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
        Code.CHECK_FAILED,
    }
    assert codes_of(FAILED) == {
        Code.CHECKOUT_NOT_FOUND,
        Code.CHECKOUT_IN_OTHER_CHANNEL,
        Code.XCOVER_UNAVAILABLE,
        Code.BAD_REQUEST,
        Code.INTERNAL,
    }


@pytest.mark.parametrize(
    "way", ["innerHTML", "outerHTML", "insertAdjacent", "eval(", "document.write"]
)
def test_no_text_becomes_markup(way):
    assert way not in SOURCE


@pytest.mark.parametrize("token", ["import ", "import(", "require("])
def test_it_depends_on_nothing(token):
    assert token not in SOURCE
