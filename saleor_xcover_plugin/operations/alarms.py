"""Raise an alarm once when an incident begins, and clear it when the incident is over.

Raising writes one row, one log event, one count in the metric, and a note if an order is concerned.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from ..defect_log import log_defect
from ..domain.alarms import SILENT, AlarmCode, Incident
from ..host import app_problems, order_facts, telemetry
from ..host.app_problems import Problem
from ..models import Alarm, Cover
from ..policies import effects
from .alarm_rules import View, evaluate

log = logging.getLogger(__name__)


def update_alarms(now: datetime) -> None:
    """Run all checks, raise new alarms and clear those that are over. ``now`` is in UTC.

    Called at the end of every sweep. Logs exceptions instead of raising them, because alarms must
    not stop the work they monitor; only Celery's ``SoftTimeLimitExceeded`` is raised.
    """
    _safely(lambda: _bring_in_line(evaluate(now), frozenset(AlarmCode), now))
    _safely(lambda: app_problems.show(_problems()))


def _problems() -> list[Problem]:
    """Return the raised alarms as problems for the dashboard, one for each code."""
    by_code: dict[str, list[Alarm]] = {}
    for alarm in sorted(_open_alarms(), key=lambda alarm: (alarm.raised_at, alarm.pk)):
        by_code.setdefault(alarm.code, []).append(alarm)
    return [_problem(code, alarms) for code, alarms in sorted(by_code.items())]


def _problem(code: str, alarms: Sequence[Alarm]) -> Problem:
    first, *others = alarms
    about = f"{first.subject}: " if first.subject else ""
    more = f" And {len(others)} more of the same kind: see Health." if others else ""
    sentence = f"{about}{first.sentence}{more}"
    is_critical = code != AlarmCode.PARKED
    return Problem(code, sentence, len(alarms), first.raised_at, is_critical)


@dataclass(frozen=True, slots=True)
class PresentAlarms:
    """The present alarms, and the codes that could not be checked in full."""

    alarms: list[dict[str, Any]]
    """Code, subject, since (UTC) and sentence of each alarm, oldest first."""
    unknown: list[str]
    """Alarm codes, sorted."""


def present_alarms(now: datetime) -> PresentAlarms:
    """Run all checks and return the present alarms. ``now`` is in UTC.

    Only alarms about the sweep itself are raised or cleared here, because a sweep that does not run
    cannot do so; the others are left to the sweep.
    """
    view = evaluate(now)
    _safely(lambda: _bring_in_line(view, SILENT, now))
    return _present(view, now)


def alarms_of(channel_ids: Collection[int], now: datetime) -> PresentAlarms:
    """Return the present alarms that concern these channels, and raise or clear none.

    Left out are alarms about orders of other channels. ``now`` is in UTC.
    """
    present = _present(evaluate(now), now)
    orders_elsewhere = _orders_elsewhere([row["subject"] for row in present.alarms], channel_ids)
    shown = [row for row in present.alarms if row["subject"] not in orders_elsewhere]
    return PresentAlarms(shown, present.unknown)


def _orders_elsewhere(subjects: Sequence[str], channel_ids: Collection[int]) -> set[str]:
    """Return the subjects that are numbers of orders of other channels."""
    covers = Cover.objects.filter(order_number__in=subjects)
    sold = dict(covers.values_list("order_number", "channel_id"))
    channels = {**order_facts.channels_of(subjects), **sold}
    return {number for number, channel_id in channels.items() if channel_id not in channel_ids}


def _present(view: View, now: datetime) -> PresentAlarms:
    raised = {(alarm.code, alarm.subject): alarm for alarm in _open_alarms()}
    unknown = {code.value for code in view.unknown}
    # The incidents found now, then raised alarms whose codes could not be checked.
    rows = [
        _row(t.code.value, t.subject, raised[key].raised_at if key in raised else now, t.sentence)
        for key, t in view.incidents.items()
    ] + [
        _row(alarm.code, alarm.subject, alarm.raised_at, alarm.sentence)
        for key, alarm in raised.items()
        if key not in view.incidents and alarm.code in unknown
    ]
    return PresentAlarms(sorted(rows, key=lambda row: row["since"]), sorted(unknown))


def _row(code: str, subject: str, since: datetime, sentence: str) -> dict[str, Any]:
    return {"code": code, "subject": subject, "since": since, "sentence": sentence}


def _open_alarms() -> list[Alarm]:
    return list(Alarm.objects.filter(cleared_at=None))


def _bring_in_line(view: View, codes: frozenset[AlarmCode], now: datetime) -> None:
    """Raise, update and clear alarms, each on its own: one failure must not stop the others."""
    rows = {(alarm.code, alarm.subject): alarm for alarm in _open_alarms()}
    for incident in view.incidents.values():
        if incident.code in codes:
            known = rows.get(incident.key)
            tell = (
                partial(_raise, incident, now) if known is None else partial(_say, known, incident)
            )
            _safely(tell, incident.code)
    untold = {code.value for code in (set(AlarmCode) - codes) | view.unknown}
    for key, alarm in rows.items():
        if key not in view.incidents and alarm.code not in untold:
            _safely(partial(_clear, alarm, now), alarm.code)


def _raise(incident: Incident, now: datetime) -> None:
    with transaction.atomic():
        _, is_new = Alarm.objects.get_or_create(
            code=incident.code.value,
            subject=incident.subject,
            cleared_at=None,
            defaults={"sentence": incident.sentence, "raised_at": now},
        )
        if not is_new:
            return  # another worker raised it
        if incident.order_id is not None:
            _safely(partial(_note, incident.order_id, incident.sentence), incident.code)
    code = incident.code.value
    log.error("xcover.alarm.raised", extra={"code": code, "subject": incident.subject})
    telemetry.count(telemetry.ALARMS, code=code)


def _say(alarm: Alarm, incident: Incident) -> None:
    """Store the present sentence of an open alarm, which is shown when its check fails."""
    if alarm.sentence != incident.sentence:
        Alarm.objects.filter(pk=alarm.pk, cleared_at=None).update(sentence=incident.sentence)


def _note(order_id: uuid.UUID, sentence: str) -> None:
    with transaction.atomic():  # a note that cannot be written must not undo the alarm
        effects.add_note(order_id, sentence)


def _clear(alarm: Alarm, now: datetime) -> None:
    is_ours = Alarm.objects.filter(pk=alarm.pk, cleared_at=None).update(cleared_at=now)
    if is_ours:
        log.info("xcover.alarm.cleared", extra={"code": alarm.code, "subject": alarm.subject})


def _safely(act: Callable[[], None], code: str = "") -> None:
    try:
        act()
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log_defect(log, "xcover.alarm.failed", code=code)
