"""Country codes, and hints for codes that are often written instead."""

from __future__ import annotations

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""

ISO_3166 = frozenset(_CODES.split())
"""The alpha-2 codes of ISO 3166-1 (https://www.iso.org/obp/ui/#search/code/)."""

_MEANT = {
    "UK": "GB",
    "EN": "GB",
    "EL": "GR",
    "SW": "SE",
    "JA": "JP",
    "DA": "DK",
    "CS": "CZ",
    "USA": "US",
    "GBR": "GB",
    "DEU": "DE",
    "FRA": "FR",
    "ESP": "ES",
    "ITA": "IT",
    "NLD": "NL",
    "AUS": "AU",
    "CAN": "CA",
}
"""Country codes by other codes that are mistaken for them."""


def hint_for(code: str) -> str:
    """Return a hint for staff on what to write instead of a code that names no country."""
    meant = _MEANT.get(code.upper())
    if meant:
        return f"write {meant}"
    return "write the two letters of ISO 3166-1, such as DE, GB or US"
