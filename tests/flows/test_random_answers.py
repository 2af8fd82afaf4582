"""Random stories of one checkout whose pages answer over a network that delays and repeats.

Every answer reaches the plugin at last, in any order, some twice, while tickets change and offers
expire and are renewed. Whatever happens: nobody is insured by a yes that a later no has overtaken,
and while the pages fit into the memory the answer that holds is the one an endless memory would
hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from saleor_xcover_plugin.domain import answer_sequence
from testkit.client.driver import Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import Offer

from ..deep.counts import count, seed

STORIES = count("answer stories")
SEED = seed("answer stories")
STEPS = 40


@dataclass
class Page:
    """One page load; ``offer`` is the one it shows."""

    name: str
    offer: Offer
    turn: int
    presses: list[Press] = field(default_factory=list)


@dataclass(frozen=True)
class Press:
    """One answer on its way, with the terms its page showed."""

    page: str
    turn: int
    is_yes: bool
    offer: Offer


class Story:
    """A checkout, its pages, and a model that forgets no page."""

    def __init__(self, buyer: Shopper, store: Store, dice: Random, most_pages: int) -> None:
        self.buyer, self.dice, self.most_pages = buyer, dice, most_pages
        self.quantity = 2
        self.buyer.create_checkout({store.concert: 2})
        self.live: Offer | None = None
        self.is_expired = self.is_insured = False
        self.quantity_to_keep: int | None = None
        self.has_obeyed_late_no = False
        self.answered: dict[str, tuple[int, bool]] = {}
        self.arrived: list[Press] = []
        self.pages: list[Page] = []
        self.under_way: list[Press] = []
        self.played: Counter[str] = Counter()

    def play(self) -> None:
        """Press, deliver and change things; in the end everything arrives."""
        weights = {
            self.load_page: 3,
            self.press: 12,
            self.arrive: 10,
            self.change_tickets: 2,
            self.offer_expires: 1,
        }
        self.load_page()
        for step in self.dice.choices(list(weights), list(weights.values()), k=STEPS):
            step()
        while self.under_way:
            self.arrive()
        self.look()
        self._expect_the_page_heard_last()

    # Pages -----------------------------------------------------------------------------------

    def load_page(self) -> None:
        """A page counts from the time of its load, or from one where its storefront does."""
        turn = self.dice.choice([0, 100 * len(self.pages)])
        self.pages.append(Page(f"page-{len(self.pages)}", self.look(), turn))

    def press(self) -> None:
        """Answer on one of the latest pages; most have looked at the live offer before."""
        page = self.dice.choice(self.pages[-4:])
        if page.offer is not self.live and self.dice.random() < 0.8:
            page.offer = self.look()
        page.turn += 1
        page.presses.append(Press(page.name, page.turn, self.dice.random() < 0.6, page.offer))
        self.under_way.append(page.presses[-1])

    def look(self) -> Offer:
        """Ask for the offer: a new one where the last one ended, which keeps a yes of before."""
        is_new = self.live is None or self.is_expired
        if is_new and self.is_insured:
            self.quantity_to_keep = self.quantity
        self.live, self.is_expired = self.buyer.offer(), False
        if is_new and self.quantity_to_keep == self.quantity:
            # A late no of a page that was forgotten meanwhile is obeyed too.
            is_lost = self.has_obeyed_late_no and self.live.answer is None
            self.is_insured, self.quantity_to_keep = not is_lost, None
            self.has_obeyed_late_no = False
            self.played["not insured, to be safe" if is_lost else "kept"] += 1
        assert (self.live.answer == "accepted") == self.is_insured
        return self.live

    # The network -----------------------------------------------------------------------------

    def arrive(self) -> None:
        """Deliver any answer that is under way; some are delivered once more later."""
        if not self.under_way:
            return
        press = self.dice.choice(self.under_way)
        if self.dice.random() < 0.8:
            self.under_way.remove(press)
        number, was_taken = self.answered.get(press.page, (-1, True))
        is_late = press.turn < number or (press.turn == number and was_taken)
        is_taken = self._say(press)
        self.played["late" if is_late else "in turn"] += 1
        is_forgotten = is_late and len(self.answered) > self.most_pages
        if is_forgotten and not press.is_yes and self.quantity_to_keep is not None:
            self.has_obeyed_late_no = True
        if not is_late:
            self.arrived.append(press)
            self.answered[press.page] = (press.turn, is_taken)
            self._hold(press)
        has_cover = bool(self.buyer.checkout().cover_lines)
        if self.is_insured and not has_cover and len(self.answered) > self.most_pages:
            self.is_insured = False
            self.played["not insured, to be safe"] += 1
        assert has_cover == self.is_insured

    def _say(self, press: Press) -> bool:
        """Answer as the page did; return whether it was not refused."""
        terms = {"page": press.page, "turn": press.turn}
        try:
            if press.is_yes:
                self.buyer.accept(press.offer, **terms)
            else:
                self.buyer.decline(**terms)
        except Refused:
            return False
        return True

    def _hold(self, press: Press) -> None:
        """Change the model as an answer in turn does; other terms than the live ones do nothing."""
        if not press.is_yes:
            self.is_insured, self.quantity_to_keep = False, None
            self.has_obeyed_late_no = False
        elif self._is_live(press.offer):
            self.is_insured, self.quantity_to_keep = True, None
            self.has_obeyed_late_no = False
            self.played["yes"] += 1

    def _is_live(self, offer: Offer) -> bool:
        live = None if self.is_expired else self.live
        return live is not None and live.content_hash == offer.content_hash

    # The checkout ----------------------------------------------------------------------------

    def change_tickets(self) -> None:
        """Another number of tickets ends the offer; a yes to it may come back with its terms."""
        (line,) = self.buyer.checkout().ticket_lines
        if self.is_insured:
            self.quantity_to_keep, self.has_obeyed_late_no = self.quantity, False
        self.quantity = 5 - self.quantity
        changed = self.buyer.set_quantity(line, self.quantity)
        self.live, self.is_insured = None, False
        assert not changed.cover_lines

    def offer_expires(self) -> None:
        from saleor_xcover_plugin.models import Offer as Row

        Row.objects.update(valid_until=datetime.now(UTC) - timedelta(seconds=1))
        self.is_expired = True

    # What must hold --------------------------------------------------------------------------

    def _expect_the_page_heard_last(self) -> None:
        """Without the model: a page whose last press was a no, and was heard last, is obeyed."""
        ends = [page.presses[-1] for page in self.pages if page.presses]
        last = [press for press in self.arrived if press in ends][-1]
        if not last.is_yes:
            assert not self.buyer.checkout().cover_lines
            self.played["ended with a no"] += 1


@pytest.fixture
def no_hurry(store: Store, staff: Staff) -> Iterator[None]:
    """A story changes its checkout faster than people do, and is to go on."""
    staff.configure_plugin(store.usd, {"offers_per_minute": "1000"})
    yield
    staff.configure_plugin(store.usd, {"offers_per_minute": "12"})


@pytest.mark.usefixtures("no_hurry")
@pytest.mark.parametrize("most_pages", [answer_sequence.MAX_PAGES, 1])
def test_random_answers(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    monkeypatch: pytest.MonkeyPatch,
    most_pages: int,
) -> None:
    """Also with a memory of one page, which a short story fills."""
    monkeypatch.setattr(answer_sequence, "MAX_PAGES", most_pages)
    played: Counter[str] = Counter()
    for number in range(STORIES):
        print(f"story {number} of seed {SEED}")
        story = Story(shopper(store.usd), store, Random(SEED + number), most_pages)  # noqa: S311
        story.play()
        played += story.played

    print(dict(played))
    assert {"in turn", "late", "yes", "kept", "ended with a no"} <= set(played)
    assert ("not insured, to be safe" in played) == (most_pages == 1)
