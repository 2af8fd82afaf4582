"""What money that went back was for."""

import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.refund_attribution import (
    Intention,
    Refunded,
    RefundScope,
    Sold,
    SoldLine,
    attribute,
    scope_of_pieces,
)

TICKETS, SHIRT, COVER = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
PREMIUM, ALL_TICKETS, SHIPPING = Decimal("6.66"), Decimal(200), Decimal("7.50")
TOTAL = ALL_TICKETS + PREMIUM + 10 + SHIPPING
LINES = (
    SoldLine(TICKETS, "11", 2, Decimal(100), ALL_TICKETS),
    SoldLine(SHIRT, "12", 1, Decimal(10), Decimal(10)),
)
SOLD = Sold((*LINES, SoldLine(COVER, "13", 1, PREMIUM, PREMIUM)), {COVER}, SHIPPING, TOTAL)


def plan(amount: object, pieces: dict | None = None, **more: object) -> Intention:
    """Return a grant that nobody sent."""
    return Intention(Decimal(str(amount)), pieces or {}, **more)


def done(amount: object, pieces: dict | None = None, **more: object) -> Intention:
    """Return a grant whose money went back."""
    return plan(amount, pieces, is_done=True, **more)


def back(*intentions: Intention, plain: object = 0) -> Refunded:
    """Return what went back by these, and by plain money."""
    amount = sum((one.amount for one in intentions), Decimal(str(plain)))
    return attribute(amount, intentions, SOLD)


def scope_of(refunded: Refunded) -> RefundScope:
    return scope_of_pieces(refunded, LINES, insured={"11"}, cover_lines=[COVER])


@pytest.mark.parametrize(
    ("refunded", "scope"),
    [
        (back(), RefundScope.NOTHING),
        (back(done(10, {SHIRT: 1})), RefundScope.NOTHING),
        (back(done(4, {SHIRT: 1})), RefundScope.NOTHING),
        (back(done("7.50", shipping=SHIPPING)), RefundScope.NOTHING),
        (back(done("17.50", {SHIRT: 1}, shipping=SHIPPING)), RefundScope.NOTHING),
        (back(done(10, {SHIRT: 1}), plain=5), RefundScope.MONEY),
        (back(done(15, {SHIRT: 1})), RefundScope.MONEY),
        (back(plain="0.01"), RefundScope.MONEY),
        (back(done("6.66", {COVER: 1})), RefundScope.COVER),
        (back(done("6.65", {COVER: 1})), RefundScope.SHORT),
        (back(done(100, {TICKETS: 1})), RefundScope.SOME_TICKETS),
        (back(done(99, {TICKETS: 1})), RefundScope.SHORT),
        (back(done("106.66", {TICKETS: 1, COVER: 1})), RefundScope.SOME_TICKETS),
        (back(done(200, {TICKETS: 2})), RefundScope.TICKETS),
        (back(done(200, {TICKETS: 2}), plain=1), RefundScope.TICKETS),
        (back(done("206.66", {TICKETS: 2, COVER: 1})), RefundScope.EVERYTHING),
        (back(done(10, {TICKETS: 2, COVER: 1})), RefundScope.SHORT),
        (back(done("186.66", {TICKETS: 2, COVER: 1})), RefundScope.SHORT),
        (
            back(done(200, {TICKETS: 2}), done("2.00", {COVER: 1})),
            RefundScope.SHORT,
        ),
        (
            back(done(100, {TICKETS: 1}), done("106.66", {TICKETS: 1, COVER: 1})),
            RefundScope.EVERYTHING,
        ),
    ],
)
def test_what_went_back_means_for_the_policy(refunded, scope):
    assert scope_of(refunded) == scope


def test_an_order_without_insured_tickets_has_no_tickets_to_refund():
    refunded = back(done(10, {SHIRT: 1}))

    scope = scope_of_pieces(refunded, LINES, insured=(), cover_lines=[COVER])

    assert scope == RefundScope.NOTHING


@pytest.mark.parametrize(
    ("_case", "refunded", "for_cover"),
    [
        ("the cover", back(done("6.66", {COVER: 1})), "6.66"),
        ("part of it", back(done("2.00", {COVER: 1})), "2.00"),
        ("more than it costs", back(done("9.00", {COVER: 1})), "6.66"),
        ("all, and a fee was kept", back(done("186.66", {TICKETS: 2, COVER: 1})), "0"),
        ("all but a small fee", back(done("204.00", {TICKETS: 2, COVER: 1})), "4.00"),
        ("tickets", back(done(200, {TICKETS: 2})), "0"),
        ("in two parts", back(done(2, {COVER: 1}), done("4.66", {COVER: 1})), "6.66"),
        ("plain money", back(plain="6.66"), "0"),
    ],
)
def test_what_of_it_was_for_the_cover(_case, refunded, for_cover):
    assert refunded.for_cover == Decimal(for_cover)


