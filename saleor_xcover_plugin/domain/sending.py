"""What is known of a call that changes something at XCover: ADR 22 has the table."""

from __future__ import annotations

from enum import StrEnum


class Sending(StrEnum):
    """Whether XCover may have carried out a message's call."""

    NEVER_SENT = "never_sent"
    """No attempt has left this server."""
    DEFINITELY_REFUSED = "definitely_refused"
    """Attempts have left, and XCover carried out none of them."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """An attempt may have been carried out: its answer is not known."""
    EARLIER_UNKNOWN = "earlier_unknown"
    """No attempt with this key may have been carried out, but one with an earlier key may have."""


def sending_after(
    before: Sending, *, left: bool, was_turned_away: bool, shows_not_done: bool
) -> Sending:
    """Return what is known after an attempt that ended with an error.

    ``left``: the call may have left this server. ``was_turned_away``: XCover did not look at it, so
    it tells nothing about earlier attempts. ``shows_not_done``: XCover looked at it and carried out
    neither this attempt nor an earlier one.
    """
    if shows_not_done:
        return Sending.DEFINITELY_REFUSED
    if before == Sending.OUTCOME_UNKNOWN or not left:
        return before
    if before == Sending.EARLIER_UNKNOWN and was_turned_away:
        return before
    return Sending.DEFINITELY_REFUSED if was_turned_away else Sending.OUTCOME_UNKNOWN
