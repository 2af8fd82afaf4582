"""What can go wrong with XCover, named by what the caller must do next.

::

    XCoverError
    ├── XCoverUnavailable          wait, then the same call again
    │   └── XCoverThrottled        ... not before ``retry_after``
    ├── XCoverMisconfigured        a person must act on credentials, address or clock
    ├── XCoverBadAnswer            a 2xx nobody can read: for a write the outcome is unknown
    └── XCoverRejected             understood and refused: repeating changes nothing
        ├── XCoverNotFound
        ├── XCoverNoOffer
        │   └── XCoverProductFailed  one product of the offer could not be priced
        ├── XCoverAlreadyBooked    names the booking that exists
        └── XCoverStatusConflict   not in this state (cancelled already?)

Texts never contain response bodies, personal data or secrets.
"""

from __future__ import annotations

from typing import ClassVar

_TURNED_AWAY = frozenset({401, 403, 429})


class XCoverError(Exception):
    """Base of every error the client raises."""

    leaves_unknown: ClassVar[bool] = False
    """Whether a write that ended so may have been done all the same: ask again, same key."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        error_id: str | None = None,
        retry_after: float | None = None,
        fields: tuple[str, ...] = (),
        never_left: bool = False,
    ) -> None:
        details = [
            f"HTTP {status}" if status else "",
            code or "",
            f"id {error_id}" if error_id else "",
        ]
        known = ", ".join(part for part in details if part)
        super().__init__(f"{message} ({known})" if known else message)
        self.status = status
        self.code = code
        self.error_id = error_id
        self.retry_after = retry_after
        self.fields = fields
        """Paths of refused fields, never their values."""
        self.never_left = never_left
        """True when no byte of the call reached XCover."""

    @property
    def was_turned_away(self) -> bool:
        """True when XCover answered without looking at the call.

        Credentials and rates are checked before anything else; the answer tells nothing about
        earlier attempts.
        """
        return self.status in _TURNED_AWAY

    @property
    def shows_not_done(self) -> bool:
        """True when XCover carried out neither this attempt nor an earlier one with the same key.

        A write that was carried out is answered with the stored result, or by naming it.
        """
        return False


class XCoverUnavailable(XCoverError):
    """No usable answer: network fault, deadline, 5xx, 423, gateway page. Try again later."""

    leaves_unknown = True


class XCoverThrottled(XCoverUnavailable):
    """429: too many calls; ``retry_after`` in seconds where XCover names it."""


class XCoverMisconfigured(XCoverError):
    """Credentials, partner code, address or clock are wrong: a person must act."""

    @property
    def was_turned_away(self) -> bool:
        """Always True: what redirects, knows no such address or refuses access does nothing."""
        return True


class XCoverBadAnswer(XCoverError):
    """A success nobody can read. For a write the outcome is unknown: ask again, same key."""

    leaves_unknown = True


class XCoverRejected(XCoverError):
    """XCover understood the call and refused it: repeating it changes nothing."""

    @property
    def shows_not_done(self) -> bool:
        """True for a plain refusal, which errors in a success or in a stored one (409) are not."""
        return self.status is None or (400 <= self.status < 500 and self.status != 409)


class XCoverNotFound(XCoverRejected):
    """XCover does not know the offer or booking."""


class XCoverNoOffer(XCoverRejected):
    """XCover makes no offer for this basket: sell the tickets without one."""


class XCoverProductFailed(XCoverNoOffer):
    """A product of the offer came back as null; which rule named it is not said."""


class XCoverStatusConflict(XCoverRejected):
    """The booking's state forbids the call."""


class XCoverAlreadyBooked(XCoverRejected):
    """The offer is already booking ``booking_id``; adopt it only after a GET that matches."""

    @property
    def shows_not_done(self) -> bool:
        """Always False: an earlier attempt may have made the booking."""
        return False

    def __init__(self, message: str, *, booking_id: str, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.booking_id = booking_id