def test_what_was_named_with_less_money_is_kept_with_both_sums():
    refunded = back(done(10, {TICKETS: 2, COVER: 1}), done(10, {SHIRT: 1}))

    assert refunded.short_of([TICKETS, COVER]) == (Decimal("206.66"), Decimal(10))
    assert (dict(refunded.short), dict(refunded.pieces)) == ({TICKETS: 2, COVER: 1}, {SHIRT: 1})
    assert refunded.plain_money == 0


@pytest.mark.parametrize(
    ("_case", "intentions", "cost", "back"),
    [
        ("a shirt apart", [done(4, {SHIRT: 1}), done(2, {COVER: 1})], "6.66", "2.00"),
        ("a shirt in the same refund", [done(12, {SHIRT: 1, COVER: 1})], "6.66", "2.00"),
        ("less than the shirt", [done(9, {SHIRT: 1, COVER: 1})], "6.66", "0.00"),
        ("shipping in it", [done("8.50", {COVER: 1}, shipping=SHIPPING)], "6.66", "1.00"),
        ("a whole refund beside", [done(200, {TICKETS: 2}), done(2, {COVER: 1})], "6.66", "2.00"),
    ],
)
def test_only_tickets_and_cover_are_in_the_sums_staff_read(_case, intentions, cost, back):
    refunded = attribute(sum((one.amount for one in intentions), Decimal(0)), intentions, SOLD)

    assert refunded.short_of([TICKETS, COVER]) == (Decimal(cost), Decimal(back))


def test_a_rounded_unit_price_makes_nothing_short():
    # 3 pieces for 100.00: Saleor writes 33.33 each.
    line = SoldLine(TICKETS, "11", 3, Decimal("33.34"), Decimal("100.00"))
    sold = Sold((line,), (), Decimal(0), Decimal(100))

    refunded = attribute(Decimal(100), [done(100, {TICKETS: 3})], sold)

    assert (dict(refunded.pieces), dict(refunded.short)) == ({TICKETS: 3}, {})


def test_what_the_host_calls_done_counts_only_as_far_as_the_money_reaches():
    refunded = attribute(Decimal("99.99"), [done(100, {TICKETS: 1})], SOLD)

    assert (refunded.pieces, refunded.plain_money) == ({}, Decimal("99.99"))


@pytest.mark.parametrize(
    ("_case", "amount", "plans", "pieces"),
    [
        ("just its amount", "6.66", [plan("6.66", {COVER: 1})], {COVER: 1}),
        ("an own amount", "11.00", [plan("11.00", {TICKETS: 2, COVER: 1})], {}),
        ("less than it", "6.65", [plan("6.66", {COVER: 1})], {}),
        ("more than it", "8.00", [plan("6.66", {COVER: 1})], {}),
        (
            "two together",
            "16.66",
            [plan("6.66", {COVER: 1}), plan(10, {SHIRT: 1})],
            {COVER: 1, SHIRT: 1},
        ),
        (
            "two that fit",
            "100.00",
            [plan(100, {TICKETS: 1}), plan(100, {TICKETS: 1})],
            {},
        ),
        ("another line costs it", "10.00", [plan(10, {TICKETS: 1})], {}),
        ("one piece of another line costs it", "100", [plan(100, {SHIRT: 1, COVER: 1})], {}),
        ("the shipping costs it", "7.50", [plan("7.50", {COVER: 1})], {}),
        (
            "the rest of the order costs it",
            TOTAL / 2,
            [plan(TOTAL / 2, {TICKETS: 1, COVER: 1})],
            {},
        ),
        (
            "too many to say",
            "6.66",
            [plan("6.66", {COVER: 1}), *(plan(f"1{n}.00", {SHIRT: 1}) for n in range(10))],
            {},
        ),
    ],
)
def test_a_plan_counts_where_the_money_can_be_for_nothing_else(_case, amount, plans, pieces):
    refunded = attribute(Decimal(str(amount)), plans, SOLD)

    assert dict(refunded.pieces) == pieces
    if not (refunded.pieces or refunded.short):
        assert scope_of(refunded) == RefundScope.MONEY


