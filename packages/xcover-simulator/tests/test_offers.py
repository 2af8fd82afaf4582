"""Create offer and opt out."""

from decimal import Decimal

import pytest

from testkit.partner import event, offer_request


def price_of(offer, index=0):
    return offer["products"][index]["details"]["finance"]["price"]


def test_two_tickets_of_100_cost_6_66(partner):
    # when
    offer = partner.offer(event(prices=(100.00, 100.00)))
    # then
    finance = offer["products"][0]["details"]["finance"]
    assert finance["price"]["total_amount"] == Decimal("6.66")
    assert finance["price"]["total_amount_formatted"] == "£6.66"
    # 6.66 x 12 / 112 = 0.7135..., truncated
    assert finance["tax"]["total_amount"] == Decimal("0.71")
    assert finance["price"]["total_amount_without_tax"] == Decimal("5.95")
    assert offer["errors"] == {}


@pytest.mark.parametrize(
    ("currency", "prices", "written"),
    [
        ("GBP", (15.00,), b"0.50"),  # 0.4995
        ("GBP", (0.15,), b"0.00"),
        ("USD", (45.00, 45.00), b"3.00"),  # 2.997
        ("JPY", (5000, 5001), b"333"),  # 333.0333
        ("JPY", (15015,), b"500"),  # 499.9995
        ("KWD", (12.345,), b"0.411"),  # 0.4110885
    ],
)
def test_price_has_the_digits_of_its_currency(currency, prices, written, partner):
    # when
    response = partner.send(
        "POST", "/offers/", offer_request(event(prices=prices), currency=currency)
    )
    # then
    assert b'"total_amount": ' + written + b"," in response.content


@pytest.mark.parametrize("cents", [1, 7, 333, 1999, 12345, 99999])
def test_net_and_tax_are_the_total(cents, partner):
    # when
    offer = partner.offer(event(prices=(cents / 100 + 10,)))
    # then
    finance = offer["products"][0]["details"]["finance"]
    net, total = finance["price"]["total_amount_without_tax"], finance["price"]["total_amount"]
    assert net + finance["tax"]["total_amount"] == total


def test_one_product_per_event_in_the_same_order(partner):
    # when
    offer = partner.offer(event("Opera", (50.00,)), event("Match", (100.00,)))
    # then
    titles = [product["title"] for product in offer["content"]["products"]]
    assert titles == ["Ticket protection for Opera", "Ticket protection for Match"]
    assert [price_of(offer, place)["total_amount"] for place in (0, 1)] == [
        Decimal("1.67"),
        Decimal("3.33"),
    ]
    assert [p["id"] for p in offer["products"]] == [p["id"] for p in offer["content"]["products"]]


def test_the_same_question_gets_new_ids_and_the_same_price(partner):
    # when
    first, second = partner.offer(), partner.offer()
    # then
    assert first["id"] != second["id"]
    assert first["products"][0]["id"] != second["products"][0]["id"]
    assert price_of(first) == price_of(second)


def test_shows_what_a_shop_must_show(partner):
    # when
    offer = partner.offer()
    # then
    content = offer["content"]
    assert content["heading"]
    assert content["disclaimer"]
    assert "<strong>" in content["disclaimer_html"]
    assert content["positive_cta"]
    assert content["negative_cta"]
    product = content["products"][0]
    assert product["benefits"]
    assert product["inclusions"]
    assert product["exclusions"]
    assert offer["products"][0]["details"]["pds_url"].endswith(
        f"&quote_id={offer['products'][0]['id']}"
    )
    assert offer["product_rules"] == []


@pytest.mark.parametrize(
    "missing", [["customer"], ["partner", "context"], ["customer", "partner", "context"]]
)
def test_names_each_missing_object(missing, partner, simulator):
    # given
    body = {name: value for name, value in offer_request().items() if name not in missing}
    # when
    refused = partner.read(partner.send("POST", "/offers/", body), 422)
    # then
    assert refused == {
        "type": "validation_error",
        "message": "An API error occurred.",
        "errors": {"non_field_errors": [f"'{name}' is a required property" for name in missing]},
    }
    assert simulator.state()["offers"] == []


def without(name):
    return {key: value for key, value in event().items() if key != name}


