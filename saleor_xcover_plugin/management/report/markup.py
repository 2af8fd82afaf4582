"""Elements of a page. Texts and attributes are escaped when the tree is written, all of them."""

from __future__ import annotations

from xml.etree.ElementTree import Element, tostring

Content = Element | str


def node(tag: str, *contents: Content, **attributes: str) -> Element:
    """Build an element. ``class_`` names an attribute Python reserves, ``_`` inside is a dash."""
    names = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    element = Element(tag, names)
    for content in contents:
        _append(element, content)
    return element


def as_document(root: Element) -> str:
    """Write a whole HTML document."""
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _append(element: Element, content: Content) -> None:
    if isinstance(content, Element):
        element.append(content)
    elif len(element):
        element[-1].tail = (element[-1].tail or "") + content
    else:
        element.text = (element.text or "") + content