def test_an_own_amount_beside_lines_is_short_when_just_that_goes_back():
    refunded = attribute(Decimal(11), [plan(11, {TICKETS: 2, COVER: 1})], SOLD)

    assert scope_of(refunded) == RefundScope.SHORT


def test_a_plan_left_unsent_is_not_credited_with_money_for_something_else():
    # The grant for everything waits; the shipping and a shirt go back by hand.
    unsent = plan("206.66", {TICKETS: 2, COVER: 1})

    refunded = attribute(Decimal("17.50"), [unsent], SOLD)

    assert (refunded.pieces, refunded.plain_money) == ({}, Decimal("17.50"))


@pytest.mark.parametrize(
    ("_case", "grant", "payments"),
    [
        ("parts of nothing", plan("6.66", {COVER: 1}), ["5.00", "1.66"]),
        ("a shirt and the shipping", plan("17.50", {TICKETS: 1, COVER: 1}), ["10.00", "7.50"]),
        ("two shirts and a rest", plan("206.66", {TICKETS: 2, COVER: 1}), ["20.00", "186.66"]),
    ],
)
def test_refunds_that_add_up_to_a_plan_are_not_that_plan(_case, grant, payments):
    amounts = [Decimal(payment) for payment in payments]

    refunded = attribute(sum(amounts, Decimal(0)), [grant], SOLD, payments=amounts)

    assert (dict(refunded.pieces), dict(refunded.short)) == ({}, {})
    assert scope_of(refunded) == RefundScope.MONEY


@pytest.mark.parametrize(
    ("_case", "payments", "done_before"),
    [
        ("two other lines together", ["206.66"], []),
        ("the rest of another line", ["43.34", "6.66"], []),
        ("what completes another line", ["6.66", "43.34"], []),
        ("the rest of two other lines", ["100.00", "100.00", "6.66"], []),
        ("the rest of a line that was named", ["6.66"], [("43.34", {SHIRT: 1})]),
        ("the shipping and another line", ["57.50"], []),
    ],
)
def test_money_that_others_cost_together_is_for_no_plan(_case, payments, done_before):
    # Shirt 50.00, cap 56.66, mug 150.00, tickets 2 x 100.00, cover 6.66, shipping 7.50.
    cap, mug = uuid.UUID(int=5), uuid.UUID(int=6)
    lines = (
        SoldLine(TICKETS, "11", 2, Decimal(100), Decimal(200)),
        SoldLine(COVER, "13", 1, PREMIUM, PREMIUM),
        SoldLine(SHIRT, "12", 1, Decimal(50), Decimal(50)),
        SoldLine(cap, "14", 1, Decimal("56.66"), Decimal("56.66")),
        SoldLine(mug, "15", 1, Decimal(150), Decimal(150)),
    )
    total = sum((line.total for line in lines), SHIPPING)
    sold = Sold(lines, {COVER}, SHIPPING, total)
    amounts = [Decimal(payment) for payment in payments]
    named = [done(*one) for one in done_before]
    given_back = sum(amounts, Decimal(0)) + sum((one.amount for one in named), Decimal(0))

    for grant in (
        plan("6.66", {COVER: 1}),
        plan("206.66", {TICKETS: 2, COVER: 1}),
        plan("57.50", {TICKETS: 1, COVER: 1}),
    ):
        refunded = attribute(given_back, [*named, grant], sold, payments=amounts)

        assert not {TICKETS, COVER} & {*refunded.pieces, *refunded.short}


def test_an_order_of_too_many_goods_to_try_asks_a_person():
    goods = [
        SoldLine(uuid.UUID(int=100 + n), str(n), 9, Decimal(f"{n}.0{n % 9}")) for n in range(20, 40)
    ]
    sold = Sold([*goods, *SOLD.lines], {COVER}, SHIPPING, Decimal(9999))

    refunded = attribute(PREMIUM, [plan("6.66", {COVER: 1})], sold)

    assert (refunded.pieces, refunded.plain_money) == ({}, PREMIUM)


@pytest.mark.parametrize(("pieces", "is_told"), [(4_999, True), (5_000, False)])
def test_beside_more_than_five_thousand_sums_an_amount_may_be_any(pieces, is_told):
    # 1.00, 2.00 and so on are the sums of so many stickers, and one more is nothing at all.
    stickers = SoldLine(SHIRT, "12", pieces, Decimal(1), Decimal(pieces))
    cover = SoldLine(COVER, "13", 1, PREMIUM, PREMIUM)
    sold = Sold([stickers, cover], {COVER}, Decimal(0), pieces + PREMIUM)

    refunded = attribute(PREMIUM, [plan("6.66", {COVER: 1})], sold)

    assert dict(refunded.pieces) == ({COVER: 1} if is_told else {})


