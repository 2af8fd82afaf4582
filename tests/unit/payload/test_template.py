"""A store's template becomes the payload its partner agreed with Cover Genius."""

from decimal import Decimal
from typing import Any

import pytest

from saleor_xcover_plugin.payload import shipped
from saleor_xcover_plugin.payload.documents import TemplateError
from saleor_xcover_plugin.payload.template import PayloadIncomplete, Template, parse, template_of

from .sales import CONCERT, MATINEE, sale, tickets


def context(node: Any) -> Template:
    return template_of({"context": {"it": node}})


def filled(node: Any, *lines: Any, **options: Any) -> Any:
    """Return the one field of a context as it is sent."""
    return context(node).payload(sale(*lines, **options)).context.get("it", "left out")


def gaps(template: Template, *lines: Any, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(PayloadIncomplete) as incomplete:
        template.payload(sale(*lines, **options))
    return [(missing.path, missing.why) for missing in incomplete.value.missing]


def refused(document: Any) -> str:
    with pytest.raises(TemplateError) as error:
        template_of(document)
    return str(error.value)


# Values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "sent"),
    [
        ({"from": "event.name"}, "Evening Concert"),
        ({"from": "event.start"}, "2027-03-05T20:00:00+01:00"),
        ({"from": "event.start", "format": "datetime_utc"}, "2027-03-05T19:00:00Z"),
        ({"from": "event.start", "format": "datetime_local"}, "2027-03-05T20:00:00"),
        ({"from": "event.start", "format": "date"}, "2027-03-05"),
        ({"from": "event.start", "format": "time"}, "20:00"),
        ({"from": "event.start", "format": "unix"}, 1804273200),
        ({"from": "ticket.price"}, Decimal("45.00")),
        ({"from": "ticket.price", "format": "text"}, "45.00"),
        ({"from": "ticket.price", "format": "minor_units"}, 4500),
        ({"from": "sale.ticket_count"}, 2),
        ({"from": "sale.ticket_count", "format": "text"}, "2"),
        ({"from": "sale.ticket_total"}, Decimal("90.00")),
        ({"from": "line.is_resale"}, False),
        ({"from": "line.is_resale", "format": "yes_no"}, "no"),
        ({"from": "line.is_resale", "format": "number"}, 0),
        ({"from": "buyer.street"}, "High Street 1"),
        ({"from": "customer.currency", "format": "lower"}, "gbp"),
        ("music", "music"),
        ({"constant": "event.name"}, "event.name"),
        ({"object": {"from": "a", "each": "b"}}, {"from": "a", "each": "b"}),
        ([1, {"from": "event.city"}], [1, "Leeds"]),
        ({"price": {"from": "ticket.price"}}, {"price": Decimal("45.00")}),
    ],
)
def test_a_value_is_sent_as_its_format_says(node: Any, sent: Any) -> None:
    assert filled(node) == sent


@pytest.mark.parametrize(
    ("text", "form", "sent"),
    [
        ("12", "whole", 12),
        (" 12.50 ", "number", Decimal("12.50")),
        ("Yes", "flag", True),
        ("0", "flag", False),
        ("vip", "upper", "VIP"),
    ],
)
def test_a_text_of_the_store_is_read_as_its_format_says(text: str, form: str, sent: Any) -> None:
    node = {"from": "product.metadata.k", "format": form}

    assert filled(node, tickets(product__metadata__k=text)) == sent


@pytest.mark.parametrize(
    ("text", "form", "why"),
    [
        ("twelve", "whole", "it is no number, such as 12 or 12.50"),
        ("12.5", "whole", "it is no whole number"),
        ("1e9", "number", "it is no number, such as 12 or 12.50"),
        ("1234567890.1234567", "number", "it is no number, such as 12 or 12.50"),
        ("12345678901.123456", "number", "it has more than 15 digits"),
        ("maybe", "flag", "it says neither yes nor no; write true or false"),
        ("x" * 1001, "text", "it is longer than 1000 characters"),
        ("a\ud800", "text", "it holds a character that cannot be sent"),
        ("", "text", "it is empty"),
    ],
)
def test_a_text_that_cannot_be_read_is_missing(text: str, form: str, why: str) -> None:
    template = context({"from": "product.metadata.k", "format": form})

    assert gaps(template, tickets(product__metadata__k=text)) == [("context.it", why)]


# What is missing -------------------------------------------------------------------------


