"""Build an HTML page from elements. All texts and attributes are escaped when it is written."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from xml.etree.ElementTree import Element, tostring

Content = Element | str
"""A child of an element."""


def node(tag: str, *contents: Content, **attributes: str) -> Element:
    """Return an element. In attribute names a final ``_`` is dropped; others become dashes."""
    names = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    element = Element(tag, names)
    for content in contents:
        _append(element, content)
    return element


def page(title: str, heading: str, said: str, contents: Iterable[Element]) -> str:
    """Return an HTML page with its styles, a heading, the sentence ``said`` and the contents."""
    head = node(
        "head",
        node("meta", charset="utf-8"),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("title", title),
        node("style", files(__package__).joinpath("page.css").read_text("utf-8")),
    )
    header = node("header", node("h1", heading), node("p", said))
    body = node("body", header, node("main", *contents))
    return as_document(node("html", head, body, lang="en"))


def as_document(root: Element) -> str:
    """Return the HTML document of a root element."""
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _append(element: Element, content: Content) -> None:
    if isinstance(content, Element):
        element.append(content)
    elif len(element):
        element[-1].tail = (element[-1].tail or "") + content
    else:
        element.text = (element.text or "") + content