def test_money_that_names_nothing_makes_no_grant_done():
    # Of 200.00 that were granted and given back, the bank took all back; 200.00 went by hand since.
    granted = done(200, {TICKETS: 2})

    refunded = attribute(Decimal(200), [granted], SOLD, unnamed=Decimal(200))

    assert (refunded.pieces, refunded.plain_money) == ({}, Decimal(200))


def test_money_that_names_nothing_may_have_carried_out_a_plan():
    refunded = attribute(
        PREMIUM, [plan("6.66", {COVER: 1})], SOLD, payments=[PREMIUM], unnamed=PREMIUM
    )

    assert (dict(refunded.pieces), refunded.plain_money) == ({COVER: 1}, 0)


def test_single_payments_tell_what_their_sum_does_not():
    plans = [plan("6.66", {COVER: 1})]

    together = attribute(Decimal("8.66"), plans, SOLD)
    one_by_one = attribute(
        Decimal("8.66"), plans, SOLD, payments=[Decimal("6.66"), Decimal("2.00")]
    )

    assert (together.pieces, together.plain_money) == ({}, Decimal("8.66"))
    assert (one_by_one.pieces, one_by_one.plain_money) == ({COVER: 1}, Decimal("2.00"))


def test_payments_that_do_not_add_up_tell_nothing():
    refunded = attribute(
        Decimal("8.66"), [plan("6.66", {COVER: 1})], SOLD, payments=[Decimal("6.66")]
    )

    assert refunded.pieces == {}


def test_what_is_done_leaves_the_rest_to_the_plans():
    refunded = attribute(
        Decimal("106.66"), [plan(100, {TICKETS: 1}), done("6.66", {COVER: 1})], SOLD
    )

    assert dict(refunded.pieces) == {TICKETS: 1, COVER: 1}


AMOUNTS = st.decimals(0, 500, places=2)
PIECES = st.dictionaries(st.sampled_from([TICKETS, SHIRT, COVER]), st.integers(1, 3))
INTENTIONS = st.lists(
    st.builds(Intention, AMOUNTS, PIECES, st.booleans(), st.sampled_from([Decimal(0), SHIPPING])),
    max_size=5,
)


@given(AMOUNTS, INTENTIONS, st.lists(AMOUNTS, max_size=4))
def test_no_more_is_attributed_than_went_back(amount, intentions, payments):
    refunded = attribute(amount, intentions, SOLD, payments=payments)

    assert refunded.amount == amount
    assert 0 <= refunded.for_cover <= refunded.named <= amount
    assert refunded.plain_money >= 0
    cost, back = refunded.short_of([TICKETS, SHIRT, COVER])
    assert 0 <= back <= amount
    assert not refunded.short or back < cost
    for line_id, count in (*refunded.pieces.items(), *refunded.short.items()):
        assert count <= sum(one.pieces.get(line_id, 0) for one in intentions)


@given(INTENTIONS, st.lists(AMOUNTS, max_size=4))
def test_less_money_than_the_named_pieces_cost_never_takes_them_back(intentions, payments):
    amount = sum((one.amount for one in intentions), Decimal(0))

    refunded = attribute(amount, intentions, SOLD, payments=payments)

    assert SOLD.cost_of(refunded.pieces) <= amount


def test_the_premium_went_back_with_the_cover_or_with_everything():
    with_premium = {scope for scope in RefundScope if scope.includes_premium}

    assert with_premium == {RefundScope.EVERYTHING, RefundScope.COVER}


@pytest.mark.parametrize(
    ("total", "pieces", "cost"),
    [
        (None, 1, "33.34"),
        (None, 3, "100.02"),
        (None, 4, "100.02"),
        ("100.00", 2, "66.68"),
        ("100.00", 3, "100.00"),
        ("100.00", 9, "100.00"),
    ],
)
def test_pieces_cost_their_price_and_never_more_than_their_line(total, pieces, cost):
    line = SoldLine(TICKETS, "11", 3, Decimal("33.34"), None if total is None else Decimal(total))

    assert line.cost_of(pieces) == Decimal(cost)


