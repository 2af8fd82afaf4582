"""What a person must be told without asking: a closed list of codes, each with what to do.

An alarm is raised once, when its trouble begins, and cleared by itself when the trouble is over.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..errors import Code

CONFIRMATION_GRACE = timedelta(minutes=15)
"""A paid cover is a policy sooner; an order's payment is in full sooner, if it comes at once."""

NEAR_EVENT = timedelta(hours=24)
"""An unpaid cover so close to its event may become no policy in time."""

OVERDUE = timedelta(minutes=5)
"""Messages are sent within a minute of their time, unless workers do not keep up."""

BUSY_GRACE = timedelta(minutes=10)
"""A lock of another session's is let go sooner: migrations of this size take seconds."""

MAX_HEARTBEAT_AGE = timedelta(minutes=5)
"""The sweep ends every minute; five times missed is no accident."""

_BEAT_ROW_LAG = timedelta(minutes=5)
"""Beat writes down when it ran an entry only every few minutes."""

_FAILED_SWEEPS = 3

UNTRIED = timedelta(hours=1)
"""A breaker nobody tried for so long says nothing any more: nobody needed XCover."""

REFUSALS_WINDOW = timedelta(hours=1)
"""A checkout that got no offer counts so long; then the sweep ends its request. Refusals that came
between offers that were shown are over when none came for so long."""

REFUSALS_KEPT = timedelta(days=1)
"""An alarm about refused offers waits so long for an offer that shows it is over."""

MANY_REFUSALS = 20
"""So many checkouts without any offer are no accident, whatever the reason."""

UNSELLABLE = frozenset(
    {
        Code.PRODUCTS_AMBIGUOUS,
        Code.RULE_UNREADABLE,
        Code.RULE_PRODUCT_UNKNOWN,
        Code.RULE_PRODUCT_IN_TWO_GROUPS,
        Code.RULE_MINIMUM_ABOVE_MAXIMUM,
        Code.RULE_MINIMUM_OUT_OF_REACH,
        Code.RULE_STATE_UNKNOWN,
        Code.RULE_LEAVES_NO_CHOICE,
        Code.TEXT_UNREADABLE,
        Code.TEXT_TOO_LONG,
    }
)
"""XCover made an offer that may not be sold. It will do so again until a person acts."""

UNOFFERED = frozenset({Code.NO_OFFER, Code.PRODUCT_FAILED, Code.XCOVER_UNAVAILABLE})
"""May be right for some tickets or for some minutes, not for everybody in an hour."""

WORKER_COMMAND = "celery --app saleor.celeryconf:app worker"
BEAT_COMMAND = (
    "celery --app saleor.celeryconf:app beat "
    "--scheduler saleor.schedulers.schedulers.DatabaseScheduler"
)
"""As Saleor starts it itself. Beat inside a worker (-B) uses another scheduler, in which schedules
of Saleor's own that are always due leave no turn to the others."""


class AlarmCode(StrEnum):
    """Stable codes for logs, metrics and monitoring (docs/operations.md)."""

    PAID_UNPROTECTED = "paid_unprotected"
    UNPAID_NEAR_EVENT = "unpaid_near_event"
    PARKED = "parked"
    WRONG_STORE = "wrong_store"
    CREDENTIALS_REFUSED = "credentials_refused"
    SETTINGS_UNUSABLE = "settings_unusable"
    CLOCK_OFF = "clock_off"
    BREAKER_OPEN = "breaker_open"
    OFFERS_REFUSED = "offers_refused"
    MESSAGES_OVERDUE = "messages_overdue"
    ORDER_UNFOLLOWED = "order_unfollowed"
    WORK_FAILING = "work_failing"
    DATABASE_BUSY = "database_busy"
    RECONCILE_FINDINGS = "reconcile_findings"
    SWEEP_FAILING = "sweep_failing"
    NO_WORKER = "no_worker"
    BEAT_NOT_RUNNING = "beat_not_running"


SILENT = frozenset(
    {AlarmCode.SWEEP_FAILING, AlarmCode.NO_WORKER, AlarmCode.BEAT_NOT_RUNNING},
)
"""What a sweep that does not run cannot tell of itself; ``xcover_status`` does."""

WAITS_FOR_ADOPTION = frozenset(
    {
        AlarmCode.PAID_UNPROTECTED,
        AlarmCode.MESSAGES_OVERDUE,
        AlarmCode.OFFERS_REFUSED,
        AlarmCode.RECONCILE_FINDINGS,
    }
)
"""What follows by itself where nothing is sent because of ``WRONG_STORE``: one alarm is enough."""

