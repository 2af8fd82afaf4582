"""The list of covers for staff, as a Relay connection. Needs MANAGE_ORDERS."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

import graphene
from graphene.relay.connection import PageInfo

from ..domain.states import CoverStatus
from ..staff import cover_list, decisions
from ..staff.decisions import DecisionCode, DecisionRefused
from .cursors import cursor_of, key_of
from .enums import InsuranceCoverStatus
from .staff_access import answered, page_length
from .staff_types import StaffCover, StaffError, staff_cover_of
from .types import errors_field


class StaffCoverEdge(graphene.ObjectType):
    """One cover of a list, and where it stands in it."""

    class Meta:
        name = "InsuranceStaffCoverEdge"

    node = graphene.Field(StaffCover, required=True, description="The cover itself.")
    cursor = graphene.String(
        required=True, description="Its place: give it as `after` or `before`."
    )


class StaffCoverConnection(graphene.ObjectType):
    """A page of covers as a Relay connection, newest first; new covers come before it."""

    class Meta:
        name = "InsuranceStaffCoverConnection"

    edges = graphene.List(
        graphene.NonNull(StaffCoverEdge),
        required=True,
        description="The covers of the page; empty beside an error.",
    )
    page_info = graphene.Field(
        PageInfo, required=True, description="Whether there are more pages, and their cursors."
    )
    total_count = graphene.Int(
        description="How many covers all pages hold together. Null only if it could not be read, "
        "or the page was refused."
    )
    errors = errors_field(StaffError)

    @staticmethod
    def resolve_total_count(page: Any, _info: Any) -> int | None:
        # A count reads all of them: it is made only for who asks for it.
        return page.total_count() if page.total_count else None


def _page(page: cover_list.Page) -> dict[str, Any]:
    edges = [
        StaffCoverEdge(node=staff_cover_of(row), cursor=cursor_of(int(row.pk)))
        for row in page.covers
    ]
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return {"edges": edges, "page_info": info}


class StaffCoverQuery(graphene.ObjectType):
    """The field of the query that lists covers."""

    insurance_covers = graphene.Field(
        StaffCoverConnection,
        required=True,
        status=graphene.Argument(InsuranceCoverStatus, description="Only covers of this status."),
        order_number=graphene.String(description="Only the cover of the order of this number."),
        needs_decision=graphene.Boolean(
            description="Only covers of which something waits for a person: the policy itself, a "
            "cancellation, a change of the buyer's details, or the opt-out of its order."
        ),
        is_due=graphene.Boolean(description="Only those with an amount due back to the buyer."),
        first=graphene.Int(
            description=f"How many at most, 1 to {cover_list.MAX_PAGE_LENGTH}; "
            f"{cover_list.PAGE_LENGTH} if it is left out."
        ),
        after=graphene.String(
            description="A cursor: the page begins behind it. Give the endCursor of a page to get "
            "the next one."
        ),
        last=graphene.Int(
            description="The same as first, for paging backward: how many of the last ones."
        ),
        before=graphene.String(
            description="A cursor: the page ends before it. Give the startCursor of a page to get "
            "the previous one."
        ),
        description="For staff: the covers of the channels they may manage, newest first.",
    )

    @staticmethod
    def resolve_insurance_covers(
        _root: Any,
        info: Any,
        status: str | None = None,
        order_number: str | None = None,
        needs_decision: bool = False,
        is_due: bool = False,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> StaffCoverConnection:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            decisions.require_typed("order number", order_number or "")
            wanted = cover_list.CoverFilter(
                CoverStatus(status) if status else None, order_number or "", needs_decision, is_due
            )
            request = _page_request(first, after, last, before)
            page = cover_list.page_of(channel_ids, wanted, request)
            total = partial(cover_list.count_of, channel_ids, wanted)
            return {**_page(page), "total_count": total}

        return answered(info, StaffCoverConnection, work, empty=_page(cover_list.NO_PAGE))


def _page_request(
    first: int | None, after: str | None, last: int | None, before: str | None
) -> cover_list.PageRequest:
    """Read which page is wanted. Raise ``DecisionRefused`` for one that cannot be."""
    is_forward = first is not None or after is not None
    is_backward = last is not None or before is not None
    if is_forward and is_backward:
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, "Give first and after, or last and before, not some of both."
        )
    if is_backward:
        return cover_list.PageRequest(
            _length("last", last), _key("before", before), is_backward=True
        )
    return cover_list.PageRequest(_length("first", first), _key("after", after))


def _length(name: str, length: int | None) -> int:
    return page_length(name, length, cover_list.PAGE_LENGTH, cover_list.MAX_PAGE_LENGTH)


def _key(name: str, cursor: str | None) -> int | None:
    """Read a cursor. Raise ``DecisionRefused`` for one that was not given out."""
    if cursor is None:
        return None
    key = key_of(cursor)
    if key is None:
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, f"{name} is a cursor, such as endCursor or startCursor."
        )
    return key