@pytest.mark.parametrize(
    ("amount", "may"),
    [
        ("33.34", True),
        ("66.68", True),
        ("100.00", True),
        ("100.02", False),
        ("133.36", False),
        ("0", False),
    ],
)
def test_an_amount_may_be_for_some_pieces_of_a_line(amount, may):
    line = SoldLine(TICKETS, "11", 3, Decimal("33.34"), Decimal("100.00"))

    assert (Decimal(amount) in line.costs()) is may


def test_a_whole_line_may_cost_more_than_its_rounded_pieces():
    # 3 pieces for 100.00: Saleor writes 33.33 each.
    line = SoldLine(TICKETS, "11", 3, Decimal("33.33"), Decimal("100.00"))

    assert line.costs() == {Decimal(cost) for cost in ("33.33", "66.66", "99.99", "100.00")}


def test_a_gift_costs_nothing_and_no_money_may_be_for_it():
    gift = SoldLine(SHIRT, "12", 2)

    assert (gift.unit_price, gift.total) == (0, None)
    assert gift.cost_of(2) == 0
    assert gift.costs() == set()
    cheap = SoldLine(SHIRT, "12", 2, Decimal("0.50"))
    assert cheap.costs() == {Decimal("0.50"), Decimal("1.00")}


def test_a_line_the_order_does_not_hold_costs_nothing():
    assert SOLD.cost_of({uuid.UUID(int=9): 3, SHIRT: 1}) == 10
    assert SOLD.cost_of({}) == 0


def test_an_empty_order_is_worth_nothing():
    assert (Sold().lines, Sold().covers, Sold().shipping, Sold().total) == ((), (), 0, 0)
    nothing = Refunded()
    assert (nothing.amount, nothing.charged_back, nothing.named, nothing.for_cover) == (0, 0, 0, 0)
    assert (nothing.pieces, nothing.short, nothing.shortfalls) == ({}, {}, ())


@pytest.mark.parametrize(
    ("intention", "names"),
    [
        (Intention(Decimal(5)), False),
        (Intention(Decimal(5), {SHIRT: 1}), True),
        (Intention(Decimal(5), shipping=Decimal("0.50")), True),
    ],
)
def test_an_intention_names_lines_or_shipping_or_nothing(intention, names):
    assert intention.names_something is names
    assert intention.is_done is False


def test_money_the_bank_took_is_kept_apart():
    refunded = attribute(Decimal(10), [done(10, {SHIRT: 1})], SOLD, charged_back=Decimal(7))

    assert (refunded.amount, refunded.charged_back) == (Decimal(10), Decimal(7))
    assert back(done(10, {SHIRT: 1})).charged_back == 0


def test_a_refund_the_money_does_not_reach_leaves_it_to_the_next():
    refunded = attribute(Decimal(50), [done(100, {TICKETS: 1}), done(10, {SHIRT: 1})], SOLD)

    assert (dict(refunded.pieces), refunded.plain_money) == ({SHIRT: 1}, Decimal(40))


def test_ten_plans_can_be_told_apart_and_an_eleventh_cannot():
    nine = [plan(f"10{n}.0{n}", {SHIRT: 1, COVER: 1}) for n in range(9)]
    ten = [plan("6.66", {COVER: 1}), *nine]

    assert dict(attribute(Decimal("6.66"), ten, SOLD).pieces) == {COVER: 1}
    eleven = [*ten, plan("999.00", {SHIRT: 1})]
    assert dict(attribute(Decimal("6.66"), eleven, SOLD).pieces) == {}


@pytest.mark.parametrize(("others", "is_told"), [(10, True), (11, False)])
def test_beside_ten_refunds_one_can_be_told_and_beside_eleven_it_cannot(others, is_told):
    payments = [PREMIUM, *[Decimal("0.01")] * others]

    refunded = attribute(
        sum(payments, Decimal(0)), [plan("6.66", {COVER: 1})], SOLD, payments=payments
    )

    assert dict(refunded.pieces) == ({COVER: 1} if is_told else {})


def test_one_refund_of_half_a_price_is_no_refund_of_it():
    # given a mug for 13.32, and a cover for just half of that
    mug = SoldLine(uuid.UUID(int=5), "15", 1, 2 * PREMIUM, 2 * PREMIUM)
    sold = Sold([*SOLD.lines, mug], {COVER}, SHIPPING, TOTAL + 2 * PREMIUM)
    # when 6.66 went back once
    refunded = attribute(PREMIUM, [plan("6.66", {COVER: 1})], sold)
    # then it was for the cover
    assert dict(refunded.pieces) == {COVER: 1}


