"""The place of a turn among those of its page, when some pages had to be forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.answer_sequence import (
    MAX_PAGES,
    AnswerTurn,
    Place,
    place_of,
    remember,
)

ARRIVALS = st.lists(
    st.tuples(st.integers(0, 2 * MAX_PAGES), st.integers(0, 8), st.booleans(), st.booleans()),
    min_size=MAX_PAGES,
    max_size=6 * MAX_PAGES,
)


class EndlessMemory:
    """What every page has answered, without a bound."""

    def __init__(self):
        self.pages = {}

    def is_late(self, turn):
        number, was_taken = self.pages.get(turn.page, (-1, True))
        return turn.number < number or (turn.number == number and was_taken)

    def remember(self, turn, *, was_taken):
        self.pages[turn.page] = (turn.number, was_taken)


@given(ARRIVALS)
def test_what_is_late_is_never_taken_for_the_next_answer(arrivals):
    memory, endless = [], EndlessMemory()
    for page, number, is_yes, was_taken in arrivals:
        turn = AnswerTurn(f"page-{page}", number)
        place = place_of(memory, turn)
        # then a bound makes nothing later than it is
        assert place != Place.NEXT or not endless.is_late(turn)
        assert place != Place.LATE or endless.is_late(turn)
        # and as long as all pages fit in, nothing is unsure
        if len(endless.pages) <= MAX_PAGES:
            assert place == (Place.LATE if endless.is_late(turn) else Place.NEXT)
        is_answered = place == Place.NEXT or (place == Place.UNSURE and not is_yes)
        if place == Place.NEXT:
            memory = remember(memory, turn, was_taken=was_taken)
        if is_answered and not endless.is_late(turn):
            endless.remember(turn, was_taken=was_taken)
        assert len(memory) <= MAX_PAGES + 1


@given(st.lists(st.integers(0, 8), min_size=MAX_PAGES + 1, max_size=3 * MAX_PAGES))
def test_a_page_above_all_that_were_forgotten_is_next(numbers):
    memory = []
    for page, number in enumerate(numbers):
        memory = remember(memory, AnswerTurn(f"page-{page}", number), was_taken=True)
    assert place_of(memory, AnswerTurn("new", 9)) == Place.NEXT
    highest = max(numbers[:-MAX_PAGES])
    assert place_of(memory, AnswerTurn("new", highest)) == Place.UNSURE
    assert place_of(memory, AnswerTurn("new", highest + 1)) == Place.NEXT


def test_a_refused_turn_may_be_tried_again_until_its_page_is_forgotten():
    turn = AnswerTurn("one", 3)
    memory = remember([], turn, was_taken=False)
    assert place_of(memory, turn) == Place.NEXT
    for page in range(MAX_PAGES):
        memory = remember(memory, AnswerTurn(f"page-{page}", 1), was_taken=True)
    assert place_of(memory, turn) == Place.UNSURE


def test_the_memory_of_the_version_before_is_read():
    assert place_of([["one", 2, True]], AnswerTurn("one", 1)) == Place.LATE
    assert place_of([["one", 2, True]], AnswerTurn("two", 1)) == Place.NEXT


def test_pages_are_forgotten_oldest_first_and_summed_up_in_one():
    memory = []
    for page in range(MAX_PAGES + 2):
        memory = remember(memory, AnswerTurn(f"page-{page}", page + 1), was_taken=True)

    assert memory[0] == ["", 2, True]
    assert [page for page, _, _ in memory[1:]] == [f"page-{n}" for n in range(2, MAX_PAGES + 2)]
    # who answers again is the newest
    again = remember(memory, AnswerTurn("page-2", 90), was_taken=False)
    assert again[-1] == ["page-2", 90, False]
    assert len(again) == len(memory)


def test_a_forgotten_page_may_have_given_its_first_answer_only():
    memory = []
    for page in range(MAX_PAGES + 1):
        memory = remember(memory, AnswerTurn(f"page-{page}", 0), was_taken=True)

    assert memory[0] == ["", 0, True]
    assert place_of(memory, AnswerTurn("page-0", 0)) == Place.UNSURE


def test_an_answer_that_was_taken_is_not_taken_again():
    memory = remember([], AnswerTurn("one", 2), was_taken=True)

    assert place_of(memory, AnswerTurn("one", 2)) == Place.LATE
    assert place_of(memory, AnswerTurn("one", 3)) == Place.NEXT


def test_each_page_and_all_that_were_forgotten_stand_once():
    memory = [["", 3, True], ["one", 1, True], ["two", 1, True]]

    assert remember(memory, AnswerTurn("one", 2), was_taken=True) == [
        ["", 3, True],
        ["two", 1, True],
        ["one", 2, True],
    ]


def test_the_first_answer_of_all_may_have_any_number():
    assert place_of([], AnswerTurn("one", 0)) == Place.NEXT
    assert remember([], AnswerTurn("one", 0), was_taken=True) == [["one", 0, True]]
