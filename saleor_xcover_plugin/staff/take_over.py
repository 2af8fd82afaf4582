"""Take over a policy that staff name by its number, because the plugin could not find it."""

from __future__ import annotations

import uuid

from django.db import transaction

from ..clock import Clock
from ..config.settings import SettingsError
from ..domain.cases import BUTTONS, CaseAction
from ..domain.reasons import ReasonCode
from ..host import configuration
from ..models import Cover
from ..outbox import other_store
from ..outbox.clients import client_for
from ..policies import effects
from ..policies.confirm import Wanted, take_over_booking
from ..policies.locks import lock_cover
from ..policies.order_sync import sync_order
from ..xcover.bookings import Booking
from ..xcover.errors import XCoverBadResponse, XCoverError, XCoverRejected
from ..xcover.values import is_path_segment
from .decisions import DecisionCode, DecisionRefused
from .unmade_covers import parked_confirmation, require_parked

DEADLINE_SECONDS = 5.0
"""Deadline of the call to XCover, in seconds. Staff wait for it."""


def take_over(order_id: uuid.UUID, policy: str, clock: Clock) -> Cover:
    """Read a policy from XCover and record it as the order's, if it belongs to this order.

    ``policy`` is XCover's number of it. Afterwards the order is synced, so that a refund made
    meanwhile is judged. Raise ``DecisionRefused`` if the order's cover does not wait for staff,
    XCover cannot be asked, or the policy is cancelled or not this order's.
    """
    if not is_path_segment(policy):
        raise DecisionRefused(DecisionCode.BAD_INPUT, "That is no number of a policy.")
    with transaction.atomic():
        cover = _waiting(order_id)
    booking = _ask(cover, policy)
    with transaction.atomic():
        cover = _waiting(order_id)
        _require_own(cover, booking)
        effects.add_note(
            order_id, f"staff named policy {booking.id}, which XCover holds for this order."
        )
        take_over_booking(cover, parked_confirmation(cover), booking, clock())
    sync_order(order_id, clock())
    cover.refresh_from_db()
    return cover


def _waiting(order_id: uuid.UUID) -> Cover:
    """Lock and return the cover; raise ``DecisionRefused`` if it does not wait for staff."""
    cover = lock_cover(order_id=order_id)
    if cover is None:
        raise DecisionRefused(DecisionCode.COVER_NOT_FOUND, "The order has no protection.")
    parked = parked_confirmation(cover)
    require_parked(cover, parked)
    if cover.reason_code == ReasonCode.OTHER_STORE or (parked and other_store.is_about(parked)):
        raise DecisionRefused(DecisionCode.OTHER_POLICY, other_store.SENTENCE)
    return cover


def _ask(cover: Cover, policy: str) -> Booking:
    """Read the policy from XCover. Raise ``DecisionRefused`` if that fails."""
    try:
        client = client_for(configuration.settings_of(cover.channel_id))
        return client.get_booking(policy, deadline=DEADLINE_SECONDS)
    except (XCoverRejected, XCoverBadResponse) as error:
        raise DecisionRefused(
            DecisionCode.OTHER_POLICY,
            f"XCover does not show policy {policy} to this account ({error}). Look at the number "
            "and at the account in the settings.",
        ) from error
    except (XCoverError, SettingsError) as error:
        raise DecisionRefused(
            DecisionCode.XCOVER_UNAVAILABLE,
            f"XCover could not be asked for the policy ({error}). Nothing was changed; try again "
            "in a minute.",
        ) from error


def _require_own(cover: Cover, booking: Booking) -> None:
    offer = cover.offer
    if offer is None or not Wanted.of(cover, offer).is_met_by(booking):
        raise DecisionRefused(
            DecisionCode.OTHER_POLICY,
            f"Policy {booking.id} is not of order {cover.order_number} and the offer that was "
            "accepted for it. Ask Cover Genius for the number again.",
        )
    if booking.is_cancelled:
        raise DecisionRefused(
            DecisionCode.OTHER_POLICY,
            f"Policy {booking.id} is cancelled at XCover, so nothing is in force. End it here: "
            f'"{BUTTONS[CaseAction.DO_NOT_MAKE]}", saying that Cover Genius was asked.',
        )
