"""The element for everybody: keyboard, screen reader, any direction, any light, any size."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from testkit.process import ROOT
from testkit.seed import SYMPHONY

from . import axe
from .conftest import IS_REQUIRED, Place, wait_for_offer
from .storefront import GRAPHQL, Storefront, forget, let_offers_expire

IMAGES = ROOT / "docs" / "images"
Prepare = Callable[[Storefront, Place], None]


def wait_for_nothing(storefront: Storefront, place: Place) -> None:
    storefront.open()
    storefront.wait_for("offer")


def have_accepted(storefront: Storefront, place: Place) -> None:
    storefront.open()
    storefront.yes.click()
    storefront.expect_answer("accepted")


def have_it_changed(storefront: Storefront, place: Place) -> None:
    wait_for_nothing(storefront, place)
    let_offers_expire()
    storefront.yes.click()
    expect(storefront.notice).to_be_visible()
    storefront.wait_for("offer")


def have_an_outage(storefront: Storefront, place: Place) -> None:
    place.simulator.fault("create_offer", "reset", times=None)
    forget()
    storefront.open()
    storefront.wait_for("failed")


def have_no_tickets(storefront: Storefront, place: Place) -> None:
    storefront.shopper.create_checkout({place.store.shirt: 1})
    storefront.open()
    storefront.wait_for("unavailable")


def be_offline(storefront: Storefront, place: Place) -> None:
    wait_for_nothing(storefront, place)
    storefront.page.context.set_offline(True)
    storefront.refresh()
    storefront.wait_for("offline")


def be_waiting(storefront: Storefront, place: Place) -> None:
    storefront.hold("insuranceOffer")
    storefront.open()
    storefront.wait_for("loading")


def have_an_answer_pending(storefront: Storefront, place: Place) -> None:
    wait_for_nothing(storefront, place)
    storefront.hold("insuranceAccept")
    storefront.yes.click()
    expect(storefront.yes).to_have_attribute("aria-busy", "true")


def have_alternatives(storefront: Storefront, place: Place) -> None:
    place.simulator.settings(products="alternatives")
    storefront.shopper.create_checkout({place.store.events[SYMPHONY]: 2})
    wait_for_offer(storefront.shopper)
    wait_for_nothing(storefront, place)


def have_another_choice_unsaved(storefront: Storefront, place: Place) -> None:
    have_alternatives(storefront, place)
    first, second = storefront.offer.get_by_role("radio").all()
    first.check()
    storefront.yes.click()
    storefront.expect_answer("accepted")
    second.check()


def have_something_disabled(storefront: Storefront, place: Place) -> None:
    place.simulator.settings(products="disabled")
    storefront.shopper.create_checkout({place.store.events[SYMPHONY]: 2})
    wait_for_offer(storefront.shopper)
    wait_for_nothing(storefront, place)


def have_more_to_tell(storefront: Storefront, place: Place) -> None:
    """Two plans, each with more of its own than a card shows at once."""
    points = {
        "inclusions": {
            "Illness": "You are ill.",
            "Delay": "The train is late.",
            "Car": "It broke.",
        },
        "benefits": {"Tickets": "Their price.", "Journey": "Its price."},
        "exclusions": {"Cancelled events": "Events that are cancelled."},
    }
    own = [
        {
            name: {f"{label} {plan}": f"{text} {plan}" for label, text in each.items()}
            for name, each in points.items()
        }
        for plan in ("A", "B")
    ]
    place.simulator.settings(product_content_changes=own)
    have_alternatives(storefront, place)


def have_two_events(storefront: Storefront, place: Place) -> None:
    events = place.store.events
    storefront.shopper.create_checkout({events[SYMPHONY]: 2, events["City Derby"]: 1})
    wait_for_offer(storefront.shopper)
    wait_for_nothing(storefront, place)


STATES: dict[str, Prepare] = {
    "loading": be_waiting,
    "offer": wait_for_nothing,
    "accepted": have_accepted,
    "changed": have_it_changed,
    "failed": have_an_outage,
    "unavailable": have_no_tickets,
    "offline": be_offline,
    "pending": have_an_answer_pending,
    "alternatives": have_alternatives,
    "unsaved": have_another_choice_unsaved,
    "disabled": have_something_disabled,
    "folded": have_more_to_tell,
    "events": have_two_events,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("prepare", STATES.values(), ids=STATES)
def test_no_state_hinders_anybody(
    storefront: Storefront, place: Place, prepare: Prepare, scheme: Any
) -> None:
    check_that_axe_is_there()
    storefront.page.emulate_media(color_scheme=scheme)

    prepare(storefront, place)

    assert axe.violations(storefront.page) == []


def test_the_checker_would_find_a_fault(storefront: Storefront) -> None:
    check_that_axe_is_there()
    storefront.open()
    storefront.wait_for("offer")

    storefront.page.add_style_tag(content="xcover-offer { --xcover-ink: #bbb; }")

    assert {found.split(":")[0] for found in axe.violations(storefront.page)} == {"color-contrast"}


def check_that_axe_is_there() -> None:
    if reason := axe.missing():
        (pytest.fail if IS_REQUIRED else pytest.skip)(f"accessibility was NOT checked: {reason}")


def test_everything_is_reached_by_keyboard_in_order(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")
    press = storefront.page.keyboard.press

    press("Tab")
    expect(storefront.offer.get_by_role("link")).to_be_focused()
    press("Tab")
    expect(storefront.yes).to_be_focused()
    press("Tab")
    expect(storefront.no).to_be_focused()
    # Being there is no answer.
    storefront.expect_answer(None)
    press("Space")
    storefront.expect_answer("declined")
    # Whoever answered is still there, and can think again.
    expect(storefront.no).to_be_focused()
    press("Shift+Tab")
    press("Enter")
    storefront.expect_answer("accepted")
    expect(storefront.yes).to_be_focused()
    assert storefront.events() == ["declined", "accepted"]


def test_a_screen_reader_hears_two_equal_answers(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")

    expect(storefront.offer.get_by_role("region", name="Ticket protection")).to_be_visible()
    answers = storefront.offer.get_by_role("group").get_by_role("button")
    expect(answers).to_have_text([re.compile("Add protection"), re.compile("No, thank you")])
    expect(storefront.offer.get_by_role("button", pressed=True)).to_have_count(0)
    sizes = [answers.nth(index).bounding_box() for index in (0, 1)]
    assert all(sizes)
    first, second = ((size["width"], size["height"]) for size in sizes if size)
    assert first == second
    looks = """(e) => ["color", "backgroundColor", "fontSize", "fontWeight", "borderTopColor"]
        .map((name) => getComputedStyle(e)[name])"""
    assert storefront.yes.evaluate(looks) == storefront.no.evaluate(looks)


def test_no_two_texts_are_read_as_one(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")

    # What a screen reader gets of the answers,
    names = [name for role, name in spoken(storefront) if role == "button"]
    assert names == ["Add protection + $6.66", "No, thank you + $0.00"]
    # and what is copied, with no style sheet between the texts.
    assert glued(storefront) == []


def test_glued_texts_would_be_found(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")

    storefront.yes.evaluate("(e) => e.replaceChildren(...e.children)")

    assert glued(storefront) == ["Add protection+ $6.66"]


def spoken(storefront: Storefront) -> list[tuple[str, str]]:
    """Return role and name of everything in Chromium's own accessibility tree."""
    session = storefront.page.context.new_cdp_session(storefront.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node["name"]["value"])
        for node in nodes
        if not node["ignored"] and "name" in node
    ]


