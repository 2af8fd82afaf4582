"""Every closed list of the API holds what its table holds, in upper case on the wire."""

from typing import Any

import pytest

from saleor_xcover_plugin.domain.alarms import AlarmCode
from saleor_xcover_plugin.domain.cancellations import RULE_SENTENCES, ClaimState
from saleor_xcover_plugin.domain.cases import CaseKind
from saleor_xcover_plugin.domain.messages import MessageKind
from saleor_xcover_plugin.domain.product_rules import Choice
from saleor_xcover_plugin.domain.reasons import ReasonCode
from saleor_xcover_plugin.domain.states import (
    CancellationStatus,
    CoverStatus,
    EventChangeKind,
    EventRunStatus,
)
from saleor_xcover_plugin.errors import Code

LISTS = {
    "InsuranceErrorCode": Code,
    "InsuranceChoice": Choice,
    "InsuranceCoverStatus": CoverStatus,
    "InsuranceCancellationStatus": CancellationStatus,
    "InsuranceCancellationRule": RULE_SENTENCES,
    "InsuranceClaim": ClaimState,
    "InsuranceMessageKind": MessageKind,
    "InsuranceReasonCode": ReasonCode,
    "InsuranceAnswer": ["accepted", "declined"],
    "InsuranceSending": ["never_sent", "definitely_refused", "outcome_unknown"],
    "InsuranceShownAnswer": ["accepted", "declined", "withdrawn"],
    "InsuranceCaseKind": CaseKind,
    "InsuranceEventChange": EventChangeKind,
    "InsuranceEventRunStatus": EventRunStatus,
    "InsuranceAlarmCode": AlarmCode,
}


@pytest.fixture
def schema() -> Any:
    from saleor_xcover_plugin.graphql.schema import schema

    return schema


@pytest.fixture
def lists() -> dict[str, list[str]]:
    """Return the values of each enum as tables and code have them."""
    from saleor_xcover_plugin.operations.doctor.finding import Severity
    from saleor_xcover_plugin.staff.case_actions import CaseAction
    from saleor_xcover_plugin.staff.decisions import DecisionCode

    refused = [*DecisionCode, "permission_denied", "busy", "internal"]
    return {name: list(values) for name, values in LISTS.items()} | {
        "InsuranceDecisionCode": refused,
        "InsuranceCaseAction": list(CaseAction),
        "InsuranceSeverity": list(Severity),
    }


def test_a_value_is_told_in_upper_case_and_read_again(schema: Any, lists: Any) -> None:
    for name, values in lists.items():
        kind = schema.get_type(name)
        assert [kind.serialize(value) for value in values] == [value.upper() for value in values]
        assert [kind.parse_value(value.upper()) for value in values] == values
        assert len(kind.get_values()) == len(values)
        assert kind.description


def test_no_enum_is_forgotten(schema: Any, lists: Any) -> None:
    found = {name for name in schema.get_type_map() if hasattr(schema.get_type(name), "get_values")}

    assert {name for name in found if name.startswith("Insurance")} == set(lists)


def test_every_code_has_its_sentence_in_the_schema(schema: Any) -> None:
    for name in ("InsuranceErrorCode", "InsuranceCoverStatus"):
        assert all(value.description for value in schema.get_type(name).get_values())


def test_a_value_of_another_version_is_none() -> None:
    from saleor_xcover_plugin.graphql.enums import known

    assert known(ReasonCode, "not_paid") == "not_paid"
    assert known(ReasonCode, "") is None
    assert known(ReasonCode, "of_another_version") is None
