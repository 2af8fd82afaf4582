"""What people write for a country, and what they are told to write instead."""

import pytest

from saleor_xcover_plugin.domain.countries import ISO_3166, hint_for


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("UK", "GB"), ("EN", "GB"), ("EL", "GR"), ("SW", "SE"), ("JA", "JP"), ("DA", "DK")),
        *(("CS", "CZ"), ("USA", "US"), ("GBR", "GB"), ("DEU", "DE"), ("FRA", "FR"), ("ESP", "ES")),
        *(("ITA", "IT"), ("NLD", "NL"), ("AUS", "AU"), ("CAN", "CA"), ("uk", "GB")),
    ],
)
def test_a_code_taken_for_a_countrys_names_the_right_one(written, meant):
    assert meant in ISO_3166
    assert written.upper() not in ISO_3166
    assert hint_for(written) == f"write {meant}"


def test_anything_else_is_told_what_a_code_looks_like():
    told = "write the two letters of ISO 3166-1, such as DE, GB or US"

    assert hint_for("Germany") == hint_for("") == told
