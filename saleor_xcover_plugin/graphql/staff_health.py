"""Alarms and the doctor's findings for staff. Needs MANAGE_ORDERS."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import graphene

from ..clock import utc_now
from ..domain.alarms import AlarmCode
from ..host import catalog
from ..operations.alarms import alarms_of
from ..operations.doctor import Finding, examine
from .enums import InsuranceAlarmCode, InsuranceSeverity, known
from .staff_access import answered
from .staff_types import StaffError, list_of
from .types import errors_field


class StaffAlarm(graphene.ObjectType):
    """One incident that staff must know of."""

    class Meta:
        name = "InsuranceAlarm"

    code = graphene.Field(
        InsuranceAlarmCode, description="What is wrong. Null: a value of a newer version."
    )
    subject = graphene.String(
        required=True, description="The order's number or the XCover account; may be empty."
    )
    since = graphene.DateTime(required=True, description="Since when.")
    sentence = graphene.String(required=True, description="What it means and what to do.")


class StaffFinding(graphene.ObjectType):
    """One finding of the doctor's checks."""

    class Meta:
        name = "InsuranceFinding"

    check = graphene.String(required=True, description="Name of the check, such as credentials.")
    subject = graphene.String(
        required=True, description="What was checked, such as a channel; empty if there is one."
    )
    severity = graphene.Field(InsuranceSeverity, required=True, description="How bad it is.")
    sentence = graphene.String(required=True, description="The state, and what to do.")


class StaffHealthResult(graphene.ObjectType):
    """The state of the plugin, or one error."""

    class Meta:
        name = "InsuranceHealthResult"

    alarms = list_of(StaffAlarm, "The present alarms, oldest first.")
    findings = list_of(
        StaffFinding, "What the doctor found in the channels; XCover is not called for it."
    )
    errors = errors_field(StaffError)

    @staticmethod
    def resolve_alarms(health: Any, _info: Any) -> list[StaffAlarm] | None:
        if health.alarms is None:
            return None
        rows = alarms_of(health.alarms, utc_now()).alarms
        return [StaffAlarm(**{**row, "code": known(AlarmCode, row["code"])}) for row in rows]

    @staticmethod
    def resolve_findings(health: Any, _info: Any) -> list[StaffFinding] | None:
        if health.findings is None:
            return None
        return [_finding_of(found) for found in examine(health.findings, utc_now(), may_call=False)]


class StaffHealthQuery(graphene.ObjectType):
    """The field of the query that tells if all is well."""

    insurance_health = graphene.Field(
        StaffHealthResult,
        required=True,
        description="For staff: alarms and findings about the channels they may manage.",
    )

    @staticmethod
    def resolve_insurance_health(_root: Any, info: Any) -> StaffHealthResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            managed = {
                slug: key for slug, key in catalog.channel_ids().items() if key in channel_ids
            }
            return {"alarms": channel_ids, "findings": managed}

        return answered(info, StaffHealthResult, work, empty={"alarms": None, "findings": None})


def _finding_of(found: Finding) -> StaffFinding:
    return StaffFinding(
        check=found.check, subject=found.subject, severity=found.outcome, sentence=found.sentence
    )
