"""Staff who manage policies through the plugin's own GraphQL endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .driver import Driver, Json
from .store import Channel
from .wire import to_wire

_COVER = """{
  id orderId orderNumber status reasonCode reason policyNumber coolingOffUntil claim
  premium { amount currency } amountDueBack { amount currency }
  cancellations {
    id status rule sentence refund { amount currency } xcoverRefundsBuyer confirmBefore createdAt
  }
  parkedMessages { id kind reasonCode sentence sending }
  history { at what }
}"""
_RESULT = f"{{ cover {_COVER} errors {{ code message }} }}"

COVERS = f"""
query insuranceCovers(
  $status: InsuranceCoverStatus, $orderNumber: String, $needsDecision: Boolean, $isDue: Boolean,
  $first: Int, $after: String, $last: Int, $before: String
) {{
  insuranceCovers(
    status: $status, orderNumber: $orderNumber, needsDecision: $needsDecision, isDue: $isDue,
    first: $first, after: $after, last: $last, before: $before
  ) {{
    edges {{ node {_COVER} cursor }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
    errors {{ code message }}
  }}
}}"""
COUNT = """
query insuranceCovers(
  $status: InsuranceCoverStatus, $orderNumber: String, $needsDecision: Boolean, $isDue: Boolean
) {
  insuranceCovers(
    status: $status, orderNumber: $orderNumber, needsDecision: $needsDecision, isDue: $isDue
  ) { totalCount errors { code message } }
}"""
ASK = f"""
mutation insuranceAskCancellation($orderId: ID!) {{
  insuranceAskCancellation(orderId: $orderId) {_RESULT}
}}"""
APPROVE = f"""
mutation insuranceApproveCancellation($id: ID!, $refund: InsuranceMoneyInput!) {{
  insuranceApproveCancellation(id: $id, refund: $refund) {_RESULT}
}}"""
KEEP = f"""
mutation insuranceKeepPolicy($id: ID!, $askedXcover: Boolean) {{
  insuranceKeepPolicy(id: $id, askedXcover: $askedXcover) {_RESULT}
}}"""
SET_CLAIM = f"""
mutation insuranceSetClaim($orderId: ID!, $claim: InsuranceClaim!) {{
  insuranceSetClaim(orderId: $orderId, claim: $claim) {_RESULT}
}}"""
RETRY = f"""
mutation insuranceRetry($orderId: ID!, $messageId: ID!) {{
  insuranceRetry(orderId: $orderId, messageId: $messageId) {_RESULT}
}}"""
COMPLETE = f"""
mutation insuranceCompletePolicyholder(
  $orderId: ID!, $firstName: String, $lastName: String, $email: String, $phone: String
) {{
  insuranceCompletePolicyholder(
    orderId: $orderId, firstName: $firstName, lastName: $lastName, email: $email, phone: $phone
  ) {_RESULT}
}}"""
DO_NOT_MAKE = f"""
mutation insuranceDoNotMakePolicy($orderId: ID!, $askedXcover: Boolean) {{
  insuranceDoNotMakePolicy(orderId: $orderId, askedXcover: $askedXcover) {_RESULT}
}}"""

MAKE_AFTER_ALL = f"""
mutation insuranceMakePolicyAfterAll($orderId: ID!) {{
  insuranceMakePolicyAfterAll(orderId: $orderId) {_RESULT}
}}"""

TAKE_OVER = f"""
mutation insuranceTakeOverPolicy($orderId: ID!, $policyNumber: String!) {{
  insuranceTakeOverPolicy(orderId: $orderId, policyNumber: $policyNumber) {_RESULT}
}}"""


@dataclass
class InsuranceDesk:
    """The staff operations of the plugin in one channel, with one token.

    Each method returns the root field of the result and raises ``Refused`` with the plugin's codes.
    Ids are global ids.
    """

    driver: Driver
    channel: Channel
    token: str | None

    def covers(self, **wanted: object) -> Json:
        """Return a page of covers as ``covers``, and what the connection says of the page."""
        page = self._ask(COVERS, **wanted)
        return {
            "covers": [edge["node"] for edge in page["edges"]],
            "cursors": [edge["cursor"] for edge in page["edges"]],
            **page["pageInfo"],
        }

    def count(self, **wanted: object) -> int:
        """Return how many covers match."""
        total: int = self._ask(COUNT, **wanted)["totalCount"]
        return total

    def cover(self, order_number: str) -> Json:
        """Return the only cover of an order; fails if there is not exactly one."""
        (found,) = self.covers(orderNumber=order_number)["covers"]
        cover: Json = found
        return cover

    def ask(self, order_id: str) -> Json:
        """Ask XCover what cancelling the policy of an order would refund."""
        return self._ask(ASK, orderId=order_id)

    def approve(self, cancellation: str, amount: str, currency: str) -> Json:
        """Approve a cancellation with the refund that was shown."""
        refund = {"amount": amount, "currency": currency}
        return self._ask(APPROVE, id=cancellation, refund=refund)

    def keep(self, cancellation: str, *, asked_xcover: bool = False) -> Json:
        """Reject a cancellation and keep the policy."""
        return self._ask(KEEP, id=cancellation, askedXcover=asked_xcover)

    def set_claim(self, order_id: str, claim: str) -> Json:
        """Record the state of an insurance claim."""
        return self._ask(SET_CLAIM, orderId=order_id, claim=claim)

    def retry(self, order_id: str, message: str) -> Json:
        """Send a parked message again."""
        return self._ask(RETRY, orderId=order_id, messageId=message)

    def complete(self, order_id: str, **given: str) -> Json:
        """Supply missing data of the policyholder."""
        return self._ask(COMPLETE, orderId=order_id, **given)

    def do_not_make(self, order_id: str, *, asked_xcover: bool = False) -> Json:
        """Decide that the policy of an order is not made."""
        return self._ask(DO_NOT_MAKE, orderId=order_id, askedXcover=asked_xcover)

    def make_after_all(self, order_id: str) -> Json:
        """Revoke the decision not to make the policy."""
        return self._ask(MAKE_AFTER_ALL, orderId=order_id)

    def take_over(self, order_id: str, policy: str) -> Json:
        """Adopt a policy that exists at XCover, given its policy number."""
        return self._ask(TAKE_OVER, orderId=order_id, policyNumber=policy)

    def _ask(self, document: str, **variables: Any) -> Json:
        sent = to_wire(variables)
        return self.driver.ask_plugin(self.channel.slug, document, sent, token=self.token)