def test_a_missing_value_has_a_default_or_is_left_out() -> None:
    assert filled({"from": "event.venue", "default": "unknown"}, tickets(MATINEE)) == "unknown"
    assert filled({"from": "event.venue", "default": None}, tickets(MATINEE)) is None
    assert filled({"from": "event.venue", "omit_if_missing": True}, tickets(MATINEE)) == "left out"


def test_every_missing_value_is_named_with_its_place() -> None:
    template = template_of(
        {
            "context": {
                "events": {
                    "each": "events",
                    "item": {"venue": {"from": "event.venue"}, "city": {"from": "event.city"}},
                }
            }
        }
    )

    assert gaps(template, tickets(), tickets(MATINEE)) == [
        ("context.events[1].venue", "it is empty"),
        ("context.events[1].city", "it is empty"),
    ]


def test_a_value_outside_the_map_is_missing_and_not_named() -> None:
    node = {"from": "product.metadata.genre", "map": {"rock": "ROCK", "true": 1}}

    assert filled(node, tickets(product__metadata__genre="rock")) == "ROCK"
    assert filled({"from": "line.is_resale", "map": {"false": "NEW"}}) == "NEW"
    assert gaps(context(node), tickets(product__metadata__genre="secret")) == [
        ("context.it", "its value is not in the map")
    ]


def test_a_payload_has_at_most_two_thousand_values() -> None:
    template = context({"each": "tickets", "item": {"price": {"from": "ticket.price"}}})

    assert len(template.payload(sale(tickets(count=999))).context["it"]) == 999
    assert gaps(template, tickets(count=1000)) == [("context", "it has more than 2000 values")]


def test_reading_has_a_bound_too() -> None:
    """A value used above its level reads all parts below: what was read once is not read again."""
    many = [tickets(count=48) for _ in range(40)]
    same = context({f"a{n}": {"from": "ticket.price"} for n in range(1_900)})
    others = context({f"a{n}": {"from": f"ticket.metadata.k{n}"} for n in range(1_900)})

    assert len(same.payload(sale(*many)).context["it"]) == 1_900
    told = gaps(others, *many)
    assert ("context", "it reads values of all lines or tickets too many times") in told


def test_a_node_has_few_conditions() -> None:
    condition = {"from": "sale.ticket_count", "exists": True}

    assert filled({"constant": 1, "when": [condition] * 20}) == 1
    assert refused({"context": {"it": {"constant": 1, "when": [condition] * 21}}}) == (
        "context.it.when: it has more than 20 conditions"
    )


def test_that_something_is_sent_for_a_person_alone_is_personal() -> None:
    node = {"constant": True, "when": {"from": "buyer.last_name", "equals": "Diaz"}}

    parts = context(node).fill(sale())

    assert parts["context"].value == {"it": True}
    assert parts["context"].personal == {"context.it"}


def test_the_shape_of_a_template_has_all_it_may_ever_send() -> None:
    text = """
context: {resale: {constant: true, when: {from: line.is_resale, equals: true}}}
insured: {each: tickets, item: {name: {from: buyer.last_name}}}
"""
    shape, optional = parse(text).shape(sale(region="Leeds"))

    assert shape["context"] == {"resale": True}
    assert shape["insured"] == [{"name": "Diaz"}, {"name": "Diaz"}]
    assert optional == {"context.resale", "customer.region"}


# Parts of a sale -------------------------------------------------------------------------


def test_a_name_is_used_above_its_level_where_all_parts_agree() -> None:
    node = {"from": "event.name"}

    assert filled(node, tickets(), tickets(price="60.00")) == "Evening Concert"
    assert gaps(context(node), tickets(), tickets(MATINEE)) == [
        ("context.it", "it is not the same for all events here")
    ]
    assert gaps(context({"from": "ticket.price"}), tickets(), tickets(price="60.00")) == [
        ("context.it", "it is not the same for all tickets here")
    ]


def test_a_name_is_used_below_its_level_with_the_value_of_the_whole() -> None:
    lines = [tickets(count=1), tickets(MATINEE, 3), tickets(count=2)]
    node = {
        "each": "tickets",
        "item": [{"from": "sale.ticket_count"}, {"from": "event.ticket_count"}],
    }

    assert filled(node, *lines) == [[6, 3], [6, 3], [6, 3], [6, 3]] + [[6, 3]] * 2
    assert filled({"each": "events", "item": {"from": "event.ticket_count"}}, *lines) == [3, 3]


