"""The policy wording is a page of the simulator, and says that it is simulated."""

from html import unescape

import pytest
import requests

from testkit.partner import event


def link_of(offer, index=0):
    return offer["products"][index]["details"]["pds_url"]


def read(address):
    with requests.Session() as browser:
        browser.trust_env = False
        response = browser.get(address, timeout=10)
    return response.status_code, unescape(response.text)


def test_an_offers_wording_opens_and_says_that_it_is_simulated(partner, simulator):
    # given
    offer = partner.offer(event("Tosca & Friends", (100.00, 100.00)))
    # when
    status, page = read(link_of(offer))
    # then it is on the simulator, without a signature
    assert link_of(offer).startswith(simulator.base_url.removesuffix("/x") + "/en/pds/")
    assert status == 200
    assert (
        "It is no insurance contract: no insurer stands behind it and nothing is insured." in page
    )
    content = offer["content"]["products"][0]
    assert content["title"] in page
    assert "Tosca & Friends" in page
    assert "2 tickets of £100.00 each" in page
    assert "£6.66, of which £0.71 tax" in page
    texts = [*content["inclusions"].items(), *content["exclusions"].items()]
    assert texts
    assert all(name in page and text in page for name, text in texts)
    assert "xcover.com" not in page.lower()
    # and no call of the partner's was made by opening it
    assert simulator.calls("unknown") == []


def test_each_quote_has_its_own_wording(partner):
    # given
    offer = partner.offer(event("Opera", (50.00,)), event("Match", (100.00, 80.00)))
    # when
    _, page = read(link_of(offer, 1))
    # then
    assert "2 tickets: £100.00 and £80.00" in page
    assert "Opera" not in page


def test_a_policy_keeps_its_wording(partner):
    # given
    booking = partner.booking(event("Opera", (50.00,)))
    # when
    status, page = read(booking["pds_url"])
    # then
    assert status == 200
    assert f"Policy {booking['id']}, confirmed." in page
    assert "1 ticket of £50.00" in page


@pytest.mark.parametrize("event_name", ["<script>alert(1)</script>", '"><img src=x>', "'\x00&amp;"])
def test_names_of_events_are_text(partner, event_name):
    # given
    link = link_of(partner.offer(event(event_name, (50.00,))))
    # when
    with requests.Session() as browser:
        browser.trust_env = False
        page = browser.get(link, timeout=10).text
    # then
    assert event_name not in page
    assert event_name in unescape(page)


@pytest.mark.parametrize("event_name", ["{{ 7*7 }}", "{% raw %}", "{# gone #}"])
def test_names_of_events_are_no_templates(partner, event_name):
    # given
    link = link_of(partner.offer(event(event_name, (50.00,))))
    # when
    _, page = read(link)
    # then
    assert event_name in page


def test_an_unknown_wording_says_so(partner, simulator):
    # given
    link = link_of(partner.offer(event("Opera", (50.00,))))
    # when
    simulator.reset()
    status, page = read(link)
    # then
    assert status == 404
    assert "does not know the offer or policy" in page


def test_the_disclaimers_link_opens(partner):
    # given
    offer = partner.offer(event("Opera", (50.00,)))
    # when
    link = offer["content"]["disclaimer_html"].split('href="')[1].split('"')[0]
    # then
    assert read(link)[0] == 200


def test_behind_a_proxy_the_wording_is_at_its_address(partner, simulator):
    # given
    simulator.settings(site="https://shop.example/simulated")
    # when
    offer = partner.offer(event("Opera", (50.00,)))
    # then
    assert link_of(offer).startswith("https://shop.example/simulated/en/pds/")


def test_one_ticket_is_not_tickets(partner):
    # when
    offer = partner.offer(event("Opera", (50.00,)), event("Match", (100.00, 80.00)))
    # then
    one, two = (product["description"] for product in offer["content"]["products"])
    assert one.endswith(" for 1 ticket.")
    assert two.endswith(" for 2 tickets.")
