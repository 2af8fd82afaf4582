"""Links that open a policy without a login are shown to nobody; those to the wording are."""

import pytest

from saleor_xcover_plugin.xcover.links import without_token

UUID = "2c3f0d9e-8c1b-4f6a-9a7e-0d1c2b3a4f5e"


@pytest.mark.parametrize(
    "link",
    [
        "https://www.xcover.com/en/pds/AB1CD-EF2GH-INS",
        "https://www.xcover.com/en/pds/AB1CD-EF2GH-INS?policy_type=event_ticket_protection_v1",
        f"https://www.xcover.com/en/pds/{UUID}?policy_type=x_v1&quote_id={UUID}",
        "https://www.xcover.com/en-us/pds/AB1CD-EF2GH-INS",
        "https://www.xcover.com/documents/event-ticket_protection.pdf",
    ],
)
def test_a_link_to_the_wording_is_shown(link: str) -> None:
    assert without_token(link) == link


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        "https://www.xcover.com/en/coi/AB1CD-EF2GH-INS?security_token=AAAAA-BBBBB-CCCCC-DDDDD",
        f"https://www.xcover.com/en/account?id={UUID}&signup_token=AAAAA-BBBBB-CCCCC-DDDDD",
        "https://www.xcover.com/en/pds/AB1CD-EF2GH-INS?policy_type=AAAAA-BBBBB-CCCCC-DDDDD",
        "https://www.xcover.com/en/pds/AB1CD-EF2GH-INS?quote_id=AAAAA-BBBBB-CCCCC-DDDDD",
        "https://www.xcover.com/en/pds/AB1CD-EF2GH-INS?later=1",
        "https://www.xcover.com/en/pds/AB1CD-EF2GH-INS?policy_type",
        "https://www.xcover.com/en/pds/AB1CD-EF2GH-INS#AAAAA-BBBBB-CCCCC-DDDDD",
        "https://www.xcover.com/AAAAA-BBBBB-CCCCC-DDDDD/pds",
        "https://www.xcover.com/en/coi/AB1CD-EF2GH-INS",
        f"https://www.xcover.com/en/account/{UUID}",
        "https://www.xcover.com/t/9f86d081884c7d659a2feaa0c55ad015",
        "https://www.xcover.com/en/pds/AB1CD-EF2GH-INS/AAAAABBBBBCCCCCDDDDD",
        "https://www.xcover.com/en/pds/AB1CD-EF2GH-INS;AAAAA",
        "https://www.xcover.com/en/pds/AB1CD%2DEF2GH-INS",
        "https://ana:secret@www.xcover.com/en/pds/AB1CD-EF2GH-INS",
        "https://[::1",
    ],
)
def test_a_link_that_may_hold_a_token_is_not(link: str | None) -> None:
    assert without_token(link) is None