@pytest.mark.parametrize(
    ("_case", "bad"),
    [
        ("no name", without("name")),
        ("blank name", event(" ")),
        ("no start", without("start_date")),
        ("no tickets", without("tickets")),
        ("empty tickets", event(prices=())),
        ("start without offset", {**event(), "start_date": "2027-03-05T20:00:00"}),
        ("start as number", {**event(), "start_date": 1800000000}),
        ("end before start", {**event(), "end_date": "2020-01-01T00:00:00Z"}),
        ("price as text", {**event(), "tickets": [{"price": "45.00"}]}),
        ("negative price", event(prices=(-1.00,))),
        ("free tickets only", event(prices=(0,))),
        ("too many decimals", event(prices=(10.005,))),
        ("not an object", "Evening Concert"),
    ],
)
def test_a_bad_event_is_named_by_its_place(_case, bad, partner, simulator):
    # when
    response = partner.send("POST", "/offers/", offer_request(event(), bad))
    # then
    refused = partner.read(response, 422)
    assert refused["code"] == "offer_quote_generation_failed"
    assert set(refused["errors"]) == {"1", "metadata"}
    assert refused["errors"]["1"]["type"] == "quote_creation_failure"
    assert refused["error_id"]
    assert simulator.state()["offers"] == []


def test_optional_event_fields_and_resale_are_tolerated(partner):
    # given
    bare = {name: event()[name] for name in ("name", "start_date")}
    # when
    offer = partner.offer({**bare, "tickets": [{"price": 30, "resale": True}]})
    # then
    assert price_of(offer)["total_amount"] == Decimal("1.00")


def test_no_offer_in_a_currency_without_products(partner, simulator):
    # when
    default = partner.send("POST", "/offers/", offer_request(currency="NOK"))
    simulator.settings(no_offer_currencies=["GBP"])
    chosen = partner.send("POST", "/offers/", offer_request())
    again = partner.send("POST", "/offers/", offer_request(currency="NOK"))
    # then
    assert [a.status_code for a in (default, chosen, again)] == [422, 422, 200]
    assert default.json()["code"] == "offer_quote_generation_failed"


def test_no_offer_in_a_country_without_products(partner, simulator):
    # given
    simulator.settings(no_offer_countries=["GB"])
    # when
    response = partner.send("POST", "/offers/", offer_request())
    # then
    assert response.status_code == 422


@pytest.mark.parametrize("wrong", [{"currency": "gbp"}, {"country": "GBR"}])
def test_customer_codes_are_checked(wrong, partner):
    # when
    refused = partner.read(partner.send("POST", "/offers/", offer_request(**wrong)), 422)
    # then
    assert list(refused["errors"]["customer"]) == list(wrong)


@pytest.mark.parametrize("body", ['{"customer"', '{"partner": NaN}'])
def test_broken_json_is_400(body, partner):
    # when
    refused = partner.read(partner.send("POST", "/offers/", body), 400)
    # then
    assert refused["type"] == "validation_error"
    assert refused["message"].startswith("JSON parse error - ")


def test_content_can_be_left_out_by_the_asker(partner):
    # when
    offer = partner.offer(query="?include_content=false")
    # then
    assert "content" not in offer


def test_commission_and_benefits_come_only_when_asked_for(partner):
    # when
    plain, asked = partner.offer(), partner.offer(query="?extra_fields=tax,commission,benefits")
    # then
    details = [offer["products"][0]["details"] for offer in (plain, asked)]
    assert details[0]["finance"]["commission"]["total_amount"] is None
    assert details[0]["benefits"] == []
    assert details[1]["finance"]["commission"]["total_amount"] == Decimal("1.78")
    assert len(details[1]["benefits"]) == 1


def test_settings_take_texts_away(partner, simulator):
    # when
    simulator.settings(content_present=False, pds_url_present=False)
    offer = partner.offer()
    # then
    assert "content" not in offer
    assert offer["products"][0]["details"]["pds_url"] is None


RULES = {
    "alternatives": [("show", 0, 1, 2)],
    "required_alternatives": [("show", 1, 1, 2)],
    "add_ons": [("show", 0, 2, 2)],
    "hidden": [("show", 0, 1, 1), ("hide", 0, 1, 1)],
    "disabled": [("show", 0, 1, 1), ("disable", 0, 1, 1)],
    "second_chance": [("show", 0, 1, 1), ("hide", 1, 1, 1)],
}