SENTENCES: Mapping[AlarmCode, str] = {
    AlarmCode.PAID_UNPROTECTED: (
        "The order was paid more than {minutes} minutes ago and its policy is not confirmed. The "
        "tickets are valid; the protection is missing. It is tried again by itself; operations "
        "see in xcover_status what stands in the way (XCover, credentials, clock, worker)."
    ),
    AlarmCode.UNPAID_NEAR_EVENT: (
        "The order is not paid in full and its event begins at {starts_at}. Paid later, the "
        "protection buys no policy: capture the payment now, or tell the buyer that nothing is "
        "insured."
    ),
    AlarmCode.PARKED: (
        "Work on this order waits for a person ({what}). What happened and what to do stands in "
        "xcover_status under its number."
    ),
    AlarmCode.WRONG_STORE: (
        "This database belongs to {bound_to}, and {here} runs here. Nothing is sent to XCover, no "
        "offers are made, and messages wait as they are. If it is the same store under a new name: "
        "manage.py xcover_adopt. If it is a copy (staging, test): manage.py xcover_adopt "
        "--as-new-store, which ends what the copy had to send."
    ),
    AlarmCode.CREDENTIALS_REFUSED: (
        "XCover refuses the credentials of {account}: no offers, no policies. Save working ones "
        "in the plugin's settings; what waits for them is then sent by itself."
    ),
    AlarmCode.SETTINGS_UNUSABLE: (
        "The plugin's settings of {channel} cannot be used: {error} Until that is mended, the "
        "process that looked makes no offers there and sends nothing."
    ),
    AlarmCode.CLOCK_OFF: (
        "The clock of a server here is {seconds} seconds {direction} XCover's ({account}). XCover "
        "refuses calls signed at a wrong time: set the clocks of web servers and workers (NTP)."
    ),
    AlarmCode.BREAKER_OPEN: (
        "XCover ({account}) has not answered since {since}. Tickets sell without an offer, paid "
        "covers wait, and one call at a time tries whether it is back. See whether this server "
        "reaches XCover; if it does, ask Cover Genius."
    ),
    AlarmCode.OFFERS_REFUSED: (
        "{refused} of {asked} that asked in {channel} {period} got no offer ({why}): these buyers "
        "could not buy protection, and their tickets sell on without it. {others} {reason} Where "
        "it is in XCover's answer stands in the log event xcover.offer.unavailable."
    ),
    AlarmCode.MESSAGES_OVERDUE: (
        "{count} due for more than {minutes} minutes, the oldest since {since}. Workers do not "
        "keep up or do not run: see how many there are and what their log says. A rush after an "
        "outage ends by itself."
    ),
    AlarmCode.ORDER_UNFOLLOWED: (
        "The order is paid, holds a ticket protection line, and the plugin has no record of it: "
        "nothing is insured and XCover is not asked. It is looked at again by itself. If no "
        "checkout made the order (staff did, or it replaces another), refund what was paid for the "
        "line; else the log has it as xcover.work.failed: report it."
    ),
    AlarmCode.WORK_FAILING: (
        "{what} ended with a defect ({error}), last at {last_at}, {times} since {first_at}. {then} "
        "The log has it as xcover.work.failed: report it with what it says there."
    ),
    AlarmCode.DATABASE_BUSY: (
        "Another database session has held rows or tables the plugin needs since {first_at}: "
        "{pieces} of work wait for it ({examples}), and are done by themselves once it lets go. It "
        "may be a migration, a long transaction, or somebody in psql. In PostgreSQL {query} shows "
        "who holds them."
    ),
    AlarmCode.RECONCILE_FINDINGS: (
        "The nightly comparison with XCover at {at} found {findings} ({by_code}). "
        "manage.py xcover_reconcile lists them with what mends each; the alarm ends with the next "
        "night that finds none."
    ),
    AlarmCode.SWEEP_FAILING: (
        "The sweep begins and does not end: {unfinished} in a row, the last at {begun_at}. An "
        "exception or a killed worker stops it; look for saleor_xcover_plugin in the worker's log."
    ),
    AlarmCode.NO_WORKER: (
        "Celery beat asks for the sweep and no worker runs it; it {last_end}. Start a "
        "worker, or see whether it reads the queue the broker holds."
    ),
    AlarmCode.BEAT_NOT_RUNNING: (
        "The sweep {last_end}; nobody asks for it. Start Celery beat as a process of "
        "its own (" + BEAT_COMMAND + ") and see that a worker runs. Until then: manage.py "
        "xcover_work."
    ),
}

NO_CRON = (
    "The sweep {last_end}. This store has no broker, so cron must run manage.py "
    "xcover_work every minute: see why it does not."
)
"""``BEAT_NOT_RUNNING`` in a store without Celery workers."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a person must know, as it is now: what an alarm is raised for."""

    code: AlarmCode
    sentence: str
    subject: str = ""
    """An order's number, a gate's name, else empty."""
    order_id: uuid.UUID | None = None
    """The order whose history shall say it, too."""

    @property
    def key(self) -> tuple[str, str]:
        return (self.code.value, self.subject)