def test_each_part_is_listed_inside_the_part_around_it() -> None:
    node = {
        "each": "events",
        "item": {
            "name": {"from": "event.name"},
            "lines": {
                "each": "lines",
                "item": {
                    "total": {"from": "line.total"},
                    "numbers": {"each": "tickets", "item": {"from": "ticket.number"}},
                },
            },
        },
    }

    assert filled(node, tickets(count=1), tickets(MATINEE, price="9.99"), tickets(count=3)) == [
        {
            "name": CONCERT.name,
            "lines": [
                {"total": Decimal("45.00"), "numbers": [1]},
                {"total": Decimal("135.00"), "numbers": [1, 2, 3]},
            ],
        },
        {"name": MATINEE.name, "lines": [{"total": Decimal("19.98"), "numbers": [1, 2]}]},
    ]


@pytest.mark.parametrize("text", ["A1, A2", "A1\nA2", '["A1", "A2"]', " A1 ,A2 "])
def test_each_ticket_has_its_own_part_of_what_a_line_says(text: str) -> None:
    node = {"each": "tickets", "item": {"from": "ticket.metadata.seats"}}

    assert filled(node, tickets(line__metadata__seats=text)) == ["A1", "A2"]


@pytest.mark.parametrize(
    "text",
    [
        *("A1", "A1, A2, A3", "A1,,A2", "[1", "[[1], {}]"),
        # an item that is no text would move the next ticket's to its place
        *('[null, "A1", "A2"]', '["A1", {"a": 1}, "A2"]', '["A1", 2.5, "A2"]', '[true, "A2"]'),
    ],
)
def test_a_number_of_parts_that_is_not_that_of_the_tickets_is_missing(text: str) -> None:
    template = context({"each": "tickets", "item": {"from": "ticket.metadata.seats"}})

    found = gaps(template, tickets(line__metadata__seats=text))

    assert [path for path, _ in found] == ["context.it[0]", "context.it[1]"]


# Conditions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "is_there"),
    [
        ({"from": "event.country", "equals": "GB"}, True),
        ({"from": "event.country", "equals": "gb"}, False),
        ({"from": "event.country", "format": "lower", "in": ["gb", "ie"]}, True),
        ({"from": "event.country", "in": ["IE"]}, False),
        ({"from": "event.venue", "exists": True}, True),
        ({"from": "product.metadata.k", "exists": True}, False),
        ({"from": "product.metadata.k", "exists": False}, True),
        ({"from": "product.metadata.k", "equals": ""}, False),
        ({"from": "line.is_resale", "equals": False}, True),
        ({"from": "sale.ticket_count", "equals": 2}, True),
    ],
)
def test_a_node_is_left_out_unless_its_condition_holds(condition: Any, is_there: bool) -> None:
    for node in ({"constant": "x"}, {"object": {"a": 1}}, {"each": "events", "item": 1}):
        assert (filled({**node, "when": condition}) != "left out") == is_there


def test_all_conditions_of_a_list_must_hold() -> None:
    holds, fails = (
        {"from": "event.country", "equals": "GB"},
        {"from": "event.country", "equals": "IE"},
    )

    assert filled({"constant": 1, "when": [holds, holds]}) == 1
    assert filled({"constant": 1, "when": [holds, fails]}) == "left out"


def test_items_whose_condition_fails_are_not_in_the_list() -> None:
    item = {"from": "ticket.number", "when": {"from": "ticket.number", "in": [1, 3]}}

    assert filled({"each": "tickets", "item": item}, tickets(count=3)) == [1, 3]


