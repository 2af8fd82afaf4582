"""The plugin serves the custom elements itself, to browsers of any origin that Saleor allows."""

import hashlib
from importlib import resources

import pytest

from testkit.client.driver import PLUGIN_ID

FOLDER = resources.files("saleor_xcover_plugin").joinpath("static/saleor_xcover_plugin")
CONTENT = FOLDER.joinpath("element.js").read_bytes()
(GERMAN,) = [
    file.name for file in FOLDER.joinpath("locales").iterdir() if file.name.startswith("de-")
]


def ask(store, file="element.js", *, method="GET", channel=None, **headers):
    from django.test import Client

    path = f"/plugins/channel/{channel or store.usd.slug}/{PLUGIN_ID}/{file}"
    return Client(SERVER_NAME="localhost").generic(method, path, headers=headers)


def test_a_browser_gets_a_module(store):
    # when
    answer = ask(store)
    # then
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "public, max-age=600"
    assert "Origin" in answer["Vary"]


def test_who_has_it_already_gets_no_content(store):
    # given
    etag = ask(store)["ETag"]
    assert hashlib.sha256(CONTENT).hexdigest()[:32] in etag
    # when
    answer = ask(store, **{"If-None-Match": etag})
    # then
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer["ETag"] == etag
    assert answer["Cache-Control"] == "public, max-age=600"


def test_who_has_an_older_one_gets_the_new_one(store):
    assert ask(store, **{"If-None-Match": '"older"'}).status_code == 200


def test_it_is_only_read(store):
    # when
    answer = ask(store, method="POST")
    # then
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"


def test_a_channel_without_the_plugin_serves_no_element(store):
    # given
    channel = store.new_channel()
    # then
    assert ask(store, channel=channel.slug).status_code == 404


def test_the_element_of_the_order_page_is_served_too(store):
    answer = ask(store, "policy.js")

    assert answer.content == FOLDER.joinpath("policy.js").read_bytes()
    assert answer["Cache-Control"] == "public, max-age=600"


def test_the_texts_of_a_language_are_kept_for_they_never_change(store):
    answer = ask(store, f"locales/{GERMAN}")

    assert answer.content == FOLDER.joinpath("locales", GERMAN).read_bytes()
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Origin" in answer["Vary"]


@pytest.mark.parametrize(
    "file",
    [
        "locales/de-0123456789.js",
        "locales/de.js",
        "locales/",
        "locales",
        "locales/../element.js",
        "locales/%2e%2e/element.js",
        "locales/..%2felement.js",
        "locales/" + "a" * 300 + ".js",
        f"locales/{GERMAN}/more",
        "element.js/more",
        "desk/index.html",
        "../element.js",
    ],
)
def test_nothing_else_is_served(store, file):
    assert ask(store, file).status_code == 404
