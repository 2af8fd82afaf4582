"""Check the rights of staff, and turn what goes wrong into coded errors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from ..defect_log import log_defect
from ..staff.decisions import DecisionRefused
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