# Refused on saving -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ({"from": "event.nmae"}, "context.it.from: there is no value of this name; known are"),
        ({"from": "product.metadata."}, "context.it.from: there is no value of this name"),
        ({"from": ["event.name"]}, "context.it.from: there is no value of this name"),
        ("event.name", "context.it: write {from: event.name} for the value"),
        (
            {"from": "event.name", "format": "date"},
            "context.it.format: event.name is a text; its formats are text, upper, lower",
        ),
        ({"from": "event.name", "fromat": "text"}, "context.it.fromat: this word has no meaning"),
        ({"from": "event.name", "map": {}}, "context.it.map: it names no value"),
        ({"from": "event.name", "map": ["a"]}, "context.it.map: it has the wrong type"),
        ({"from": "event.name", "default": [1]}, "context.it.default: a single text, number"),
        (
            {"from": "event.name", "default": 1, "omit_if_missing": True},
            "context.it: omit_if_missing and default exclude each other",
        ),
        ({"from": "event.name", "omit_if_missing": "yes"}, "context.it.omit_if_missing: it has"),
        ({"from": "event.name", "each": "events"}, "context.it: from and each cannot stand in one"),
        ({"each": "events"}, "context.it: each needs an item"),
        ({"each": "seats", "item": 1}, "context.it.each: one of events, lines, tickets is wanted"),
        (
            {"each": "tickets", "item": {"each": "events", "item": 1}},
            "context.it[].each: there are no events inside this part of the sale",
        ),
        ({"each": "events", "item": 1, "map": {}}, "context.it.map: this word has no meaning here"),
        ({"object": [1]}, "context.it.object: an object with fields is wanted here"),
        ({"constant": {"a": 1}}, "context.it.constant: a single text, number, true, false or null"),
        ({"constant": 1, "when": {"from": "event.name"}}, "context.it.when: one of equals, exists"),
        (
            {"constant": 1, "when": {"from": "event.name", "equals": 1, "in": [1]}},
            "context.it.when: one of equals, exists and in is wanted here",
        ),
        ({"constant": 1, "when": {"from": "x", "exists": True}}, "context.it.when.from: there is"),
        ({"constant": 1, "when": {"from": "event.name", "in": []}}, "context.it.when.in: a list"),
        ({"constant": 1, "when": []}, "context.it.when: it names no condition"),
        (
            {"constant": 1, "when": {"from": "line.is_resale", "equals": 0}},
            "context.it.when: line.is_resale is compared with a true or false here",
        ),
        (
            {"constant": 1, "when": {"from": "sale.ticket_count", "in": ["2"]}},
            "context.it.when: sale.ticket_count is compared with a whole number or number here",
        ),
        (
            {"constant": 1, "when": {"from": "event.name", "equals": None}},
            "context.it.when: event.name is compared with a text here",
        ),
        (
            {"constant": 1, "when": {"from": "event.name", "exists": None}},
            "context.it.when: one of equals, exists and in is wanted here",
        ),
        ({"each": "tickets", "item": 1, "level": 3}, "context.it.level: this word has no meaning"),
        ({"constant": 1, "value": 2}, "context.it.value: this word has no meaning here"),
        ({"object": {}, "fields": {}}, "context.it.fields: this word has no meaning here"),
        (
            {"from": "order.number"},
            "context.it: order.number has no value before there is an order",
        ),
        ("x" * 1001, "context.it: a text has at most 1000 characters"),
        ({"from": "event.city", "default": "x" * 1001}, "context.it: a text has at most 1000"),
    ],
)
def test_a_template_that_cannot_be_meant_is_refused_with_its_place(
    node: Any, sentence: str
) -> None:
    assert refused({"context": {"it": node}}).startswith(sentence)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({}, "a template is an object with the part context"),
        ([], "a template is an object with the part context"),
        ({"context": []}, "context: an object with fields is wanted here"),
        ({"context": {"from": "event.name"}}, "context: an object with fields is wanted here"),
        ({"context": {}, "contxt": {}}, "contxt: the parts of a template are context, customer"),
        ({"context": {}, "partner": {"id": 1}}, "partner: an object with the field metadata"),
        ({"context": {}, "customer": 1}, "customer: an object with fields is wanted here"),
        (
            {"context": {}, "customer": {"country": {"from": "x", "omit_if_missing": True}}},
            "customer.country: write {from: customer.country}, with format or map if needed",
        ),
        *(
            (
                {"context": {}, "customer": {"country": country}},
                "customer.country: write {from: customer.country}",
            )
            for country in (
                None,
                "XX",
                [1],
                {"object": {"a": 1}},
                {"from": "buyer.city"},
                {"from": "customer.country", "map": {"GB": None}},
                {"from": "customer.country", "default": "GB"},
                {"from": "customer.country", "when": {"from": "event.city", "exists": True}},
            )
        ),
        ({"context": {}, "customer": {"currency": "USD"}}, "customer.currency: write {from: "),
        ({"context": {}, "customer": {"language": " "}}, "customer.language: write {from: "),
        ({"context": {}, "insured": {"first_name": "A"}}, "insured: a list is wanted here"),
        (
            {"context": {}, "insured": {"each": "events", "item": 1}},
            "insured.each: there are no events inside this part of the sale",
        ),
        (
            {"context": {}, "insured": {"each": "tickets", "item": {"from": "event.name"}}},
            "insured[]: event.name has no value any more when the order is paid",
        ),
    ],
)
def test_a_template_without_the_required_parts_is_refused(document: Any, sentence: str) -> None:
    assert refused(document).startswith(sentence)


