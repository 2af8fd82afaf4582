"""What the nightly comparison found, as staff read it."""

from decimal import Decimal

from saleor_xcover_plugin.domain.money import Money
from saleor_xcover_plugin.domain.reconciliation import (
    SENTENCES,
    STATUS,
    WORK,
    Finding,
    FindingCode,
)


def finding(code: FindingCode, **said: str) -> Finding:
    return Finding(code, "1001", Decimal("6.66"), "USD", WORK, **said)


def test_every_code_has_a_sentence():
    assert set(SENTENCES) == set(FindingCode)
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


def test_only_what_is_due_back_is_no_defect():
    information = {code for code in FindingCode if code.is_information}

    assert information == {FindingCode.AMOUNT_DUE_BACK}


def test_a_finding_is_said_with_its_sum_and_what_xcover_says():
    unknown = finding(FindingCode.UNKNOWN_AT_XCOVER)
    differs = finding(FindingCode.BOOKING_DIFFERS, detail="The premium is 7.00 USD.")

    assert unknown.sentence == "XCover does not know the policy this order was given."
    assert differs.sentence == (
        "XCover's booking is not what the buyer agreed to. The premium is 7.00 USD."
    )
    assert differs.money == Money(Decimal("6.66"), "USD")


def test_the_commands_that_mend_are_those_there_are():
    assert (WORK, STATUS) == ("python manage.py xcover_work", "python manage.py xcover_status")
