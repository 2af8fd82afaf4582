"""Treat the covers of a cancelled or moved event: show them, preview refunds, and cancel them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...domain.event_times import EARLIEST, LATEST, is_believed
from ...domain.numbers import counted
from ...host.runtime import allow_writer
from ...host.tickets import SeveralProducts
from ...staff import event_changes, event_locks, event_runs, performances
from ...staff.decisions import DecisionRefused
from ...staff.event_locks import CommandAtWork
from ...staff.performances import Performance
from ..base import PluginCommand
from ..output import print_json, print_table
from ..progress import Progress

WAITS, BAD_ARGUMENTS, NOT_CONFIRMED = 1, 2, 3
"""Exit codes."""

_FAR = timedelta(days=2 * 365)
"""A new start further in the future is probably a mistyped year."""


class Command(PluginCommand):
    help = (
        "Find every cover of an event. Without --cancelled, --moved-to or --takes-place nothing is "
        "changed. --cancelled remembers that the organiser cancelled it, asks XCover what "
        "cancelling each policy would refund, and cancels those policies. Nothing is remembered or "
        "sent before you confirmed, and a no leaves nothing behind. Interrupted, it goes on where "
        "it was. Refused while a run of the protection desk works on one of the policies. Exit "
        "code: 0 nothing is left, 1 something waits, 2 bad arguments or such a run, 3 nobody "
        "confirmed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "product",
            help="product sold as its tickets: slug, id (as in the dashboard's address) or a SKU",
        )
        parser.add_argument(
            "--performance",
            action="append",
            default=[],
            metavar="NAME",
            help="which evening of a series: SKU, variant id or start, as a day or time where it "
            "takes place; may be repeated",
        )
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--cancelled", action="store_true", help="the organiser cancelled it")
        what.add_argument(
            "--moved-to", metavar="TIME", help="when it begins now: 2027-03-01T19:00+01:00"
        )
        what.add_argument(
            "--takes-place",
            action="store_true",
            help="it takes place as it was sold: take --cancelled or --moved-to back",
        )
        parser.add_argument(
            "--confirm", type=int, metavar="NUMBER", help="so many policies in force, do not ask"
        )
        parser.add_argument(
            "--even-so", action="store_true", help="the new time is meant, odd as it looks"
        )
        parser.add_argument("--json", action="store_true", help="machine-readable output")
        parser.add_argument("--no-progress", action="store_true", help="no bar on a terminal")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        changes = bool(options["cancelled"] or options["moved_to"] or options["takes_place"])
        if options["confirm"] is not None and not changes:
            raise _bad("--confirm goes with --cancelled, --moved-to or --takes-place.")
        moved_to = _read_time(options["moved_to"]) if options["moved_to"] else None
        chosen = _choose(options["product"], options["performance"], needs_one=changes)
        if beside := performances.beside(chosen):
            self.stderr.write(
                f"Not meant: {', '.join(ticket.label for ticket in beside)} of the same start. "
                "Name the start to mean all."
            )
        event = _Event(self, chosen, options)
        code = 0
        try:
            if options["cancelled"]:
                code = event.cancel()
            elif moved_to is not None:
                code = event.move(moved_to)
            elif options["takes_place"]:
                code = event.take_place()
        except DecisionRefused as refused:
            raise _bad(f"{refused} {event.so_far}") from None
        event.show()
        if code or (options["cancelled"] and event.waits()):
            sys.exit(code or WAITS)


class _Event:
    """The chosen performances, and the covers of their tickets."""

    def __init__(
        self, command: Command, chosen: Sequence[Performance], options: dict[str, Any]
    ) -> None:
        self._out, self._err = command.stdout, command.stderr
        self._chosen, self._options = chosen, options
        self._tickets = list(dict.fromkeys(ticket for one in chosen for ticket in one.tickets))
        self._variants = [ticket.key for ticket in self._tickets]
        self._covers = event_changes.covers_of(self._variants)
        self._has_person = sys.stdin.isatty() and not options["json"]
        self.so_far = "Nothing was changed."
        """What was done so far, a sentence for staff."""

    def cancel(self) -> int:
        """Record the cancellation, preview all policies and cancel those with a refund.

        Staff confirm before each of the two steps. Return the exit code, 0 if they confirmed. Raise
        ``DecisionRefused`` while a run of the desk works on one of the policies.
        """
        self._require_no_run()
        if self._needs_confirmation() and not self._confirms(
            f"The organiser cancelled it. {self._count()} in force: XCover is asked what it would "
            f"refund of {event_runs.premiums(self._covers)}."
        ):
            return NOT_CONFIRMED
        with self._at_work() as work:
            before = event_changes.changes_of(self._variants)
            told_at = utc_now()
            event_changes.tell_cancelled(self._variants, told_at)
            self.so_far = _STAYS
            self._ask(work)
            is_approved = self._approves()
            work.go_on()  # a run may have begun if the answer took very long
            if not is_approved:
                self._restore(before, told_at)
                self._take_back_all(work)
                return NOT_CONFIRMED
            count = sum(1 for _ in event_runs.to_approve(self._covers))
            total = count + event_runs.open_calls(self._covers)
            with self._progress("cancellations", total, work) as progress:
                event_runs.carry_out(
                    self._covers, utc_now, progress=progress, pause=event_runs.sleep
                )
        return 0

    def move(self, starts_at: datetime) -> int:
        """Record the new start (UTC) and add a note to the orders, after staff confirmed.

        Return the exit code, 0 if they confirmed. Raise ``DecisionRefused`` as ``cancel`` does.
        """
        self._require_no_run()
        now = utc_now()
        if _is_odd(starts_at, now) and not self._means(starts_at):
            return NOT_CONFIRMED
        new = f"{starts_at:%Y-%m-%d %H:%M} UTC"
        if not self._confirms(
            f"It begins on {new} now. {self._count()} in force; its orders are told."
        ):
            return NOT_CONFIRMED
        with self._at_work() as work:
            event_changes.tell_moved(self._variants, starts_at, utc_now())
            self.so_far = _STAYS
            self._take_back(work)
            self._say_told(
                self._by_page(work, lambda page: event_changes.note_move(page, starts_at))
            )
        return 0

    def take_place(self) -> int:
        """Delete the record of a cancellation or move, after staff confirmed.

        Return the exit code, 0 if they confirmed. Raise ``DecisionRefused`` as ``cancel`` does.
        """
        self._require_no_run()
        if not self._confirms(f"It takes place as it was sold. {self._count()} in force."):
            return NOT_CONFIRMED
        with self._at_work() as work:
            was_moved = any(event_changes.changes_of(self._variants).values())
            event_changes.tell_takes_place(self._variants)
            self.so_far = _STAYS
            self._take_back(work)
            if was_moved:
                self._say_told(self._by_page(work, event_changes.note_not_moved))
        return 0

    def waits(self) -> bool:
        """Return True if a policy is neither cancelled nor kept yet."""
        done = ("cancelled", "kept")
        found = event_runs.outcomes(self._covers)
        return any(o.what not in done and not o.what.startswith("no policy") for o in found)

    def show(self) -> None:
        """Write the performances and the outcomes of their covers."""
        labels = [one.label for one in performances.performances_of_tickets(self._tickets)]
        rows = [
            asdict(outcome) | {"refund": outcome.refund_money.digits()}
            for outcome in event_runs.outcomes(self._covers)
        ]
        if self._options["json"]:
            said = {
                "performances": labels,
                "covers": len(self._covers),
                "outcomes": rows,
            }
            print_json(self._out, said)
            return
        for label in labels:
            self._out.write(label)
        if rows:
            print_table(self._out, ("what", "policies", "refund", "currency"), rows)
        else:
            self._out.write("No cover was sold for it.")

    def _needs_confirmation(self) -> bool:
        """Return True if the cancellation is not recorded yet, or there is a number to check."""
        is_known = all(one.is_cancelled for one in self._chosen)
        has_number = self._options["confirm"] is not None
        return not is_known or (has_number and event_runs.in_force(self._covers) > 0)

    def _confirms(self, sentence: str) -> bool:
        """Return True if staff, or the number given with ``--confirm``, confirm the change."""
        count = event_runs.in_force(self._covers)
        given = self._options["confirm"]
        if given is not None:
            if given != count:
                self._err.write(f"{_policies(count)} in force, not {given}: nothing was changed.")
            return bool(given == count)
        for one in self._chosen:
            self._err.write(one.label)
        self._err.write(sentence)
        if not self._has_person:
            self._err.write(f"Nothing was changed. Look, then add --confirm {count}.")
            return False
        return input(f"Type {count} to confirm: ").strip() == str(count)

    def _approves(self) -> bool:
        """Return True if the policies are to be cancelled for the refunds that XCover named."""
        count = sum(1 for _ in event_runs.to_approve(self._covers))
        if not count or self._options["confirm"] is not None:
            return True
        if not self._has_person:
            in_force = event_runs.in_force(self._covers)
            self._err.write(f"Look, then add --confirm {in_force}.")
            return False
        self.show()
        answer = input(
            f"XCover refunds {event_runs.refunds(self._covers)} for {_policies(count)}. It cannot "
            f"be undone. Type {count} to cancel: "
        )
        return answer.strip() == str(count)

    def _means(self, starts_at: datetime) -> bool:
        """Return True if staff confirm a time in the past or years away."""
        if self._options["even_so"]:
            return True
        sentence = f"{starts_at:%Y-%m-%d %H:%M} UTC is in the past or years away."
        if not self._has_person:
            self._err.write(f"{sentence} Nothing was changed. Add --even-so if it is meant.")
            return False
        return input(f"{sentence} Type yes if it is meant: ").strip() == "yes"

    def _require_no_run(self) -> None:
        event_locks.require_no_run(self._variants, self._covers)

    def _at_work(self) -> AbstractContextManager[CommandAtWork]:
        label = "; ".join(one.label for one in self._chosen)
        return event_locks.command_at_work(self._variants, self._covers, label, utc_now)

    def _ask(self, work: CommandAtWork) -> None:
        asking = event_runs.unasked(self._covers) + event_runs.open_calls(self._covers)
        with self._progress("previews", asking, work) as progress:
            event_runs.ask(self._covers, utc_now, progress=progress, pause=event_runs.sleep)

    def _restore(self, before: Mapping[str, datetime | None], told_at: datetime) -> None:
        """Take back what this command told of the event, and say what is left of it."""
        left = event_changes.restore(self._variants, before, utc_now(), cancelled_at=told_at)
        if left:
            tickets = ", ".join(one.label for one in self._tickets if one.key in left)
            self._err.write(
                f"No policy was cancelled. Something else was told of {tickets} meanwhile: that "
                "stays as it is."
            )
            return
        self._err.write(_said_no(was_known=all(one.is_cancelled for one in self._chosen)))

    def _take_back(self, work: CommandAtWork) -> None:
        count = self._take_back_all(work)
        if count:
            self._err.write(f"{_policies(count)} will not be cancelled for it any more.")

    def _take_back_all(self, work: CommandAtWork) -> int:
        return self._by_page(work, lambda page: event_changes.take_back(page, utc_now()))

    def _by_page(self, work: CommandAtWork, treat: Callable[[Sequence[int]], int]) -> int:
        """Treat the covers page by page, with signs of life between; return the sum."""
        count = 0
        for page in event_changes.pages(self._covers):
            count += treat(page)
            work.go_on()
        return count

    def _say_told(self, count: int) -> None:
        told = f"{counted(count, 'order')} {'was' if count == 1 else 'were'} told"
        self._err.write(f"{told}; no policy was cancelled.")

    def _count(self) -> str:
        return _policies(event_runs.in_force(self._covers))

    @contextmanager
    def _progress(
        self, what: str, total: int, work: CommandAtWork
    ) -> Iterator[Callable[[int], None]]:
        """Yield what shows progress on a terminal, and gives a sign of life to the desk."""
        is_wanted = not self._options["no_progress"]
        bar = Progress(self._err, what, total=total, is_wanted=is_wanted)

        def show(count: int) -> None:
            bar(count)
            work.go_on()

        yield show
        bar.close()


def _choose(product: str, words: Sequence[str], *, needs_one: bool) -> list[Performance]:
    """Return the performances the arguments name. Raise ``CommandError`` if that is unclear."""
    try:
        found = performances.performances_of(product, utc_now())
    except SeveralProducts as several:
        raise _bad(
            f"Several products are, or were, called {product}. Name one by its id: {several}."
        ) from None
    if not found:
        raise _bad(f"There is no product {product}.")
    called = {word: performances.called(found, word) for word in words}
    if missing := [word for word in words if not called[word]]:
        raise _bad(f"No performance is called {', '.join(missing)}.\n{_listed(found)}")
    unclear = [word for word in words if len({one.starts_at for one in called[word]}) > 1]
    if needs_one and unclear:
        raise _bad(
            f"{unclear[0]} names several performances. Name each by its SKU, variant id or time:\n"
            f"{_listed(called[unclear[0]])}"
        )
    if needs_one and not words and len(found) > 1:
        raise _bad(
            "It is a series. Name what is meant with --performance (SKU, variant id or start):\n"
            f"{_listed(found)}"
        )
    return [one for word in words for one in called[word]] if words else found


def _listed(found: Sequence[Performance]) -> str:
    return "\n".join(f"  {one.label}" for one in found)


def _read_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _bad(_WITH_OFFSET) from None
    if moment.tzinfo is None:
        raise _bad(_WITH_OFFSET)
    if not is_believed(moment):
        raise _bad(
            f"Give a time from {EARLIEST.year} to {LATEST.year - 1}, with an offset of whole "
            "minutes and at most 14 hours."
        )
    return moment.astimezone(UTC)


_STAYS = "What this command did before stays: look again, and decide in the desk."
_WITH_OFFSET = "Give the time with its offset: 2027-03-01T19:00+01:00."


def _is_odd(starts_at: datetime, now: datetime) -> bool:
    return not now < starts_at < now + _FAR


def _said_no(*, was_known: bool) -> str:
    if was_known:
        return (
            "No policy was cancelled. An earlier run told that the event is cancelled, and that "
            "stays so: --takes-place takes it back."
        )
    return "No policy was cancelled, and nothing of this run is remembered."


def _bad(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=BAD_ARGUMENTS)


def _policies(count: int) -> str:
    return counted(count, "policy", "policies")