def glued(storefront: Storefront) -> list[str]:
    """Return neighbouring texts of different elements with nothing between them."""
    found: list[str] = storefront.offer.evaluate(
        """(element) => {
            const found = [];
            const texts = document.createTreeWalker(element.shadowRoot, NodeFilter.SHOW_TEXT);
            let before = "";
            while (texts.nextNode()) {
                const text = texts.currentNode.data;
                if (/\\S$/.test(before) && /^\\S/.test(text)) found.push(before + text);
                before = text;
            }
            return found;
        }"""
    )
    return found


@pytest.mark.parametrize("forced", ["none", "active"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_being_focused_does_not_look_like_being_chosen(
    storefront: Storefront, scheme: Any, forced: Any
) -> None:
    # given what a button looks like inside: untouched, with the focus, and chosen
    storefront.page.emulate_media(color_scheme=scheme, forced_colors=forced)
    storefront.open()
    storefront.wait_for("offer")
    untouched = inside(storefront)
    storefront.offer.get_by_role("link").focus()
    storefront.page.keyboard.press("Tab")
    expect(storefront.yes).to_be_focused()
    focused = inside(storefront)
    ring = "(e) => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth"
    assert storefront.yes.evaluate(ring) == "solid3px"
    storefront.yes.click()
    storefront.expect_answer("accepted")
    storefront.page.evaluate(
        "document.querySelector('xcover-offer').shadowRoot.activeElement.blur()"
    )
    # then only being chosen changes it, and by much: its mark is thick
    assert focused == untouched
    assert inside(storefront) != untouched
    mark = "(e) => getComputedStyle(e, '::before').borderTopWidth"
    assert storefront.no.evaluate(mark) == "2px"
    assert float(storefront.yes.evaluate(mark).removesuffix("px")) >= 6


def inside(storefront: Storefront) -> bytes:
    """Return a picture of the yes without border and round corners: its mark and its text."""
    storefront.yes.scroll_into_view_if_needed()
    box = storefront.yes.bounding_box()
    assert box
    clip = {
        "x": box["x"] + 10,
        "y": box["y"] + 10,
        "width": box["width"] - 20,
        "height": box["height"] - 20,
    }
    return storefront.page.screenshot(clip=clip)  # type: ignore[arg-type]


@pytest.mark.parametrize("font", ["sans-serif", "DejaVu Sans"])  # the second is very wide
@pytest.mark.parametrize("width", [1000, 600, 500, 360])
def test_nothing_below_moves_when_the_offer_arrives(
    storefront: Storefront, width: int, font: str
) -> None:
    storefront.page.set_viewport_size({"width": width, "height": 900})
    send = storefront.hold("insuranceOffer")
    storefront.open()
    storefront.wait_for("loading")
    storefront.page.add_style_tag(content=f"body {{ font-family: {font} }}")
    before = storefront.page.locator("#below").bounding_box()
    storefront.page.evaluate("window.shifted = 0")

    send()

    storefront.wait_for("offer")
    assert storefront.page.locator("#below").bounding_box() == before
    assert storefront.page.evaluate("window.shifted") == 0


@pytest.mark.parametrize(
    ("locale", "answer", "price", "direction"),
    [
        ("de", "Ja, mit Schutz", "6,66\xa0$", "ltr"),
        ("de-AT", "Ja, mit Schutz", "$\xa06,66", "ltr"),
        ("fr", "Oui, avec protection", "6,66\xa0$US", "ltr"),
        ("es", "Sí, con protección", "6,66\xa0US$", "ltr"),
        ("it", "Sì, con protezione", "6,66\xa0USD", "ltr"),
        ("nl", "Ja, met bescherming", "US$\xa06,66", "ltr"),
        ("pl", "Tak, z ochroną", "6,66\xa0USD", "ltr"),
        ("ar", "نعم، مع الحماية", "6.66", "rtl"),
        ("xx-nonsense_", "Yes, with protection", "$6.66", "ltr"),
        ("nb", "Yes, with protection", "6,66", "ltr"),
    ],
)
def test_the_language_of_the_page_is_spoken(
    storefront: Storefront, locale: str, answer: str, price: str, direction: str
) -> None:
    # Where XCover sends no words for an answer, we have our own.
    storefront.answer_with(lambda root: root["offer"].update(acceptLabel="", declineLabel=""))
    storefront.open(locale)

    expect(storefront.yes).to_contain_text(answer)
    expect(storefront.offer.locator("[part=price]")).to_contain_text(price)
    assert storefront.yes.evaluate("(e) => getComputedStyle(e).direction") == direction


@pytest.mark.parametrize(
    ("locale", "count", "shown"),
    [
        ("en", 1, "For 1 ticket"),
        ("en", 2, "For 2 tickets"),
        ("de", 1, "Für 1 Ticket"),
        ("fr", 0, None),
        ("pl", 1, "Za 1 bilet"),
        ("pl", 3, "Za 3 bilety"),
        ("pl", 12, "Za 12 biletów"),
        ("ar", 2, "لتذكرتين"),
        ("ar", 11, "لـ"),
    ],
)
def test_tickets_are_counted_as_the_language_does(
    storefront: Storefront, locale: str, count: int, shown: str | None
) -> None:
    storefront.answer_with(lambda root: root["offer"].update(ticketCount=count))
    storefront.open(locale)
    storefront.wait_for("offer")

    counted = storefront.offer.locator("[part=count]")
    if shown is None:
        expect(counted).to_have_count(0)
    else:
        expect(counted).to_contain_text(shown)


def test_nothing_is_said_in_a_wrong_language_first(storefront: Storefront) -> None:
    # given texts that take longer than the offer
    held: list[Route] = []
    storefront.page.route("**/locales/de-*.js", lambda route: held.append(route))
    with storefront.page.expect_response(GRAPHQL):
        storefront.open("de")
    storefront.page.wait_for_timeout(200)
    # then nothing is there to read, and its room is kept
    box = storefront.offer.locator("[part=box]")
    expect(storefront.offer).to_have_attribute("state", "loading")
    assert box.inner_text().strip() == ""
    assert storefront.offer.get_by_role("status").inner_text() == ""
    before = storefront.page.locator("#below").bounding_box()
    # until they come
    held.pop().continue_()
    storefront.wait_for("offer")
    expect(storefront.offer.get_by_role("link")).to_have_text("Bedingungen")
    assert storefront.page.locator("#below").bounding_box() == before


def test_without_the_texts_of_a_language_it_is_english(storefront: Storefront) -> None:
    storefront.page.route("**/locales/*", lambda route: route.abort())

    storefront.open("fr")

    storefront.wait_for("offer")
    expect(storefront.offer.locator("[part=box]")).to_have_attribute("lang", "en")
    expect(storefront.offer.get_by_role("link")).to_have_text("Policy wording")


def test_a_store_gives_its_own_texts(storefront: Storefront) -> None:
    storefront.inside = """<script type="application/json">
        {"wording": "The small print", "name": "Foyer cover", "errors": {"offline": "No line."}}
    </script>"""
    storefront.open()
    storefront.wait_for("offer")
    expect(storefront.offer.get_by_role("link")).to_have_text("The small print")
    expect(storefront.offer.get_by_role("region", name="Foyer cover")).to_be_visible()
    # and a property goes before them
    storefront.offer.evaluate("(e) => { e.texts = {wording: 'All of it', total: 'tax included'}; }")
    expect(storefront.offer.get_by_role("link")).to_have_text("All of it")
    expect(storefront.offer.locator("[part=price]")).to_contain_text("$6.66 tax included")
    expect(storefront.offer.get_by_role("region", name="Foyer cover")).to_be_visible()
    # and what is no JSON is left out
    storefront.inside = '<script type="application/json">{wording</script>'
    storefront.open()
    storefront.wait_for("offer")
    expect(storefront.offer.get_by_role("link")).to_have_text("Policy wording")


@pytest.mark.parametrize(
    ("amount", "currency", "share", "shown"),
    [
        ("333", "JPY", None, "¥333 with tax"),
        ("334", "JPY", "167", "¥334 with tax (¥167 per ticket)"),
        ("1.234", "KWD", "0.617", "KWD\xa01.234 with tax (KWD\xa00.617 per ticket)"),
        ("6.66", "EUR", None, "€6.66 with tax"),
        ("90071992547409.93", "USD", None, "$90,071,992,547,409.93 with tax"),
    ],
)
def test_no_cent_is_lost(
    storefront: Storefront, amount: str, currency: str, share: str | None, shown: str
) -> None:
    def reprice(root: dict[str, Any]) -> None:
        (quote,) = root["offer"]["quotes"]
        quote["premium"] = {"amount": amount, "currency": currency}
        quote["premiumPerTicket"] = share and {"amount": share, "currency": currency}

    storefront.answer_with(reprice)
    storefront.open()

    expect(storefront.offer.locator("[part=price]")).to_have_text(shown)


def test_the_page_decides_about_light_and_dark(storefront: Storefront) -> None:
    storefront.page.emulate_media(color_scheme="dark")
    storefront.open()
    storefront.wait_for("offer")
    ground = "(e) => getComputedStyle(e).backgroundColor"
    box = storefront.offer.locator("[part=box]")
    assert box.evaluate(ground) == "rgb(18, 18, 18)"

    storefront.page.evaluate("document.documentElement.style.colorScheme = 'light'")

    assert box.evaluate(ground) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", [640, 320], ids=["200 percent", "400 percent"])
def test_a_magnified_page_needs_no_sideways_scrolling(storefront: Storefront, width: int) -> None:
    # 1280 px wide, magnified: the page has this many left.
    storefront.page.set_viewport_size({"width": width, "height": 512})
    storefront.open()
    storefront.wait_for("offer")

    assert fits(storefront.page)
    storefront.no.click()
    storefront.expect_answer("declined")


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_a_choice_fits_on_every_screen(
    storefront: Storefront, place: Place, width: int, locale: str
) -> None:
    storefront.page.set_viewport_size({"width": width, "height": 900})
    storefront.locale = locale
    have_alternatives(storefront, place)

    assert fits(storefront.page)
    sizes = [button.bounding_box() for button in (storefront.yes, storefront.no)]
    first, second = (size["width"] for size in sizes if size)
    assert first == second
    # The box is where reading begins.
    box = storefront.offer.get_by_role("radio").first.bounding_box()
    title = storefront.offer.locator("[part=choice] [part=price]").first.bounding_box()
    assert box
    assert title
    assert (box["x"] > title["x"]) == (locale == "ar")


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_prices_stand_in_one_column(storefront: Storefront, place: Place, width: int) -> None:
    storefront.page.set_viewport_size({"width": width, "height": 900})
    have_alternatives(storefront, place)

    prices = storefront.offer.locator("[part=choice] [part=price]").all()
    ends = [box["x"] + box["width"] for price in prices if (box := price.bounding_box())]

    assert len(ends) == 2
    assert max(ends) - min(ends) < 1


@pytest.mark.parametrize("prepare", [wait_for_nothing, have_alternatives, have_more_to_tell])
@pytest.mark.parametrize("width", [320, 768])
def test_whatever_is_pressed_is_large_enough(
    storefront: Storefront, place: Place, prepare: Prepare, width: int
) -> None:
    storefront.page.set_viewport_size({"width": width, "height": 900})
    prepare(storefront, place)

    targets = storefront.offer.locator("button, a, label, input, summary").all()
    small = [
        (target.evaluate("(e) => e.outerHTML"), box)
        for target in targets
        if (box := target.bounding_box()) and (box["width"] < 24 or box["height"] < 24)
    ]

    assert len(targets) >= 3
    assert small == []


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_below_moves_when_an_offer_for_two_events_arrives(
    storefront: Storefront, place: Place, width: int
) -> None:
    # given a storefront that knows how many events are in the basket
    storefront.page.set_viewport_size({"width": width, "height": 900})
    storefront.attributes = 'style="--xcover-products: 2"'
    events = place.store.events
    storefront.shopper.create_checkout({events[SYMPHONY]: 2, events["City Derby"]: 1})
    wait_for_offer(storefront.shopper)
    send = storefront.hold("insuranceOffer")
    storefront.open()
    storefront.wait_for("loading")
    before = storefront.page.locator("#below").bounding_box()
    storefront.page.evaluate("window.shifted = 0")

    send()

    storefront.wait_for("offer")
    assert storefront.page.locator("#below").bounding_box() == before
    assert storefront.page.evaluate("window.shifted") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_store_sets_the_theme(storefront: Storefront, theme: str) -> None:
    storefront.page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    storefront.attributes = f'theme="{theme}"'
    storefront.open()
    storefront.wait_for("offer")

    ground = storefront.offer.locator("[part=box]").evaluate(
        "(e) => getComputedStyle(e).backgroundColor"
    )

    assert ground == ("rgb(255, 255, 255)" if theme == "light" else "rgb(18, 18, 18)")


def test_text_of_twice_the_size_fits(storefront: Storefront) -> None:
    storefront.open()
    storefront.wait_for("offer")

    storefront.page.add_style_tag(content="body { font-size: 32px !important; }")

    assert fits(storefront.page)
    assert storefront.yes.evaluate("(e) => e.scrollWidth <= e.clientWidth")


def fits(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


@pytest.mark.picture
@pytest.mark.parametrize(
    ("name", "state", "locale", "scheme", "width"),
    [
        ("element-offer", "offer", "en", "light", 720),
        ("element-accepted-dark", "accepted", "de", "dark", 720),
        ("element-changed", "changed", "en", "light", 720),
        ("element-failed", "failed", "fr", "light", 720),
        ("element-loading", "loading", "en", "light", 720),
        ("element-rtl", "accepted", "ar", "light", 720),
        ("element-narrow", "offer", "en", "light", 390),
        ("element-alternatives", "alternatives", "en", "light", 768),
        ("element-events", "events", "en", "light", 1280),
        ("element-events-narrow-dark", "events", "nl", "dark", 390),
        ("element-folded", "folded", "pl", "light", 768),
        ("element-pending", "pending", "en", "light", 720),
    ],
)
def test_pictures_for_the_documentation(
    storefront: Storefront,
    place: Place,
    name: str,
    state: str,
    locale: str,
    scheme: Any,
    width: int,
) -> None:
    storefront.locale = locale
    storefront.page.emulate_media(color_scheme=scheme)
    storefront.page.set_viewport_size({"width": width, "height": 900})

    STATES[state](storefront, place)

    storefront.offer.screenshot(path=IMAGES / f"{name}.png")
