"""Turn XCover's texts into safe plain text, without markup, invisible characters or lost words.

Markup means the elements of HTML, comments and a doctype. Anything else in angle brackets is kept,
with a blank after the bracket, so that no browser takes it for a tag.
"""

from __future__ import annotations

import html
import re

from .values import link_of

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = ("address", "article", "div", "dl", "dt", "dd", "ol", "p", "section", "table", "ul")
_BREAKS = frozenset((*_HEADINGS, *_BLOCKS, "br", "hr", "li", "td", "th", "tr"))
_ELEMENTS = _BREAKS | frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym area aside audio b base basefont bdi bdo big blink blockquote body button "
        "canvas caption center cite code col colgroup data datalist del details dfn dialog dir em "
        "embed fieldset figcaption figure font footer form frame frameset head header hgroup html "
        "i iframe image img input ins kbd label legend link main map mark marquee math menu meta "
        "meter nav nobr noembed noframes noscript object optgroup option output param picture "
        "plaintext pre progress q rp rt ruby s samp script search select slot small source span "
        "strike strong style sub summary sup svg tbody template textarea tfoot thead time title "
        "track tt u var video wbr xmp",
    )
)
"""Elements of HTML, old ones included: https://html.spec.whatwg.org/multipage/indices.html"""

_WORDED = ("alt", "title", "aria-label")
"""Attributes whose values are words for the reader."""

_ATTRIBUTE = r"""[^\s"'<>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>`]++))?+"""
_TAG = re.compile(
    rf"<!doctype[^<>]*>|<(?P<end>/?)(?P<name>[a-z][a-z0-9]*+)"
    rf"(?P<attributes>(?:[\s/]++{_ATTRIBUTE})*+)[\s/]*+>",
    re.IGNORECASE,
)
_VALUE = re.compile(r"""([^\s"'<>/=]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>`]++))""")
_CODE = tuple(
    (re.compile(rf"<{name}(?![\w-])[^<>]*>", re.I), re.compile(rf"</{name}\s*>", re.I))
    for name in ("script", "style")
)
_COMMENT = (re.compile("<!--"), re.compile("-->"))

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SEPARATORS = re.compile("[\x1c-\x1f]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x9f"  # control characters
    "\u200b\u2060-\u2064\ufeff\u180e"  # characters without width that no script needs
    "\u202a-\u202e\u2066-\u206f"  # override the reading direction
    "\ufff9-\ufffb\U000e0000-\U000e007f]"  # annotations and tags
)
"""Characters that are dropped. Joiners and direction marks stay, as some scripts need them."""


def plain_text(value: str, *, is_html: bool = False, with_links: bool = True) -> str:
    """Return the words of a text, safe even if a page inserts it as HTML.

    With ``is_html``, entities are resolved and white space is collapsed even if there is no tag.
    With ``with_links``, each link is followed by its address in brackets.
    """
    text = _visible(value)
    is_markup = is_html or _has_markup(text)
    if is_markup:
        text = _visible(_Page(with_links).read(_without_code(text)))
    return re.sub(r"<(?=[A-Za-z/!?])", "< ", text).strip()


def _visible(text: str) -> str:
    """Drop invisible characters, and lone surrogates, which cannot be stored."""
    whole = text.encode("utf-8", "ignore").decode()
    return _INVISIBLE.sub("", _SEPARATORS.sub(" ", _LINE_ENDS.sub("\n", whole)))


def _has_markup(text: str) -> bool:
    return "<" in text and (
        any(map(_is_markup, _TAG.finditer(text))) or _without_code(text) != text
    )


def _is_markup(tag: re.Match[str]) -> bool:
    return tag["name"] is None or tag["name"].lower() in _ELEMENTS


def _without_code(text: str) -> str:
    """Drop scripts, styles and comments that have an end."""
    for opening, closing in (_COMMENT, *_CODE):
        parts, position = [], 0
        while begin := opening.search(text, position):
            end = closing.search(text, begin.end())
            if end is None:
                break
            parts.append(text[position : begin.start()])
            position = end.end()
        text = "".join((*parts, text[position:]))
    return text


class _Page:
    """Collects the words and link targets of a text; block elements begin a new line."""

    def __init__(self, with_links: bool) -> None:
        self._with_links = with_links
        self._parts: list[str] = []
        self._targets: list[str] = []

    def read(self, text: str) -> str:
        position = 0
        for tag in _TAG.finditer(text):
            if _is_markup(tag):
                self._say(text[position : tag.start()])
                self._obey(tag)
                position = tag.end()
        self._say(text[position:])
        while self._targets:  # a link that was never closed has a target too
            self._close_link(self._targets.pop())
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        return "\n".join(line for line in lines if line)

    def _say(self, data: str) -> None:
        self._parts.append(re.sub(r"\s+", " ", html.unescape(data)))

    def _obey(self, tag: re.Match[str]) -> None:
        name = (tag["name"] or "").lower()
        if name in _BREAKS:
            self._parts.append("\n")
        if tag["end"]:
            if name == "a" and self._targets:
                self._close_link(self._targets.pop())
            return
        values = _attributes(tag["attributes"] or "")
        if name == "a":
            self._targets.append(_target(values.get("href", "")))
        self._parts += [f" {values[word]} " for word in _WORDED if values.get(word)]

    def _close_link(self, target: str) -> None:
        if self._with_links and target and target not in "".join(self._parts[-1:]):
            self._parts.append(f" ({target})")


def _attributes(text: str) -> dict[str, str]:
    found = ((name.lower(), "".join(values)) for name, *values in _VALUE.findall(text))
    # Entities only with a semicolon: in an address "&copy=1" is a parameter.
    return {name: re.sub(r"&#?\w+;", _entity, value) for name, value in found}


def _entity(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def _target(href: str) -> str:
    """Return the address of a link, or '' for scripts and anchors within the page."""
    address = re.fullmatch(r"(?:mailto|tel):([^\s\"'<>\\]{1,2000})", href, re.IGNORECASE)
    return address[1] if address else link_of(href) or ""
