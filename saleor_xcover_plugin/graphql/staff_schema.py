"""All fields for staff: of every channel's schema, and of the desk's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import graphene

from ..host import catalog
from .staff_access import answered
from .staff_cases import StaffCaseQuery
from .staff_covers import StaffCoverQuery
from .staff_decisions import StaffDecisionMutation
from .staff_events import StaffEventMutation, StaffEventQuery
from .staff_health import StaffHealthQuery
from .staff_orders import StaffOrderQuery
from .staff_payload import StaffPayloadQuery
from .staff_sales import StaffSalesQuery
from .staff_types import StaffError
from .types import errors_field


class StaffChannel(graphene.ObjectType):
    """A channel whose orders the requestor may manage."""

    class Meta:
        name = "InsuranceChannel"

    slug = graphene.String(required=True, description="Slug of the channel.")
    currency = graphene.String(required=True, description="Code of ISO 4217: USD.")


class StaffChannelsResult(graphene.ObjectType):
    """Channels, or one error."""

    class Meta:
        name = "InsuranceChannelsResult"

    channels = graphene.List(
        graphene.NonNull(StaffChannel),
        required=True,
        description="Sorted by slug; empty beside an error.",
    )
    errors = errors_field(StaffError)


class StaffQuery(
    StaffCoverQuery,
    StaffCaseQuery,
    StaffOrderQuery,
    StaffEventQuery,
    StaffSalesQuery,
    StaffHealthQuery,
    StaffPayloadQuery,
    graphene.ObjectType,
):
    """The fields of the query that need MANAGE_ORDERS."""

    insurance_channels = graphene.Field(
        StaffChannelsResult,
        required=True,
        description="For staff: the channels they may manage; at a channel's own address, that "
        "one.",
    )

    @staticmethod
    def resolve_insurance_channels(_root: Any, info: Any) -> StaffChannelsResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            return {
                "channels": [
                    StaffChannel(slug=slug, currency=currency)
                    for key, (slug, currency) in catalog.currencies().items()
                    if key in channel_ids
                ]
            }

        return answered(info, StaffChannelsResult, work, empty={"channels": []})


class StaffMutation(StaffDecisionMutation, StaffEventMutation, graphene.ObjectType):
    """The fields of the mutation that need MANAGE_ORDERS."""


class _DeskQuery(StaffQuery, graphene.ObjectType):
    """Read what waits, what was sold and if all is well. Nothing here changes anything."""

    class Meta:
        name = "Query"


class _DeskMutation(StaffMutation, graphene.ObjectType):
    """Carry out decisions of staff. One per request."""

    class Meta:
        name = "Mutation"


desk_schema = graphene.Schema(query=_DeskQuery, mutation=_DeskMutation)
"""The schema at the address of the desk, which belongs to no channel."""
