"""Track the knowledge of the outcome of a call that changes something at XCover.

docs/adr/0022-sent-refused-or-unknown.md has the table of transitions.
"""

from __future__ import annotations

from enum import StrEnum


class Sending(StrEnum):
    """The knowledge of the outcome of a message's call."""

    NEVER_SENT = "never_sent"
    """No attempt has left this server."""
    DEFINITELY_REFUSED = "definitely_refused"
    """Attempts have left this server, and XCover carried out none of them."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """An attempt may have been carried out, because its response is not known."""
    EARLIER_UNKNOWN = "earlier_unknown"
    """No attempt with this key was carried out, but one with an earlier key may have been."""


def sending_after(
    before: Sending, *, left: bool, was_turned_away: bool, shows_not_done: bool
) -> Sending:
    """Return the state after an attempt that ended with an error.

    ``left`` is True if the call may have left this server. ``was_turned_away`` is True if XCover
    refused it before processing it, which says nothing about earlier attempts. ``shows_not_done``
    is True if XCover processed it and carried out neither this attempt nor an earlier one.
    """
    if shows_not_done:
        return Sending.DEFINITELY_REFUSED
    if before == Sending.OUTCOME_UNKNOWN or not left:
        return before
    if before == Sending.EARLIER_UNKNOWN and was_turned_away:
        return before
    return Sending.DEFINITELY_REFUSED if was_turned_away else Sending.OUTCOME_UNKNOWN
