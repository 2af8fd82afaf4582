"""Two plays of one test are the same when only ids, times and random texts differ, one for one."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.saleor.e2e.compare import first_difference


def global_id(kind: str, key: object) -> str:
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def steps(*answers: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"operation": "checkoutCreate", "answer": {"data": answer}} for answer in answers]


def test_other_ids_times_and_slugs_are_the_same_conversation():
    one = steps(
        {
            "id": global_id("Order", "11111111-1111-4111-8111-111111111111"),
            "slug": "channel_slug_11111111-1111-4111-8111-111111111111",
            "created": "2026-11-28T10:00:00+00:00",
            "number": "7",
        }
    )
    other = steps(
        {
            "id": global_id("Order", "22222222-2222-4222-8222-222222222222"),
            "slug": "channel_slug_22222222-2222-4222-8222-222222222222",
            "created": "2026-11-28T11:11:11+00:00",
            "number": "9",
        }
    )

    assert first_difference(one, other) is None


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"city": "K\u010dina"}, {"city": "K\u010dino"}, "city"),
        ({"total": 20.0}, {"total": 20.01}, r"\.total: 20\.01, 20\.0 in the baseline"),
        ({"isPaid": True}, {"isPaid": 1}, "isPaid"),
        ({"status": "FULFILLED"}, {"status": "PARTIALLY_FULFILLED"}, "status"),
        ({"status": "NONE"}, {"status": "FULL"}, "status"),
        ({"lines": [1]}, {"lines": [1, 2]}, "2 items, 1 in the baseline"),
        ({"errors": []}, {"errors": [], "more": 1}, r"keys \['more'\]"),
        ({"id": global_id("Order", 1)}, {"id": global_id("Checkout", 1)}, "id"),
        ({"method": None}, {"method": global_id("Warehouse", 1)}, "method"),
    ],
)
def test_anything_else_is_a_difference_and_named(one, other, said):
    with pytest.raises(AssertionError, match=said):
        assert not _raise(first_difference(steps(one), steps(other)))


def _raise(difference: str | None) -> bool:
    if difference:
        raise AssertionError(difference)
    return False


def test_one_id_stands_for_the_same_other_one_in_the_whole_test():
    first, second = global_id("Warehouse", 1), global_id("Warehouse", 2)
    one = steps({"id": first}, {"id": first})

    assert first_difference(one, steps({"id": second}, {"id": second})) is None
    assert first_difference(one, steps({"id": first}, {"id": second}))
    # and no two become one
    assert first_difference(steps({"id": first}, {"id": second}), one)


def test_an_id_inside_a_text_varies_and_the_words_around_it_do_not():
    one = steps({"reason": f"Promotion: {global_id('Promotion', 'a1')}"})

    assert (
        first_difference(one, steps({"reason": f"Promotion: {global_id('Promotion', 'b2')}"}))
        is None
    )
    assert first_difference(one, steps({"reason": f"Sale: {global_id('Promotion', 'b2')}"}))
    assert first_difference(one, steps({"reason": f"Promotion: {global_id('Sale', 'b2')}"}))


def test_a_step_more_or_less_is_a_difference():
    assert "fewer steps" in str(first_difference(steps({}, {}), steps({})))
    assert "more steps" in str(first_difference(steps({}), steps({}, {})))


def test_sets_of_words_come_in_any_order_but_lists_of_objects_do_not():
    assert first_difference(steps({"a": ["X", "Y"]}), steps({"a": ["Y", "X"]})) is None
    assert first_difference(steps({"a": [{"n": 1}, {"n": 2}]}), steps({"a": [{"n": 2}, {"n": 1}]}))


def test_a_random_word_varies_in_brackets_and_quotation_marks_too():
    one = steps({"message": 'Card (ending: 785E). {"voucherId": "Vm91Y2hlcjo0Mg=="}.\nIn it'})
    other = steps({"message": 'Card (ending: 8E15). {"voucherId": "Vm91Y2hlcjozNg=="}.\nIn it'})
    bare = steps({"message": 'Card [ending: 8E15]. {"voucherId": "Vm91Y2hlcjozNg=="}.\nIn it'})

    assert first_difference(one, other) is None
    assert first_difference(one, bare)


def test_the_end_of_a_gift_cards_code_may_have_no_digit():
    one = steps({"last4CodeChars": "EDDD", "status": "VOID"})

    assert first_difference(one, steps({"last4CodeChars": "D60F", "status": "VOID"})) is None
    assert first_difference(one, steps({"last4CodeChars": "EDDD", "status": "OPEN"}))


def test_gift_cards_of_an_order_come_in_any_order_but_are_the_same():
    def cards(*keys):
        return {"giftCards": [{"id": global_id("GiftCard", key)} for key in keys]}

    one = steps(cards(1), cards(1, 2), cards(1, 2, 3), cards(3, 1, 2))

    assert first_difference(one, steps(cards(7), cards(7, 8), cards(7, 8, 9), cards(7, 8, 9))) is (
        None
    )
    assert first_difference(one, steps(cards(7), cards(7, 8), cards(7, 8, 9), cards(7, 7, 9)))
    assert first_difference(one, steps(cards(7), cards(8, 7), cards(7, 8, 9), cards(7, 8)))
