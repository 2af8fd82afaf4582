"""Staff page through the covers of a channel, forward and backward, while others come and go."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from saleor_xcover_plugin.graphql.cursors import cursor_of
from testkit.client.driver import Driver, Refused
from testkit.client.insurance_desk import InsuranceDesk
from testkit.client.store import Channel, Store
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM

from ..deep.counts import count, seed

PAGES = 4 * count("examples")
SEED = seed("pages of covers")
STATUSES = ("confirmed", "parked", "void")


@pytest.fixture
def desk(store: Store, driver: Driver, simulator: SimulatorProcess) -> InsuranceDesk:
    return InsuranceDesk(driver, store.usd, store.staff_token())


def _seven_covers_and_two_of_another_channel(store: Store) -> None:
    _sold(store.usd, "A", 3)
    _sold(store.eur, "E", 2)
    _sold(store.usd, "B", 4)


def test_pages_follow_each_other_whatever_comes_and_goes_meanwhile(
    store: Store, desk: InsuranceDesk
) -> None:
    # given
    _seven_covers_and_two_of_another_channel(store)
    # when somebody pages through them while others are sold and the last one of a page goes
    pages = [desk.covers(first=3)]
    while pages[-1]["hasNextPage"]:
        _sold(store.usd, f"N{len(pages)}", 1)
        _remove(pages[-1]["covers"][-1]["orderNumber"])
        pages.append(desk.covers(first=3, after=pages[-1]["endCursor"]))
    # then each is there once, newest first
    numbers = [cover["orderNumber"] for page in pages for cover in page["covers"]]
    assert numbers == ["B3", "B2", "B1", "B0", "A2", "A1", "A0"]
    assert [len(page["covers"]) for page in pages] == [3, 3, 1]
    assert [page["hasPreviousPage"] for page in pages] == [False, True, True]
    for page in pages:
        assert (page["startCursor"], page["endCursor"]) == (page["cursors"][0], page["cursors"][-1])
    # and a page begins anywhere
    again = desk.covers(first=100, after=pages[0]["cursors"][0])
    assert [cover["orderNumber"] for cover in again["covers"]] == ["B2", "B0", "A2", "A0"]


def test_an_empty_list_has_no_cursors(store: Store, desk: InsuranceDesk) -> None:
    assert desk.covers(status="void") == {
        "covers": [],
        "cursors": [],
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


def _sold(channel: Channel, name: str, count: int) -> None:
    """Have covers of orders with these numbers, as an earlier sale left them."""
    from saleor_xcover_plugin.models import Cover

    now = datetime.now(UTC)
    for number in range(count):
        Cover.objects.create(
            order_id=uuid.uuid4(),
            order_number=f"{name}{number}",
            channel_id=int(key(channel.id)),
            status="confirmed",
            premium=PREMIUM,
            currency=channel.currency,
            created_at=now,
            updated_at=now,
        )


def _remove(number: str) -> None:
    from saleor_xcover_plugin.models import Cover

    Cover.objects.filter(order_number=number).delete()


def _numbers(*pages: dict[str, Any]) -> list[str]:
    return [cover["orderNumber"] for page in pages for cover in page["covers"]]


def test_backward_pages_lead_from_the_oldest_to_the_newest(
    store: Store, desk: InsuranceDesk
) -> None:
    # given
    _seven_covers_and_two_of_another_channel(store)
    # when somebody begins at the end while others are sold and the first one of a page goes
    pages = [desk.covers(last=3)]
    assert _numbers(pages[0]) == ["A2", "A1", "A0"]
    while pages[-1]["hasPreviousPage"]:
        if len(pages) < 3:
            _sold(store.usd, f"N{len(pages)}", 1)
            _remove(_numbers(pages[-1])[0])
        pages.append(desk.covers(last=3, before=pages[-1]["startCursor"]))
    # then each is there once, and the new ones come at the end of the way
    assert _numbers(*reversed(pages)) == ["N20", "N10", "B3", "B2", "B1", "B0", "A2", "A1", "A0"]
    assert [page["hasNextPage"] for page in pages] == [False, True, True]
    # and the way back is the same without those that went
    back = desk.covers(first=100, after=pages[-1]["startCursor"])
    assert _numbers(back) == ["N10", "B3", "B1", "B0", "A1", "A0"]
    assert (back["hasPreviousPage"], back["hasNextPage"]) == (True, False)


def test_before_alone_is_a_page_of_the_usual_length(store: Store, desk: InsuranceDesk) -> None:
    _sold(store.usd, "A", 25)
    end = desk.covers(last=1)

    page = desk.covers(before=end["startCursor"])

    assert _numbers(page) == [f"A{number}" for number in range(20, 0, -1)]
    assert (page["hasPreviousPage"], page["hasNextPage"]) == (True, True)


def test_any_page_is_the_one_a_plain_list_has(store: Store, desk: InsuranceDesk) -> None:
    random = Random(SEED)  # noqa: S311 a story told again
    _sold(store.usd, "A", 12)
    seen = [row["pk"] for row in _rows(store.usd)]
    met = set()
    for number in range(PAGES):
        # given covers that were sold, ended or deleted meanwhile
        _happens(random, store, f"N{number}-")
        rows = _rows(store.usd)
        seen += [row["pk"] for row in rows if row["pk"] not in seen]
        status = random.choice((None, *STATUSES))
        matching = [row for row in rows if status in (None, row["status"])]
        # when somebody asks for a page beside any cover that ever was, or at either end
        length, edge = random.randint(1, 6), random.choice((None, *seen))
        is_forward = random.random() < 0.5
        names = ("first", "after") if is_forward else ("last", "before")
        asked = {names[0]: length, "status": status}
        if edge is not None:
            asked[names[1]] = cursor_of(edge)
        page = desk.covers(**asked)
        # then it is what slices of a list give
        expected = _sliced(matching, length, edge, is_forward=is_forward)
        assert {name: page[name] for name in expected} == expected, asked
        met.add((is_forward, expected["hasPreviousPage"], expected["hasNextPage"]))
    assert len(met) == 8, met


def _sliced(
    rows: list[dict[str, Any]], length: int, edge: int | None, *, is_forward: bool
) -> dict[str, Any]:
    """Return what a page of a list that holds the newest first has, and what lies around it."""
    if is_forward:
        ahead = [row for row in rows if edge is None or row["pk"] < edge]
        page, rest = ahead[:length], ahead[length:]
    else:
        ahead = [row for row in rows if edge is None or row["pk"] > edge]
        page, rest = ahead[-length:], ahead[:-length]
    behind = [row for row in rows if row not in ahead]
    before, after = (behind, rest) if is_forward else (rest, behind)
    return {
        "cursors": [cursor_of(row["pk"]) for row in page],
        "hasPreviousPage": bool(before),
        "hasNextPage": bool(after),
    }


def _happens(random: Random, store: Store, name: str) -> None:
    """Let covers be sold, here and in another channel, change their status or be deleted."""
    from saleor_xcover_plugin.models import Cover

    _sold(random.choice((store.usd, store.eur)), name, random.randint(0, 2))
    one = random.choice(_rows(store.usd))["pk"]
    Cover.objects.filter(pk=one).update(status=random.choice(STATUSES))
    if len(_rows(store.usd)) > 12:
        Cover.objects.filter(pk=random.choice(_rows(store.usd))["pk"]).delete()


def _rows(channel: Channel) -> list[dict[str, Any]]:
    """Return the covers of a channel, newest first."""
    from saleor_xcover_plugin.models import Cover

    own = Cover.objects.filter(channel_id=int(key(channel.id)))
    return list(own.order_by("-pk").values("pk", "order_number", "status"))


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"first": 1, "last": 1}, "first and after, or last and before"),
        ({"first": 1, "before": cursor_of(9)}, "first and after, or last and before"),
        ({"last": 1, "after": cursor_of(9)}, "first and after, or last and before"),
        ({"after": cursor_of(9), "before": cursor_of(1)}, "first and after, or last and before"),
        ({"last": 0}, "last is 1 to 100"),
        ({"last": -1}, "last is 1 to 100"),
        ({"last": 101}, "last is 1 to 100"),
        ({"before": "x"}, "before is a cursor"),
        ({"before": "Y292ZXI6eA=="}, "before is a cursor"),
        ({"after": "\x00"}, "after is a cursor"),
    ],
)
def test_a_page_in_no_or_two_directions_is_refused(
    store: Store, desk: InsuranceDesk, wanted: dict[str, Any], sentence: str
) -> None:
    _sold(store.usd, "A", 3)

    with pytest.raises(Refused, match=sentence) as refused:
        desk.covers(**wanted)

    assert refused.value.codes == ("bad_input",)


def test_covers_are_counted_once_and_only_for_who_asks(store: Store, desk: InsuranceDesk) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from saleor_xcover_plugin.models import Cover

    # given
    _sold(store.usd, "A", 5)
    _sold(store.eur, "E", 2)
    Cover.objects.filter(order_number__in=("A0", "E0")).update(status="parked")
    # when
    with CaptureQueriesContext(connection) as without:
        desk.covers(first=2)
    with CaptureQueriesContext(connection) as counting:
        told = desk.count(), desk.count(status="parked"), desk.count(orderNumber="none")
    # then
    assert told == (5, 1, 0)
    assert [query for query in without if "COUNT(" in query["sql"]] == []
    assert len([query for query in counting if "COUNT(" in query["sql"]]) == 3
    # and nobody else learns how many there are
    stranger = InsuranceDesk(desk.driver, store.usd, None)
    with pytest.raises(Refused) as refused, CaptureQueriesContext(connection) as denied:
        stranger.count()
    assert refused.value.codes == ("permission_denied",)
    assert [query for query in denied if "COUNT(" in query["sql"]] == []
