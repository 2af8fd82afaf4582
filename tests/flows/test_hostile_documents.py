"""Whatever document somebody sends: an answer that is small, soon there, and no failure of ours."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from statistics import median
from typing import Any

import pytest

from testkit.client import documents
from testkit.client.driver import PLUGIN_ID, Driver, GraphQLFailed
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store

from ..deep.counts import count, seed
from ..steps import counted
from .hostile import Attack, Attacker

COUNT = count("hostile documents")
SEED = seed("hostile documents")

MAX_STEPS = 150_000
"""Calls of Python functions for one answer, database and all; the element's own takes 30,000."""
LARGEST_ANSWER = 64_000
"""Bytes; the whole offer of the simulated XCover has about 4,000."""

_SLOWEST, _AGAIN = 50, 7

Post = Callable[[bytes], Any]


@pytest.fixture
def address(store: Store) -> str:
    return f"/plugins/channel/{store.usd.slug}/{PLUGIN_ID}/graphql"


@pytest.fixture
def post(address: str) -> Post:
    """Send a body as anybody can; an exception of ours comes out."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    return lambda body: client.post(address, body, content_type="application/json")


@pytest.fixture(autouse=True)
def in_production() -> Iterator[None]:
    """Without DEBUG, which Saleor has on unless it is told otherwise."""
    from django.test import override_settings

    with override_settings(DEBUG=False):
        yield


@pytest.fixture
def quiet() -> Iterator[None]:
    """Keep thousands of refusals out of the log."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def buyer(shopper: Callable[[Channel], Shopper], store: Store) -> Shopper:
    """A shopper who looks at an offer."""
    one = shopper(store.usd)
    one.create_checkout({store.concert: 2})
    one.offer()
    return one


def said(answer: Any) -> str:
    """Return the sentence a document was refused with."""
    assert answer.status_code == 400, answer.content
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    return str(error["message"])


