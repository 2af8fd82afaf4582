"""Alarms for staff: a closed list of codes, each with a sentence that says what to do.

An alarm is raised once, when its incident begins, and cleared when the incident is over.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..errors import Code

CONFIRMATION_GRACE = timedelta(minutes=15)
"""Time after the payment, or the order's last change, that a cover may take to be confirmed."""

NEAR_EVENT = timedelta(hours=24)
"""Time before the event from which an unpaid cover raises an alarm."""

OVERDUE = timedelta(minutes=5)
"""Delay of a due message that raises an alarm; workers that keep up need less than a minute."""

BUSY_GRACE = timedelta(minutes=10)
"""Time for which work may meet locks before an alarm; migrations of this size take seconds."""

MAX_HEARTBEAT_AGE = timedelta(minutes=5)
"""Age of the sweep's last end that raises an alarm; the sweep runs every minute."""

_BEAT_ROW_LAG = timedelta(minutes=5)
"""Beat saves the time of an entry's last run only every few minutes."""

_FAILED_SWEEPS = 3
"""Consecutive sweeps that began and did not end before an alarm is raised."""

UNTRIED = timedelta(hours=1)
"""Time without a call after which an open breaker no longer raises an alarm."""

REFUSALS_WINDOW = timedelta(hours=1)
"""Time for which a refused offer counts; the sweep then ends its request.

Refusals that alternated with shown offers are over when none came for this time.
"""

REFUSALS_KEPT = timedelta(days=1)
"""Longest time an alarm about refused offers stays open without an offer that ends it."""

MANY_REFUSALS = 20
"""Number of refused checkouts, none of which got an offer, that raises an alarm."""

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
"""Reasons why an offer of XCover's cannot be sold. They recur until a person acts."""

UNOFFERED = frozenset({Code.NO_OFFER, Code.PRODUCT_FAILED, Code.XCOVER_UNAVAILABLE})
"""Reasons that are normal for some checkouts, but not for every checkout of an hour."""

WORKER_COMMAND = "celery --app saleor.celeryconf:app worker"
"""The command that starts a Celery worker."""
BEAT_COMMAND = (
    "celery --app saleor.celeryconf:app beat "
    "--scheduler saleor.schedulers.schedulers.DatabaseScheduler"
)
"""The command that starts Celery beat, with the scheduler Saleor uses.

Beat inside a worker (``-B``) uses another scheduler, in which some of Saleor's schedules are always
due and keep the others from running.
"""


class AlarmCode(StrEnum):
    """Stable codes for logs, metrics and monitoring; docs/operations.md explains each."""

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
"""Alarms about the sweep itself; ``xcover_status`` raises them, because the sweep cannot."""

WAITS_FOR_ADOPTION = frozenset(
    {
        AlarmCode.PAID_UNPROTECTED,
        AlarmCode.MESSAGES_OVERDUE,
        AlarmCode.OFFERS_REFUSED,
        AlarmCode.RECONCILE_FINDINGS,
    }
)
"""Consequences of ``WRONG_STORE``, not raised beside it."""

MEANINGS: Mapping[AlarmCode, str] = {
    AlarmCode.PAID_UNPROTECTED: "An order was paid a while ago and its policy is not made.",
    AlarmCode.UNPAID_NEAR_EVENT: "An order is not paid in full and its event begins soon.",
    AlarmCode.PARKED: "Something about an order waits for a person.",
    AlarmCode.WRONG_STORE: "The database belongs to another store than the one that runs here.",
    AlarmCode.CREDENTIALS_REFUSED: "XCover refuses the credentials of an account.",
    AlarmCode.SETTINGS_UNUSABLE: "The settings of a channel cannot be used.",
    AlarmCode.CLOCK_OFF: "A server's clock differs from XCover's by more than a minute.",
    AlarmCode.BREAKER_OPEN: "XCover does not answer.",
    AlarmCode.OFFERS_REFUSED: "Nobody is shown an offer in a channel, or XCover's cannot be sold.",
    AlarmCode.MESSAGES_OVERDUE: "Calls to XCover are due and no worker makes them.",
    AlarmCode.ORDER_UNFOLLOWED: "A paid order with a protection line has no record here.",
    AlarmCode.WORK_FAILING: "Periodic work on an order, or a step of it, fails.",
    AlarmCode.DATABASE_BUSY: "Work has waited for locks of other database sessions for long.",
    AlarmCode.RECONCILE_FINDINGS: "The nightly comparison with XCover found differences.",
    AlarmCode.SWEEP_FAILING: "The sweep begins again and again and does not end.",
    AlarmCode.NO_WORKER: "No worker runs the sweep.",
    AlarmCode.BEAT_NOT_RUNNING: "Nothing starts the sweep.",
}
"""Sentences that say what each code means; docs/operations.md says what to do."""