def test_a_plan_for_the_shipping_is_carried_out_by_its_cost():
    refunded = attribute(SHIPPING, [plan("7.50", shipping=SHIPPING)], SOLD)

    assert (refunded.named, refunded.plain_money) == (SHIPPING, 0)


def test_the_rest_of_an_order_is_reckoned_beside_what_is_done():
    # given a shirt that went back, and a plan for just what is left of the order then
    left = (TOTAL - 10) / 2
    plans = [done(10, {SHIRT: 1}), plan(left, {TICKETS: 1, COVER: 1})]
    # when as much goes back: it may as well be for all the rest
    refunded = attribute(10 + left, plans, SOLD)
    # then
    assert dict(refunded.pieces) == {SHIRT: 1}


@pytest.mark.parametrize(
    ("_case", "cover", "is_told"),
    [
        ("it lies there still", [], False),
        ("it went back", [done("6.66", {COVER: 1})], True),
        ("its plan was carried out", [plan("6.66", {COVER: 1})], True),
    ],
)
def test_two_refunds_may_be_all_the_rest_of_an_order_but_not_more(_case, cover, is_told):
    # given 100.00 for a ticket, and as much as the rest of the order costs with the cover
    ticket = plan(100, {TICKETS: 1})
    payments = [Decimal(100), TOTAL - 200]
    of_plans = [one.amount for one in cover if not one.is_done]
    # when both went back
    refunded = attribute(
        sum((one.amount for one in cover), sum(payments)),
        [*cover, ticket],
        SOLD,
        payments=[*of_plans, *payments],
    )
    # then they may be all the rest, unless the cover is none of it any more
    assert (TICKETS in refunded.pieces) is is_told
    assert (COVER in refunded.pieces) is bool(cover)


def test_a_plan_is_carried_out_once():
    twins = [plan("6.66", {COVER: 1})]
    cover = Decimal("6.66")

    refunded = attribute(2 * cover, twins, SOLD, payments=[cover, cover])

    assert (dict(refunded.pieces), refunded.plain_money) == ({COVER: 1}, cover)


def test_more_pieces_than_were_sold_are_all_of_them():
    refunded = Refunded(Decimal(200), pieces={TICKETS: 3})

    assert scope_of(refunded) == RefundScope.TICKETS


def test_part_of_one_line_and_all_of_another_are_some_tickets():
    lines = (*LINES, SoldLine(uuid.UUID(int=4), "14", 1, Decimal(50), Decimal(50)))

    scope = scope_of_pieces(
        Refunded(Decimal(200), pieces={TICKETS: 2}),
        lines,
        insured={"11", "14"},
        cover_lines=[COVER],
    )

    assert scope == RefundScope.SOME_TICKETS


def test_a_cent_of_plain_money_is_money():
    assert scope_of(Refunded(Decimal("0.01"))) == RefundScope.MONEY
    assert scope_of(Refunded(Decimal("0.01"), named=Decimal("0.01"))) == RefundScope.NOTHING


def test_what_is_done_is_no_plan_for_the_same_sum_again():
    cover = Decimal("6.66")

    refunded = attribute(2 * cover, [done(cover, {COVER: 1})], SOLD)

    assert (dict(refunded.pieces), refunded.plain_money) == ({COVER: 1}, cover)


def test_a_plan_for_less_than_a_dollar_is_a_plan():
    refunded = attribute(Decimal("0.50"), [plan("0.50", {COVER: 1})], SOLD)

    assert (dict(refunded.short), refunded.short_of([COVER])[1]) == ({COVER: 1}, Decimal("0.50"))


def test_a_plan_for_nothing_makes_no_other_one_doubtful():
    refunded = attribute(Decimal("6.66"), [plan(0, {SHIRT: 1}), plan("6.66", {COVER: 1})], SOLD)

    assert dict(refunded.pieces) == {COVER: 1}


def test_the_rest_of_an_order_is_reckoned_beside_plans_that_were_carried_out():
    # given a cover that went back, then just half of what is left of the order
    cover = Decimal("6.66")
    half = (TOTAL - cover) / 2
    plans = [plan(cover, {COVER: 1}), plan(half, {TICKETS: 1})]
    # when it may as well be for the other half
    refunded = attribute(cover + half, plans, SOLD, payments=[cover, half])
    # then
    assert (dict(refunded.pieces), refunded.plain_money) == ({COVER: 1}, half)


def test_nothing_is_no_price_of_a_gift():
    assert SoldLine(SHIRT, "12", 2, total=Decimal(0)).costs() == set()
    assert Intention(Decimal(5)).pieces == {}
