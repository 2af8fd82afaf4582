"""What the desk's worklist shows, and the decision most tests of it carry out."""

from __future__ import annotations

from typing import Any

from testkit.client.desk import Desk

CASE = """{
  id kind since channel orderId orderNumber events sentence reasonCode money { amount currency }
  messageId eventRun isLapsed missingDetails
  cancellation { id rule refund { amount currency } }
  cover { orderNumber amountDueBack { amount currency } }
  actions { action effect asksXcoverFirst isFinal }
}"""
CASES = f"""
query Cases(
  $kind: InsuranceCaseKind, $channel: String, $orderNumber: String, $event: String,
  $before: DateTime, $first: Int, $after: String
) {{
  insuranceCases(
    kind: $kind, channel: $channel, orderNumber: $orderNumber, event: $event, before: $before,
    first: $first, after: $after
  ) {{
    edges {{ node {CASE} cursor }}
    pageInfo {{ hasNextPage endCursor }}
    counts {{ kind count }}
    errors {{ code message }}
  }}
}}"""
ONE = f"query Case($id: ID!) {{ insuranceCase(id: $id) {{ case {CASE} errors {{ code }} }} }}"
DO_NOT_MAKE = """
mutation DoNotMake($orderId: ID!) {
  insuranceDoNotMakePolicy(orderId: $orderId) { errors { code message } }
}"""
APPROVE = """
mutation Approve($id: ID!, $refund: InsuranceMoneyInput!) {
  insuranceApproveCancellation(id: $id, refund: $refund) { errors { code message } }
}"""


def listed(desk: Desk, **conditions: Any) -> list[dict[str, Any]]:
    """Return the cases that match, all pages together."""
    found = desk.ask(CASES, **conditions)
    assert found["errors"] == []
    return [edge["node"] for edge in found["edges"]]


def actions(case: dict[str, Any]) -> list[str]:
    return [each["action"] for each in case["actions"]]


def approve(desk: Desk, case: dict[str, Any]) -> None:
    """Cancel the policy of a case for the refund that it shows."""
    found = desk.ask(APPROVE, id=case["cancellation"]["id"], refund=case["money"])
    assert found["errors"] == []
