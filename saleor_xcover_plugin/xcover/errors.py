"""Errors of calls to XCover, classified by what the caller must do next.

::

    XCoverError
    ├── XCoverUnavailable          repeat the call later
    │   └── XCoverThrottled        repeat it, but not before ``retry_after`` seconds
    ├── XCoverMisconfigured        a person must correct credentials, address or clock
    ├── XCoverBadResponse            a 2xx that cannot be read; the outcome of a write is unknown
    └── XCoverRejected             understood and refused; repeating the call is useless
        ├── XCoverNotFound
        ├── XCoverNoOffer
        │   └── XCoverProductFailed  one product of the offer could not be priced
        ├── XCoverAlreadyBooked    the offer was booked by another call
        └── XCoverStatusConflict   the booking's status forbids the call

Texts never contain response bodies, personal data or secrets.
"""

from __future__ import annotations

from typing import ClassVar

_TURNED_AWAY = frozenset({401, 403, 429})


class XCoverError(Exception):
    """Base class of all errors the client raises.

    ``status`` is the HTTP status, None without a response. ``code`` and ``error_id`` are XCover's,
    if the response names them; ``retry_after`` is in seconds.
    """

    leaves_unknown: ClassVar[bool] = False
    """True if a write may have been carried out: repeat it with the same idempotency key."""

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
        """True if no byte of the call reached XCover."""

    @property
    def was_turned_away(self) -> bool:
        """True if XCover refused the call before processing it.

        Credentials and rates are checked first, so this says nothing about earlier attempts.
        """
        return self.status in _TURNED_AWAY

    @property
    def shows_not_done(self) -> bool:
        """True if XCover carried out neither this attempt nor an earlier one with the same key.

        If a write was carried out, XCover returns the stored response or names the result.
        """
        return False


class XCoverUnavailable(XCoverError):
    """There was no usable response: a network fault, the deadline, 5xx, 423, or no JSON."""

    leaves_unknown = True


class XCoverThrottled(XCoverUnavailable):
    """The rate limit was exceeded (429). ``retry_after`` is None if XCover names no time."""


class XCoverMisconfigured(XCoverError):
    """Credentials, partner code, address or clock are wrong, and a person must correct them."""

    @property
    def was_turned_away(self) -> bool:
        """Always True: a redirect, an unknown address or a refused access carries out nothing."""
        return True


class XCoverBadResponse(XCoverError):
    """XCover reported a success, but the response cannot be read."""

    leaves_unknown = True


class XCoverRejected(XCoverError):
    """XCover understood the call and refused it; repeating it is useless."""

    @property
    def shows_not_done(self) -> bool:
        """True for a 4xx, except 409, and for a call that was refused before it was sent.

        Errors inside a success or inside a stored response (409) leave the outcome open.
        """
        return self.status is None or (400 <= self.status < 500 and self.status != 409)


class XCoverNotFound(XCoverRejected):
    """XCover does not know the offer or booking."""


class XCoverNoOffer(XCoverRejected):
    """XCover makes no offer for the basket; the tickets are sold without one."""


class XCoverProductFailed(XCoverNoOffer):
    """A product of the offer was null, so the offer is incomplete."""


class XCoverStatusConflict(XCoverRejected):
    """The status of the booking forbids the call, for example because it is cancelled already."""


class XCoverAlreadyBooked(XCoverRejected):
    """The offer was booked before, as ``booking_id``.

    The caller must read that booking, and may adopt it only if it matches the order.
    """

    @property
    def shows_not_done(self) -> bool:
        """Always False, because an earlier attempt may have made the booking."""
        return False

    def __init__(self, message: str, *, booking_id: str, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.booking_id = booking_id
