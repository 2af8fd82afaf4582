"""Check the rights of staff, and turn what goes wrong into coded errors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from ..defect_log import log_defect
from ..domain.event_times import EARLIEST, LATEST, is_believed
from ..staff.decisions import DecisionCode, DecisionRefused
from ..time_limits import DatabaseBusy, busy_sentence
from .context import StaffContext
from .enums import BUSY, FAILED_SENTENCE, INTERNAL, PERMISSION_DENIED
from .staff_types import StaffError

log = logging.getLogger(__name__)

_NO_RIGHT = StaffError(
    code=PERMISSION_DENIED,
    message="This needs a staff or app token with MANAGE_ORDERS for this channel.",
)


def answered(
    info: Any,
    result: type,
    work: Callable[[Collection[int]], dict[str, Any]],
    *,
    empty: Mapping[str, Any] = MappingProxyType({}),
) -> Any:
    """Return a result of ``work``, which gets the ids of the channels that staff may manage.

    A refusal becomes a coded error beside ``empty``; anything else is masked.
    """
    context: StaffContext = info.context
    try:
        channel_ids = context.managed_channels()
        if not channel_ids:
            return result(**empty, errors=[_NO_RIGHT])
        return result(**work(channel_ids), errors=[])
    except DecisionRefused as refused:
        error = StaffError(code=refused.code.value, message=str(refused))
    except DatabaseBusy as busy:
        log.warning("xcover.staff.busy", extra={"reason": str(busy)})
        error = StaffError(code=BUSY, message=busy_sentence())
    except Exception:
        log_defect(log, "xcover.staff.failed")
        error = StaffError(code=INTERNAL, message=FAILED_SENTENCE)
    return result(**empty, errors=[error])


def moment_of(name: str, given: datetime | None) -> datetime:
    """Return a time that staff gave as ``name``, in UTC. Raise ``DecisionRefused`` for no real one.

    PostgreSQL stores times that Python cannot read again, so they are refused here.
    """
    if given is None or not is_believed(given):
        raise DecisionRefused(
            DecisionCode.BAD_INPUT,
            f"{name} is a time from {EARLIEST.year} to {LATEST.year - 1} with an offset of whole "
            "minutes, such as 2027-03-01T19:00+01:00.",
        )
    return given.astimezone(UTC)


def page_length(name: str, given: int | None, usual: int, most: int) -> int:
    """Return the length of a page that staff gave as ``name``, or the usual one.

    Raise ``DecisionRefused`` for one that is too long or empty.
    """
    if given is None:
        return usual
    if not 1 <= given <= most:
        raise DecisionRefused(DecisionCode.BAD_INPUT, f"{name} is 1 to {most}.")
    return given
