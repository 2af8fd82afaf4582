"""HTML of XCover's answers as plain text: markup from outside is never stored and never shown."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from .values import link_of, text_of

LONGEST_MARKUP = 100_000
"""Characters of one text that are read; a policy text is a hundredth of it."""

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = ("address", "article", "div", "dl", "dt", "dd", "ol", "p", "section", "table", "ul")
_BREAKS = frozenset((*_HEADINGS, *_BLOCKS, "br", "hr", "li", "td", "th", "tr"))
_UNREAD = frozenset(("script", "style", "template", "title"))


def plain_text_of(markup: Any) -> str:
    """Return the words of ``markup``, each link followed by its address in brackets.

    Anything but a text, and a placeholder such as "N/A", is no text.
    """
    return _read(markup, with_links=True)


def whole_text(plain: Any, markup: Any) -> str:
    """Join a text with its HTML variant so that nothing either of them says is lost.

    Where both have the same words the variant counts, because only it can name link targets.
    """
    text, words, full = text_of(plain), _read(markup, with_links=False), plain_text_of(markup)
    if not text or _spaced(text) in _spaced(words):
        return full or text
    if not full or (full == words and _spaced(words) in _spaced(text)):
        return text
    return f"{text}\n{full}"


def _read(markup: Any, *, with_links: bool) -> str:
    reader = _Reader(with_links=with_links)
    reader.feed(text_of(markup)[:LONGEST_MARKUP])
    reader.close()
    return text_of(reader.text())


def _spaced(text: str) -> str:
    return " ".join(text.split())


class _Reader(HTMLParser):
    """Collects words and link targets; blocks begin a new line."""

    def __init__(self, *, with_links: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._with_links = with_links
        self._parts: list[str] = []
        self._targets: list[str | None] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._unread += 1
        elif tag in _BREAKS:
            self._parts.append("\n")
        elif tag == "a":
            self._targets.append(link_of(dict(attrs).get("href")))

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag in _BREAKS:
            self._parts.append("\n")
        elif tag == "a" and self._targets:
            self._close_link(self._targets.pop())

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._parts.append(re.sub(r"\s+", " ", data))

    def _close_link(self, target: str | None) -> None:
        if self._with_links and target and target not in "".join(self._parts[-1:]):
            self._parts.append(f" ({target})")

    def text(self) -> str:
        while self._targets:  # a link that was never closed still leads somewhere
            self._close_link(self._targets.pop())
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        return "\n".join(line for line in lines if line)