def incident(
    code: AlarmCode, subject: str = "", *, order_id: uuid.UUID | None = None, **facts: object
) -> Incident:
    """Say what is the matter, with the facts its sentence names."""
    return Incident(code, SENTENCES[code].format(**facts), subject, order_id)


def alarming(refused: Mapping[Code, int], offered: int) -> frozenset[Code]:
    """Return the reasons a person must hear of.

    ``refused`` counts the checkouts of a channel that got no offer, by reason; ``offered`` those
    that were shown one in the same time.
    """
    is_everybody = not offered and sum(refused.values()) >= MANY_REFUSALS
    return frozenset(refused) & (UNSELLABLE | UNOFFERED if is_everybody else UNSELLABLE)


@dataclass(frozen=True, slots=True)
class Refusals:
    """The refusals of offers in a channel, for one reason, within ``REFUSALS_WINDOW``.

    ``refused`` counts the checkouts refused for it, ``asked`` all that asked from the first of
    these refusals to the last. The times are those of asking.
    """

    first_at: datetime
    last_at: datetime
    refused: int
    asked: int
    is_mixed: bool
    """True when, between two refusals, somebody asked and was shown an offer."""
    is_followed: bool
    """True when, after the last refusal, somebody asked and was shown an offer."""

    def is_over(self, raised: Sequence[Raised]) -> bool:
        """Return True when the alarm may end. ``raised``: the alarms of this reason, newest first.

        An offer that is shown is no proof where refusals came between such offers before: then
        it is over when they leave the window. What was never told is told once, over or not.
        """
        is_told = bool(raised) and (raised[0].is_open or raised[0].raised_at >= self.last_at)
        return is_told and self.is_followed and not self.is_mixed and not has_come_back(raised)

    @property
    def period(self) -> str:
        """When it was, to the second: others who asked in the same minute are not counted."""
        first, last = (f"{time:%Y-%m-%d %H:%M:%S}" for time in (self.first_at, self.last_at))
        return f"at {first} UTC" if first == last else f"between {first} and {last} UTC"

    @property
    def others(self) -> str:
        """A sentence about the other checkouts that stays true whenever it is read."""
        if self.is_mixed:
            return (
                "Offers were shown in between: not all tickets are affected, or it comes and goes."
            )
        after = "; afterwards offers were shown again" if self.is_followed else ""
        return f"Nobody was shown an offer there in that time{after}."


@dataclass(frozen=True, slots=True)
class Raised:
    """When an alarm was raised and cleared."""

    raised_at: datetime
    cleared_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.cleared_at is None


def has_come_back(raised: Sequence[Raised]) -> bool:
    """Return True when the open alarm was raised within an hour after the last one was cleared.

    ``raised``: the alarms of one key, the newest first. Requests may be gone by then: a buyer who
    asks again ends the one before.
    """
    if len(raised) < 2 or not raised[0].is_open:
        return False
    before = raised[1].cleared_at
    return before is not None and raised[0].raised_at - before <= REFUSALS_WINDOW


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of something periodic."""

    begun_at: datetime | None = None
    ended_at: datetime | None = None
    unfinished: int = 0
    """How often it began since it ended last."""


def heartbeat_missing(
    sweep: Pulse, now: datetime, *, beat_ran_at: datetime | None, has_broker: bool
) -> Incident | None:
    """Say why the sweep does not run, or None when it does.

    ``beat_ran_at`` is when Celery beat asked for it last, as far as that is known.
    """
    if is_recent(sweep.ended_at, now, MAX_HEARTBEAT_AGE):
        return None
    last_end = f"ended last {at(sweep.ended_at)}" if sweep.ended_at else "has never ended"
    if is_recent(sweep.begun_at, now, MAX_HEARTBEAT_AGE):
        if sweep.unfinished < _FAILED_SWEEPS:
            return None
        begun_at, unfinished = at(sweep.begun_at), sweep.unfinished
        return incident(AlarmCode.SWEEP_FAILING, begun_at=begun_at, unfinished=unfinished)
    if not has_broker:
        return Incident(AlarmCode.BEAT_NOT_RUNNING, NO_CRON.format(last_end=last_end))
    if is_recent(beat_ran_at, now, MAX_HEARTBEAT_AGE + _BEAT_ROW_LAG):
        return incident(AlarmCode.NO_WORKER, last_end=last_end)
    return incident(AlarmCode.BEAT_NOT_RUNNING, last_end=last_end)


def is_recent(time: datetime | None, now: datetime, max_wait: timedelta) -> bool:
    """Whether it was within the last while. A time to come was written by a wrong clock."""
    return time is not None and abs(now - time) <= max_wait


def at(time: datetime | None) -> str:
    """Write a time for people, to the minute."""
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "never"


def minutes(period: timedelta) -> int:
    return int(period.total_seconds() // 60)