# The sentence of each alarm, with the facts that ``incident`` fills in.
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
        "Work on this order waits for a person ({what}). What happened and what to do is in the "
        "dashboard beside the order, and under Needs a person; in a shell: xcover_status."
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
"""The sentence of ``BEAT_NOT_RUNNING`` in a store without Celery workers."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A current problem that staff must know of; an alarm is raised for it."""

    code: AlarmCode
    sentence: str
    subject: str = ""
    """Tells incidents of one code apart: an order's number or an account's name, else empty."""
    order_id: uuid.UUID | None = None
    """The order whose history gets a note."""

    @property
    def key(self) -> tuple[str, str]:
        """Code and subject, by which an incident is matched with its alarm."""
        return (self.code.value, self.subject)


def incident(
    code: AlarmCode, subject: str = "", *, order_id: uuid.UUID | None = None, **facts: object
) -> Incident:
    """Build an incident; ``facts`` fill the placeholders of its sentence.

    Raise ``KeyError`` if a fact is missing.
    """
    return Incident(code, SENTENCES[code].format(**facts), subject, order_id)


def alarming(refused: Mapping[Code, int], offered: int) -> frozenset[Code]:
    """Return the reasons for which an alarm is due.

    ``refused`` counts the checkouts of a channel that got no offer, by reason; ``offered`` is the
    number of those that were shown one in the same time.
    """
    is_everybody = not offered and sum(refused.values()) >= MANY_REFUSALS
    return frozenset(refused) & (UNSELLABLE | UNOFFERED if is_everybody else UNSELLABLE)


@dataclass(frozen=True, slots=True)
class Refusals:
    """The refusals of offers in a channel, for one reason, within ``REFUSALS_WINDOW``."""

    first_at: datetime
    """When the first refused checkout asked for an offer, in UTC."""
    last_at: datetime
    """When the last refused checkout asked for an offer, in UTC."""
    refused: int
    """Number of checkouts refused for the reason."""
    asked: int
    """Number of all checkouts that asked from ``first_at`` to ``last_at``."""
    is_mixed: bool
    """True if, between two refusals, a checkout asked and was shown an offer."""
    is_followed: bool
    """True if, after the last refusal, a checkout asked and was shown an offer."""

    def is_over(self, raised: Sequence[Raised]) -> bool:
        """Return True if the alarm may end.

        ``raised`` holds the alarms of this reason, newest first. An offer that is shown ends the
        alarm unless refusals alternated with offers; then the alarm ends when the refusals leave
        the window. Refusals for which no alarm was raised yet are not over.
        """
        is_raised = bool(raised) and (raised[0].is_open or raised[0].raised_at >= self.last_at)
        return is_raised and self.is_followed and not self.is_mixed and not has_come_back(raised)

    @property
    def period(self) -> str:
        """The time of the refusals in words, to the second, in UTC."""
        first, last = (f"{time:%Y-%m-%d %H:%M:%S}" for time in (self.first_at, self.last_at))
        return f"at {first} UTC" if first == last else f"between {first} and {last} UTC"

    @property
    def others(self) -> str:
        """A sentence about the other checkouts, which stays true after the alarm was raised."""
        if self.is_mixed:
            return (
                "Offers were shown in between: not all tickets are affected, or it comes and goes."
            )
        after = "; afterwards offers were shown again" if self.is_followed else ""
        return f"Nobody was shown an offer there in that time{after}."


@dataclass(frozen=True, slots=True)
class Raised:
    """The times of an alarm, in UTC."""

    raised_at: datetime
    cleared_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """True if the alarm was not cleared yet."""
        return self.cleared_at is None


def has_come_back(raised: Sequence[Raised]) -> bool:
    """Return True if an open alarm was raised within an hour after the last one was cleared.

    ``raised`` holds the alarms of one key, newest first.
    """
    if len(raised) < 2 or not raised[0].is_open:
        return False
    before = raised[1].cleared_at
    return before is not None and raised[0].raised_at - before <= REFUSALS_WINDOW


@dataclass(frozen=True, slots=True)
class Pulse:
    """The last runs of a periodic step."""

    begun_at: datetime | None = None
    ended_at: datetime | None = None
    unfinished: int = 0
    """Number of runs that began after the last one that ended."""


def heartbeat_missing(
    sweep: Pulse, now: datetime, *, beat_ran_at: datetime | None, has_broker: bool
) -> Incident | None:
    """Return an incident if the sweep does not run, else None.

    ``beat_ran_at`` is when Celery beat last sent its task, None if that is not known;
    ``has_broker`` is False in a store without Celery.
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
    """Return True if a time is at most ``max_wait`` ago.

    A time further in the future was written by a wrong clock and is not recent.
    """
    return time is not None and abs(now - time) <= max_wait


def at(time: datetime | None) -> str:
    """Return a UTC time in words, to the minute; "never" for None."""
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "never"


def minutes(period: timedelta) -> int:
    """Return the whole minutes of a period."""
    return int(period.total_seconds() // 60)
