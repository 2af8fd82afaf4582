"""Requests that somebody sends who wants the plugin's GraphQL endpoint to work hard or to break."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from testkit.client import documents

MAX_BODY = 16_384
LEAVES = ("heading", "title", "description", "disclaimer", "contentHash", "answer", "validUntil")
LISTS = ("quotes { %s }", "groups { %s }", "extras { %s }")
POINTS = ("benefits { %s }", "inclusions { %s }", "exclusions { %s }")
WORDS = ("heading", "quotes", "offer", "insuranceOffer", "errors", "premium", "amount", "x", "Y_1")
MARKS = ("{", "}", "(", ")", "[", "]", "...", "@", "$", ":", "!", "|", "=", '"', "#", ",", "\ufeff")
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 2**31, 2**70, 1e308, float("inf"), float("nan"), "", "\x00", "\ud800"),
    *("\u00b2", "\u0661", [], [[]], {}, {"a": {"b": []}}, "9" * 5_000, [None], "x" * 2_000),
)


@dataclass
class Attack:
    """One request body, and what kind it is."""

    kind: str
    body: bytes


@dataclass
class Attacker:
    """Makes requests; the same dice make the same ones. ``checkout`` has a live offer."""

    dice: Random
    checkout: str
    kinds: list[Callable[[], Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.kinds = [
            *(self.repeated, self.aliased, self.one_alias, self.lists, self.inline, self.nested),
            *(self.doubling, self.circles, self.many_fragments, self.spread_everywhere),
            *(self.unknown_names, self.unknown_arguments, self.unknown_types, self.directives),
            *(self.enums, self.declared, self.long_list, self.deep_value, self.deep_variable),
            *(self.introspection, self.long_text, self.odd_variables, self.several, self.damaged),
            *(self.tokens, self.bytes),
        ]

    def attack(self) -> Attack:
        make = self.dice.choice(self.kinds)
        made = make()
        if isinstance(made, bytes):
            return Attack(make.__name__, made)
        query, variables = made if isinstance(made, tuple) else (made, {})
        if self.dice.random() < 0.5:
            query = re.sub(r"^{ insuranceOffer\b", "mutation { insuranceOfferRequest", query)
        body = json.dumps({"query": query, "variables": variables}).encode()
        return Attack(make.__name__, body)

    def _many(self) -> int:
        """Often about as many as are allowed, sometimes as many as fit into a body."""
        return self.dice.choice([5, 12, 16, 17, 30, 70, 145, 150, 300, 600, 1_900, 5_000])

    def _ask(self, fields: str, rest: str = "") -> str:
        root = f'insuranceOffer(checkoutId: "{self.checkout}")'
        return f"{{ {root} {{ offer {{ {fields} }} }} }} {rest}"

    def _fitting(self, part: str, many: int | None = None) -> str:
        return part * min(many or self._many(), (MAX_BODY - 300) // len(part))

    # Wide and deep --------------------------------------------------------------------------

    def repeated(self) -> str:
        return self._ask(self._fitting(self.dice.choice(LEAVES) + " "))

    def aliased(self) -> str:
        names = self.dice.choice([LEAVES[:1], LEAVES])
        return self._ask(
            " ".join(f"a{n}: {self.dice.choice(names)}" for n in range(min(self._many(), 900)))
        )

    def one_alias(self) -> str:
        many = min(self._many(), 900)
        return self._ask(" ".join(f"x: {self.dice.choice(LEAVES)}" for _ in range(many)))

    def lists(self) -> str:
        inner = " ".join(
            self.dice.choice(POINTS) % self.dice.choice(["text", "text label", "a: text b: text"])
            for _ in range(self.dice.choice([1, 3, 6]))
        )
        return self._ask(self._fitting(self.dice.choice(LISTS) % inner + " "))

    def inline(self) -> str:
        fields = self.dice.choice(LEAVES)
        for _ in range(self.dice.choice([3, 5, 6, 7, 15, 40, 400])):
            fields = f"... on InsuranceOffer {{ {fields} {self.dice.choice(['', fields[:200]])} }}"
            if len(fields) > MAX_BODY // 2:
                break
        return self._ask(fields)

    def nested(self) -> str:
        many = self.dice.choice([6, 9, 17, 31, 33, 500, 2_000])
        return self._ask("a { " * many + "b" + " }" * many)

    # Fragments ------------------------------------------------------------------------------

    def doubling(self) -> str:
        depth, times = self.dice.randint(2, 12), self.dice.randint(2, 5)
        parts = [
            f"fragment F{n} on InsuranceOffer {{ {f'...F{n + 1} ' * times} }}" for n in range(depth)
        ]
        last = f"fragment F{depth} on InsuranceOffer {{ heading title }}"
        return self._ask("...F0", " ".join([*parts, last]))

    def circles(self) -> str:
        many = self.dice.randint(1, 40)
        return self._ask(
            "...F0",
            " ".join(
                f"fragment F{n} on InsuranceOffer {{ heading ...F{(n + 1) % many} }}"
                for n in range(many)
            ),
        )

    def many_fragments(self) -> str:
        many = min(self._many(), 250)
        fields = " ".join(f"...F{n}" for n in range(many))
        field_name = self.dice.choice([*LEAVES, "quotes { id }", "quotes { ...F0 }"])
        fragments = (f"fragment F{n} on InsuranceOffer {{ {field_name} }}" for n in range(many))
        return self._ask(fields, " ".join(fragments))

    def spread_everywhere(self) -> str:
        """Fragments of fragments inside fields of the same name: what the overlap rule compares."""
        many = self.dice.randint(2, 20)
        fields = " ".join(f"quotes {{ ...F{n} }}" for n in range(many))
        fragments = (
            f"fragment F{n} on InsuranceQuote {{ id {f'...F{n + 1}' if n + 1 < many else ''} }}"
            for n in range(many)
        )
        return self._ask(fields, " ".join(fragments))

    # Names ----------------------------------------------------------------------------------

    def _name(self) -> str:
        near = self.dice.choice(["contentHasj", "insuranceQuot", "checkoutIdd", "InsuranceOffr"])
        return self.dice.choice([near, "n" * 64, "n" * 65, "n" * 9_000, near * 4])

    def unknown_names(self) -> str:
        return self._ask(self._fitting(f"{self._name()} "))

    def unknown_arguments(self) -> str:
        given = self._fitting(f"{self._name()}: 1 ", self.dice.choice([1, 30, 150]))
        return f"{{ insuranceOffer({given}) {{ offer {{ heading }} }} }}"

    def unknown_types(self) -> str:
        return self._ask(self._fitting(f"... on {self._name()} {{ heading }} "))

    def directives(self) -> str:
        name = self.dice.choice(["skip", "include", "includ", self._name()])
        part = f"@{name}(if: {self.dice.choice(['true', 'false', '$x', '1'])}) "
        return self._ask("heading " + self._fitting(part))

    # Values ---------------------------------------------------------------------------------

    def enums(self) -> str:
        """Values of closed lists, and lists inside the pages of staff."""
        value = self.dice.choice(["CONFIRMED", "SOLD", '"CONFIRMED"', "[PARKED]", self._name()])
        first = self.dice.choice([1, 100, 101, 2**31, "9" * 70, '"x"'])
        after = self.dice.choice(["", "Y292ZXI6MQ==", "\u00b2", "x" * 2_000])
        inner = self.dice.choice(["history { at }", "cancellations { status }", "a: id b: id"])
        given = f'status: {value}, first: {first}, after: "{after}"'
        node = f"edges {{ cursor node {{ {self._fitting(inner + ' ', 40)} }} }}"
        return f"{{ insuranceCovers({given}) {{ {node} errors {{ code }} }} }}"

    def declared(self) -> tuple[str, dict[str, Any]]:
        kind = self.dice.choice(["ID", "[[[[ID]]]]", "Int = 99999999999", "Nothing", "ID!"])
        many = min(self._many(), 900)
        names = " ".join(f"$v{n}: {kind}" for n in range(many))
        sent = {f"v{n}": 1 for n in range(self.dice.choice([0, many]))}
        return f"query A({names}) {self._ask('heading')}", sent

    def long_list(self) -> tuple[str, dict[str, Any]]:
        many = min(self._many(), 2_500)
        if self.dice.random() < 0.5:
            quotes = "[" + '"",' * many + "]"
            return self._accept(quotes), {}
        query = f"mutation A($quotes: [ID!]!) {self._accept('$quotes').removeprefix('mutation ')}"
        return query, {"quotes": [""] * many}

    def _accept(self, quotes: str) -> str:
        given = f'checkoutId: "{self.checkout}", quoteIds: {quotes}, contentHash: "x"'
        return f"mutation {{ insuranceAccept({given}) {{ errors {{ code }} }} }}"

    def deep_value(self) -> str:
        many = self.dice.choice([10, 29, 33, 500, 5_000])
        opening, closing = self.dice.choice([("[", "]"), ("{a: ", "}")])
        return self._accept(self._fitting(opening, many) + closing * many)[:MAX_BODY]

    def deep_variable(self) -> bytes:
        many = self.dice.choice([10, 100, 900, 7_000])
        opening, closing = self.dice.choice([(b"[", b"]"), (b'{"a":', b"}")])
        value = opening * min(many, 2_000) + b"1" + closing * min(many, 2_000)
        return b'{"query": "query A($id: ID!) {a(b: $id)}", "variables": {"id": %b}}' % value

    def odd_variables(self) -> tuple[str, dict[str, Any]]:
        names = ("id", "quoteIds", "contentHash", "page", "turn", "x")
        sent = {name: self.dice.choice(ODD_VALUES) for name in names if self.dice.random() < 0.8}
        if self.dice.random() < 0.7:
            sent["id"] = self.checkout
        query = self.dice.choice([documents.INSURANCE_ACCEPT, documents.INSURANCE_DECLINE])
        return query, sent

    def introspection(self) -> str:
        fields = " ".join(
            f"a{n}: types {{ name description fields {{ name description }} }}"
            for n in range(min(self._many(), 200))
        )
        root = self.dice.choice(["__schema", "a: __schema", '__type(name: "Query")'])
        return f"{{ {root} {{ {fields} }} }}"

    def long_text(self) -> str:
        return self.dice.choice(
            [
                self._accept('["' + "x" * 15_000 + '"]'),
                self._accept('["' + "\\u0041" * 2_500 + '"]'),
                self._accept("9" * 15_000),
                self._accept("1." + "9" * 60),
                "#" + "x" * 15_000 + "\n{a}",
                " " * 15_000 + "{a}",
                "{a" + "\n" * 15_000 + "\x07}",
                "\x00" * 2_000,
                '{a(b: "' + "x" * 15_000,
            ]
        )

    def several(self) -> str:
        one = self._ask("heading")
        return self.dice.choice(
            [
                one * 3,
                "query A " + one + " query B " + one,
                "subscription { a }",
                "{ __typename " + self._fitting("insuranceOffer ") + "}",
                "type A { b: C }",
                "fragment A on B { c }",
            ]
        )

    # Chance ---------------------------------------------------------------------------------

    def damaged(self) -> tuple[str, dict[str, Any]]:
        """A document of the storefront with a few words taken out, doubled or exchanged."""
        query = self.dice.choice(
            [
                documents.INSURANCE_OFFER,
                documents.INSURANCE_OFFER_REQUEST,
                documents.INSURANCE_ACCEPT,
                documents.INSURANCE_DECLINE,
                documents.INSURANCE_COVER,
            ]
        )
        parts = re.findall(r"\w+|\s+|.", query)
        for _ in range(self.dice.randint(1, 8)):
            at = self.dice.randrange(len(parts))
            parts[at : at + 1] = self.dice.choice(
                [[], [parts[at]] * 2, [self.dice.choice(WORDS)], [self.dice.choice(MARKS)]]
            )
        sent = {"id": self.checkout, "quoteIds": ["x"], "contentHash": "x"}
        return "".join(parts), sent

    def tokens(self) -> str:
        many = min(self._many(), 2_000)
        return " ".join(self.dice.choices([*WORDS, *MARKS], k=many))

    def bytes(self) -> bytes:
        return self.dice.choice(
            [
                self.dice.randbytes(self.dice.choice([1, 100, 16_384, 20_000])),
                b"[" * 16_000,
                b'{"query": ' + b"9" * 16_000 + b"}",
                b'{"query": "{a}", "variables": ' + b'{"a":' * 2_000,
                json.dumps({"query": self._ask("heading")}).encode("utf-16"),
                json.dumps({"query": ["{a}"], "variables": "x"}).encode(),
            ]
        )