def body(query: str, **variables: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def test_hostile_documents(buyer: Shopper, post: Post, quiet: None) -> None:
    # given
    attacker = Attacker(Random(SEED), buyer.checkout_id)  # noqa: S311 a story told again
    statuses: Counter[int] = Counter()
    took: list[tuple[float, Attack]] = []
    longest: tuple[int, Attack | None] = (0, None)
    # when
    for _ in range(COUNT):
        attack = attacker.attack()
        seconds, answer = _timed(post, attack)
        _, steps = counted(lambda sent=attack.body: post(sent))
        # then: always an answer, whole, small, and in a bounded number of steps
        assert answer.status_code in (200, 400, 413), (attack, answer.content[:300])
        assert isinstance(answer.json(), dict)
        assert b"INTERNAL" not in answer.content, attack
        assert len(answer.content) < LARGEST_ANSWER, attack
        assert steps < MAX_STEPS, (steps, attack)
        statuses[answer.status_code] += 1
        took.append((seconds, attack))
        longest = max(longest, (steps, attack), key=lambda one: one[0])
    print(f"{COUNT} hostile documents of seed {SEED}: {dict(sorted(statuses.items()))}")
    _print_times(took, post)
    print(f"most steps {longest[0]}: {_described(longest[1])}")
    # and whoever knows the checkout's id can say no, and insures nobody without the terms
    assert buyer.offer().answer in (None, "declined")
    assert buyer.checkout().cover_lines == ()
    assert statuses[200] > 0


def _timed(post: Post, attack: Attack) -> tuple[float, Any]:
    """Return the seconds of processor time an answer took, and the answer."""
    started = time.thread_time()
    answer = post(attack.body)
    return time.thread_time() - started, answer


def _print_times(took: list[tuple[float, Attack]], post: Post) -> None:
    """Print how long answers took, and which document costs most.

    A single answer may meet a collection of garbage, which is not its own: the slowest are sent
    again, and the median of each counts.
    """
    took = sorted(took, key=lambda one: one[0])
    for share in (0.5, 0.99, 0.999, 1.0):
        seconds, _ = took[min(int(share * len(took)), len(took) - 1)]
        print(f"{share:.1%} of the answers within {seconds * 1000:.1f} ms of processor time")
    again = [
        (median(_timed(post, attack)[0] for _ in range(_AGAIN)), attack)
        for _, attack in took[-_SLOWEST:]
    ]
    seconds, attack = max(again, key=lambda one: one[0])
    print(
        f"the {len(again)} slowest sent {_AGAIN} times more: slowest median "
        f"{seconds * 1000:.1f} ms of processor time: {_described(attack)}"
    )


def _described(attack: Attack | None) -> str:
    assert attack is not None
    return f"{attack.kind}, {len(attack.body)} bytes: {attack.body[:160]!r}"


@pytest.mark.parametrize("query", ["subscription { x }", "subscription A { insuranceOffer }"])
def test_a_subscription_is_refused_like_any_other_bad_document(post: Post, query: str) -> None:
    assert said(post(body(query))) == "Send a query or a mutation."


NAMED = 'query Mine { insuranceOffer(checkoutId: "x") { errors { code } } }'
ANONYMOUS = NAMED.replace("query Mine ", "")


@pytest.mark.parametrize(
    ("query", "name", "is_answered"),
    [
        (NAMED, "Mine", True),
        (NAMED, None, True),
        (ANONYMOUS, None, True),
        (NAMED, "Other", False),
        (NAMED, "mine", False),
        (NAMED, "", False),
        (ANONYMOUS, "Mine", False),
        (NAMED + " fragment Frag on InsuranceOffer { title }", "Frag", False),
        (NAMED, 0, False),
        (NAMED, ["Mine"], False),
    ],
)
def test_an_operation_is_executed_under_its_own_name_only(
    post: Post, query: str, name: Any, is_answered: bool
) -> None:
    answer = post(json.dumps({"query": query, "operationName": name}).encode())

    if is_answered:
        assert answer.json()["data"]["insuranceOffer"]["errors"] == [{"code": "CHECKOUT_NOT_FOUND"}]
    else:
        assert "operationName" in said(answer)


@pytest.mark.parametrize("variables", [[], "", 0, False, [{}], "x", 1, True])
def test_variables_are_an_object_or_left_out(post: Post, variables: Any) -> None:
    wrong = post(json.dumps({"query": ANONYMOUS, "variables": variables}).encode())
    assert said(wrong) == "Expected a JSON object with query and variables."

    for left_out in ({}, {"variables": None}, {"variables": {}}):
        answer = post(json.dumps({"query": ANONYMOUS, **left_out}).encode())
        assert (answer.status_code, "errors" in answer.json()) == (200, False)


@pytest.mark.parametrize("path", ["graphql", "events"])
def test_another_method_is_told_which_one_is_allowed(address: str, path: str) -> None:
    from django.test import Client

    answer = Client(SERVER_NAME="localhost").get(address.replace("graphql", path))

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_the_request_that_took_25_seconds(buyer: Shopper, post: Post) -> None:
    # given one field, 5,000 times
    query = f'{{ insuranceOffer(checkoutId: "{buyer.checkout_id}") {{ offer {{ %s }} }} }}'
    # when
    answer, steps = counted(lambda: post(body(query % ("a " * 5_000))))
    # then
    assert said(answer) == "The query is too long."
    assert steps < MAX_STEPS


def test_a_document_that_is_invalid_everywhere_is_told_of_once(post: Post) -> None:
    # given 70 names that all look like known ones, for each of which others would be suggested
    unknown = " ".join(f"contentHash{number}" for number in range(70))
    # when
    answer, steps = counted(
        lambda: post(body(f'{{ insuranceOffer(checkoutId: "") {{ offer {{ {unknown} }} }} }}'))
    )
    # then
    assert "contentHash0" in said(answer)
    assert "contentHash1" not in said(answer)
    assert steps < MAX_STEPS


def test_fragments_are_served(buyer: Shopper, post: Post) -> None:
    query = """
      query Offer($id: ID!) {
        insuranceOffer(checkoutId: $id) { offer { ...Texts quotes { ...Quote } } }
      }
      fragment Texts on InsuranceOffer { heading ... on InsuranceOffer { contentHash } }
      fragment Quote on InsuranceQuote { premium { ...Money } }
      fragment Money on InsuranceMoney { amount currency }"""

    answer = post(body(query, id=buyer.checkout_id)).json()

    (quote,) = answer["data"]["insuranceOffer"]["offer"]["quotes"]
    assert quote == {"premium": {"amount": "6.66", "currency": "USD"}}
    assert answer["data"]["insuranceOffer"]["offer"]["contentHash"]


# Staff ------------------------------------------------------------------------------------

INTROSPECTION = "{ __schema { types { name } } }"
_IDS = " ".join(f"a{number}: id" for number in range(30))
WIDE = f"{{ insuranceCovers(first: 1) {{ edges {{ node {{ {_IDS} }} }} errors {{ code }} }} }}"
"""Costs about 500."""


@pytest.fixture
def ask(driver: Driver, address: str) -> Callable[..., Any]:
    def asked(query: str, token: str | None) -> Any:
        return driver.execute(f"query ask {query}", {}, url=address, token=token, is_heard=False)

    return asked


DEEP = "cancellations { id } parkedMessages { id } history { at } "
LISTS = f"{{ insuranceCovers(first: 100) {{ edges {{ node {{ {DEEP * 8} }} }} }} }}"
"""Lists inside the longest page, each asked for eight times."""


@pytest.mark.parametrize(
    ("edges", "sentence"),
    [
        ("edges { node { id } } " * 40, "too much"),
        (" ".join(f"a{n}: edges {{ node {{ id }} }}" for n in range(40)), "too much"),
        ("edges { node { " + DEEP * 14 + "} }", "too much"),
        ("edges { node { " + "... { " * 14 + "id" + " }" * 14 + " } }", "deeply"),
    ],
    ids=["repeated", "aliased", "lists", "deep"],
)
def test_connections_are_counted_like_everything_else(
    store: Store, ask: Any, edges: str, sentence: str
) -> None:
    for token in (None, store.staff_token()):
        with pytest.raises(GraphQLFailed, match=sentence):
            ask(f"{{ insuranceCovers {{ {edges} }} }}", token)


@pytest.mark.parametrize("value", ["SOLD", '"CONFIRMED"', "1", "[CONFIRMED]", "x" * 64])
def test_a_value_that_is_in_no_list_is_a_sentence(post: Post, value: str) -> None:
    answer, steps = counted(
        lambda: post(body(f"{{ insuranceCovers(status: {value}) {{ errors {{ code }} }} }}"))
    )

    assert "status" in said(answer)
    assert steps < MAX_STEPS


@pytest.mark.parametrize("first", [101, 0, -1, 2**31 - 1])
def test_a_page_of_a_hostile_size_is_refused(store: Store, ask: Any, first: int) -> None:
    query = f"{{ insuranceCovers(first: {first}) {{ edges {{ cursor }} errors {{ code }} }} }}"

    assert ask(query, store.staff_token()) == {
        "insuranceCovers": {"edges": [], "errors": [{"code": "bad_input"}]}
    }
    assert ask(query, None)["insuranceCovers"]["errors"] == [{"code": "permission_denied"}]


@pytest.mark.parametrize(
    "query", [INTROSPECTION, WIDE, LISTS], ids=["introspection", "wide", "lists"]
)
def test_staff_may_ask_more_than_shoppers(store: Store, ask: Any, query: str) -> None:
    # a shopper, an app that may not manage orders, and a token nobody gave
    for token in (None, store.payment_app_token(), "nonsense"):
        with pytest.raises(GraphQLFailed, match=r"schema\.graphql|too much"):
            ask(query, token)
    # staff
    assert ask(query, store.staff_token())


def test_whoever_debugs_may_ask_for_the_schema(ask: Any) -> None:
    from django.test import override_settings

    with override_settings(DEBUG=True):
        assert ask(INTROSPECTION, None)["__schema"]["types"]
    with pytest.raises(GraphQLFailed, match="only staff"):
        ask(INTROSPECTION, None)


def test_the_introspection_query_of_common_tools(
    store: Store, driver: Driver, address: str
) -> None:
    from graphql.utils.introspection_query import introspection_query

    data = driver.execute(
        introspection_query.strip(), {}, url=address, token=store.staff_token(), is_heard=False
    )

    assert {"Query", "InsuranceOffer"} <= {kind["name"] for kind in data["__schema"]["types"]}


@pytest.mark.parametrize(
    "query",
    [
        documents.INSURANCE_OFFER,
        documents.INSURANCE_OFFER_REQUEST,
        documents.INSURANCE_ACCEPT,
        documents.INSURANCE_DECLINE,
    ],
)
def test_variables_that_do_not_fit_are_a_sentence(buyer: Shopper, post: Post, query: str) -> None:
    for turn in ([], {}, float("inf"), 2**70, "\u00b2", "9" * 5_000):
        answer = post(
            body(query, id=buyer.checkout_id, quoteIds=["x"], contentHash="x", page="p", turn=turn)
        )
        assert answer.status_code in (200, 400)
        assert answer.json()