def test_what_is_sent_has_at_most_twelve_levels() -> None:
    def nested(levels: int) -> Any:
        return {"a": nested(levels - 1)} if levels else 1

    template_of({"context": nested(11)})

    assert refused({"context": nested(12)}).endswith("it has more than 12 levels")


# Customer and partner --------------------------------------------------------------------


def test_language_currency_and_country_are_always_sent() -> None:
    template = template_of(
        {"context": {}, "customer": {"language": "en-gb", "tier": {"from": "product.metadata.t"}}}
    )

    payload = template.payload(sale(tickets(product__metadata__t="gold"), region="LDS"))

    assert payload.customer == {
        "language": "en-gb",
        "currency": "GBP",
        "country": "GB",
        "region": "LDS",
        "tier": "gold",
    }
    assert payload.partner == {}
    assert "region" not in template_of({"context": {}}).payload(sale()).customer


def test_the_partner_gets_the_metadata_of_the_template() -> None:
    metadata = {"channel": "web", "visit": {"from": "checkout.metadata.visit"}}
    template = template_of({"context": {}, "partner": {"metadata": metadata}})

    payload = template.payload(sale(tickets(checkout__metadata__visit="77")))

    assert payload.partner == {"metadata": {"channel": "web", "visit": "77"}}


# Shipped ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped.NAMES)
def test_every_shipped_template_can_be_sent(name: str) -> None:
    template = parse(shipped.text_of(name))
    line = tickets(line__metadata__first_names="Ana, Ben", line__metadata__last_names="Diaz, Ray")

    payload = template.payload(sale(line))

    assert payload.context
    if template.insured is not None:
        persons = template.insured_persons(sale(line))
        assert persons is not None
        assert [person["first_name"] for person in persons] == ["Ana", "Ben"]


def test_the_default_is_what_was_sent_before_there_were_templates() -> None:
    lines = [tickets(), tickets(MATINEE, 1, "20.00")]

    assert parse(shipped.text_of("nested")).payload(sale(*lines)).context == {
        "events": [
            {
                "name": "Evening Concert",
                "start_date": "2027-03-05T20:00:00+01:00",
                "end_date": "2027-03-05T23:00:00+01:00",
                "venue": "Town Hall",
                "city": "Leeds",
                "country": "GB",
                "tickets": [{"price": Decimal("45.00")}] * 2,
            },
            {
                "name": "Matinee",
                "start_date": "2027-03-06T14:00:00+00:00",
                "country": "GB",
                "tickets": [{"price": Decimal("20.00")}],
            },
        ]
    }


def test_only_what_the_basket_does_not_tell_makes_a_payload_depend_on_more() -> None:
    assert parse(shipped.text_of("nested")).is_given_by_basket
    assert parse(shipped.text_of("flat")).is_given_by_basket
    assert not context({"from": "line.metadata.k"}).is_given_by_basket
    assert not context(
        {"constant": 1, "when": {"from": "buyer.email", "exists": True}}
    ).is_given_by_basket


# Bounds ----------------------------------------------------------------------------------


def test_what_a_shopper_writes_about_tickets_is_split_once_and_only_if_it_is_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor_xcover_plugin.payload import names

    split, parts_of = [], names.parts_of

    def counted(text: str, *, most: int) -> list[str]:
        split.append(len(text))
        return parts_of(text, most=most)

    monkeypatch.setattr(names, "parts_of", counted)
    node = {"each": "tickets", "item": {"from": "ticket.metadata.seats", "default": "?"}}

    assert filled(node, tickets(count=3, line__metadata__seats="A,B,C")) == ["A", "B", "C"]
    assert split == [5]
    for text in ("A," * 500_000, '["A", "B", "C"' + " " * 8_000 + "]", "[" * 5_000):
        assert filled(node, tickets(count=3, line__metadata__seats=text)) == ["?"] * 3


def test_blanks_are_no_value() -> None:
    template = context({"from": "product.metadata.k"})

    assert gaps(template, tickets(product__metadata__k="  ")) == [("context.it", "it is empty")]


def test_what_is_left_out_counts_as_well() -> None:
    item = {"constant": 1, "when": {"from": "event.city", "exists": False}}
    template = context({"each": "tickets", "item": item})

    assert gaps(template, tickets(count=2000)) == [("context", "it has more than 2000 values")]


def test_persons_that_are_left_out_are_not_sent_at_all() -> None:
    insured = {
        "each": "tickets",
        "item": {"n": {"from": "ticket.number"}},
        "when": {"from": "buyer.company", "exists": True},
    }
    template = template_of({"context": {}, "insured": insured})

    assert template.insured_persons(sale()) is None