@pytest.mark.parametrize("plan", RULES)
def test_two_products_per_event_come_with_their_rules(partner, simulator, plan):
    # given
    simulator.settings(products=plan)
    # when
    offer = partner.offer()
    # then
    ids = [product["id"] for product in offer["products"]]
    assert len(ids) == 2
    assert [price_of(offer, place)["total_amount"] for place in (0, 1)] == [
        Decimal("6.66"),
        Decimal("9.99"),
    ]
    found = [
        (r["initial_state"], r["min_select"], r["max_select"], len(r["product_ids"]))
        for r in offer["product_rules"]
    ]
    assert found == RULES[plan]
    assert [each for rule in offer["product_rules"] for each in rule["product_ids"]] == ids
    assert not any(rule["initial_state"] == "selected" for rule in offer["product_rules"])


def test_alternatives_of_two_events_are_two_groups(partner, simulator):
    # given
    simulator.settings(products="alternatives")
    # when
    offer = partner.offer(event("Opera"), event("Match"))
    # then
    assert [rule["slug"] for rule in offer["product_rules"]] == ["event-1", "event-2"]
    assert len(offer["products"]) == 4


def test_each_event_may_have_products_of_its_own(partner, simulator):
    # given
    simulator.settings(products_by_event={"Match": "alternatives"})
    # when
    offer = partner.offer(event("Opera"), event("Match"))
    # then
    ids = [product["id"] for product in offer["products"]]
    assert len(ids) == 3
    assert [rule["product_ids"] for rule in offer["product_rules"]] == [ids[1:]]


def test_alternatives_may_come_without_a_rule_as_recorded(partner, simulator):
    # given
    simulator.settings(products="bare_alternatives")
    # then
    offer = partner.offer()
    assert (len(offer["products"]), offer["product_rules"]) == (2, [])


def test_rules_can_be_broken_on_demand(partner, simulator):
    # given
    simulator.settings(products="hidden", rule_changes={"product_ids": [0], "min_select": 3})
    # when
    offer = partner.offer()
    # then
    first = offer["products"][0]["id"]
    assert [rule["product_ids"] for rule in offer["product_rules"]] == [[first], [first]]
    assert [rule["min_select"] for rule in offer["product_rules"]] == [3, 3]


def test_opt_out_is_204_without_a_body_and_remembered(partner, simulator):
    # given
    offer = partner.offer()
    # when
    response = partner.send("POST", f"/offers/{offer['id']}/opt_out/", {})
    # then
    assert (response.status_code, response.content) == (204, b"")
    assert [(o["offer_id"], o["times"]) for o in simulator.state()["opt_outs"]] == [
        (offer["id"], 1)
    ]


def test_opt_out_needs_no_body_and_refuses_unknown_fields(partner):
    # given
    path = f"/offers/{partner.offer()['id']}/opt_out/"
    # when
    empty = partner.send("POST", path)
    unknown = partner.send("POST", path, {"reason": "too dear"})
    # then
    assert empty.status_code == 204
    assert partner.read(unknown, 422)["errors"] == {"reason": "Unexpected field"}


def test_a_null_body_is_an_empty_one(partner):
    """The vendor's own Python client sends null where it has no payload."""
    # given
    offer = partner.offer()
    # when
    response = partner.send("POST", f"/offers/{offer['id']}/opt_out/", "null")
    # then
    assert response.status_code == 204
    listed = partner.send("POST", f"/offers/{offer['id']}/opt_out/", "[]")
    assert listed.status_code == 422


def test_opt_out_of_an_unknown_offer_is_404(partner):
    # when
    response = partner.send("POST", "/offers/00000000-0000-4000-8000-000000000000/opt_out/", {})
    # then
    assert partner.read(response, 404)["type"] == "api_error"


def test_opt_out_after_a_confirmation_answers_204_and_changes_nothing(partner, simulator):
    # given
    offer = partner.offer()
    booking = partner.read(partner.confirm(offer))
    # when
    response = partner.send("POST", f"/offers/{offer['id']}/opt_out/", {})
    # then
    assert response.status_code == 204
    assert simulator.state()["opt_outs"] == []
    assert partner.get(booking)["status"] == "CONFIRMED"
