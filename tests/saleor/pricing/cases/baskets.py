"""Several events, other products, free tickets, other currencies."""

from .case import BASKETS, Case
from .steps import (
    and_then,
    either_way,
    prices,
    voucher,
)

CASES = (
    # 200.00 + 75.00
    Case(
        "beside merchandise",
        BASKETS,
        "Tickets beside three shirts at 25.00",
        basket={"concert": 2, "shirt": 3},
        alone="275.00",
        total="281.66",
    ),
    # 6.66 and 3.33 % of 50.00 = 1.67
    Case(
        "two events",
        BASKETS,
        "Two tickets at 100.00 and one at 50.00 for another event: two quotes, one line",
        basket={"concert": 2, "festival": 1},
        alone="250.00",
        premium="8.33",
        total="258.33",
    ),
    # 325.00 - 107.25
    *either_way(
        "two events, shirts, 33 % off",
        BASKETS,
        "The same beside three shirts, with 33 % off the order",
        basket={"concert": 2, "festival": 1, "shirt": 3},
        prepare=voucher("33"),
        alone="217.75",
        premium="8.33",
        total="226.08",
    ),
    Case(
        "free tickets",
        BASKETS,
        "Free tickets only",
        since="3.22",  # 3.21 never calls a checkout paid whose total was 0 from the beginning
        basket={"concert": 2},
        prepare=prices(concert="0"),
        alone="0.00",
        total="0.00",
        premium=None,
        outcome="refused(no_tickets)",
    ),
    Case(
        "a free ticket beside paid ones",
        BASKETS,
        "A free ticket for another event beside two at 100.00: it is not insured",
        basket={"concert": 2, "festival": 1},
        prepare=prices(festival="0"),
        alone="200.00",
        total="206.66",
    ),
    # 3.33 % of 20000
    Case(
        "yen",
        BASKETS,
        "Two tickets at 10000 JPY",
        currency="JPY",
        prepare=prices(concert="10000"),
        alone="20000",
        premium="666",
        total="20666",
    ),
    # 3.33 % of 66670 is 2220.111; 66670 - 6667
    *either_way(
        "yen, 10 % off",
        BASKETS,
        "Two tickets at 33335 JPY, 10 % off the order",
        currency="JPY",
        prepare=and_then(voucher("10"), prices(concert="33335")),
        alone="60003",
        premium="2220",
        total="62223",
    ),
    Case(
        "dinar",
        BASKETS,
        "Two tickets at 33.335 KWD",
        currency="KWD",
        prepare=prices(concert="33.335"),
        alone="66.670",
        premium="2.220",
        total="68.890",
    ),
    *either_way(
        "dinar, 10 % off",
        BASKETS,
        "Two tickets at 33.335 KWD, 10 % off the order",
        currency="KWD",
        prepare=and_then(voucher("10"), prices(concert="33.335")),
        alone="60.003",
        premium="2.220",
        total="62.223",
    ),
    Case(
        "krone",
        BASKETS,
        "A currency XCover makes no offer for",
        currency="NOK",
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(no_offer)",
    ),
)
