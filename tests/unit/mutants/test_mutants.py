"""Mutants: which mistakes are made, when a test noticed one, and what is kept of it."""

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from ...mutants import swapping
from ...mutants.groups import GROUPS, Group, Suite, drawn, imports
from ...mutants.kept import Equivalent, Fate, Kept, equivalents
from ...mutants.making import Mutant, mutants
from ...mutants.report import Judged, Score, as_json, survivors, table

RULES = '''"""Whether a ticket may be insured."""

from decimal import Decimal

OPEN = frozenset({"asked", "shown"})
"""States in which a shopper may answer."""


def is_insurable(price: Decimal, *, least: int = 5) -> bool:
    """Whether it costs enough."""
    if not price:
        return False
    return price >= least
'''
FILE = "saleor_xcover_plugin/domain/example.py"


def made(text: str = RULES) -> list[Mutant]:
    return mutants(FILE, text)


def changes(text: str = RULES) -> dict[str, str]:
    return {one.now: one.was for one in made(text)}


def test_rules_and_tables_get_mistakes_and_texts_for_people_do_not() -> None:
    told = changes()

    assert told["return price > least"] == "return price >= least"
    assert told["if price:"] == "if not price:"
    assert told["return True"] == "return False"
    assert 'OPEN = frozenset({"asked", })' in told
    assert 'OPEN = frozenset({"asked", "XXshownXX"})' in told
    assert "def is_insurable(price: Decimal, *, least: int = 6) -> bool:" in told
    assert not [now for now in told if "Whether" in now or "States" in now or "import" in now]


def test_what_only_readers_and_type_checkers_read_gets_none() -> None:
    text = 'Row = TypeVar("Row", bound=Model)\n__all__ = ["Row", "ROWS"]\nROWS = list(range(1))\n'

    assert {one.scope for one in made(text)} == {"ROWS"}


def test_every_mutant_is_the_module_with_one_other_statement() -> None:
    for one in made():
        mutated = one.within(RULES)

        assert mutated != RULES
        compile(mutated, "mutant", "exec")
        assert mutated.startswith('"""Whether a ticket may be insured."""')


def test_a_mutant_keeps_its_name_when_other_lines_change() -> None:
    before = {one.key: one.line for one in made()}
    longer = RULES.replace("OPEN =", "MANY = tuple(range(9))\n\nOPEN =")

    after = {one.key: one.line for one in made(longer)}

    assert before.keys() < after.keys()
    assert all(after[key] == line + 2 for key, line in before.items())


def test_lines_that_read_the_same_are_told_apart() -> None:
    text = (
        "def f(a, b):\n    if a > 1:\n        b = 1\n    if a > 1:\n        b = 2\n    return b\n"
    )

    alike = [one for one in made(text) if one.now == "if a >= 1:"]

    assert [one.nth for one in alike] == [1, 2]
    assert len({one.key for one in alike}) == 2


def test_a_sample_is_the_same_for_a_seed_and_mostly_the_same_after_a_change() -> None:
    text = "\n".join(f"def f{n}(a):\n    return a > {n}\n" for n in range(40))
    changed = text.replace("a > 7\n", "a < 7\n")

    first = [one.key for one in drawn(made(text), 1, 30)]

    assert [one.key for one in drawn(made(text), 1, 30)] == first
    assert [one.key for one in drawn(made(text), 2, 30)] != first
    assert len(set(first) & {one.key for one in drawn(made(changed), 1, 30)}) > 25
    assert drawn(made(text), 1, None) == made(text)


@pytest.mark.parametrize(
    ("now", "functions"),
    [
        ("return price > least", ["is_insurable"]),
        ('OPEN = frozenset({"asked", })', None),
        ("def is_insurable(price: Decimal, *, least: int = 6) -> bool:", None),
    ],
)
def test_only_what_is_in_the_body_of_a_function_is_exchanged_in_place(now, functions) -> None:
    mutant = next(one for one in made() if one.now == now)

    assert swapping.changed_functions(RULES, mutant.within(RULES)) == functions


def test_a_function_somebody_imported_by_name_gets_the_mistake_too() -> None:
    module = ModuleType("saleor_xcover_plugin.example")
    exec(RULES, vars(module))  # noqa: S102
    is_insurable = module.is_insurable
    mutant = next(one for one in made() if one.now == "return price > least")

    assert is_insurable(5)
    assert swapping.swap(module, mutant.within(RULES), ["is_insurable"])
    assert not is_insurable(5)
    assert not swapping.swap(module, mutant.within(RULES), ["elsewhere"])


def test_what_a_decorator_wraps_is_found_behind_it() -> None:
    text = (
        "from contextlib import contextmanager\n"
        "LEAST = 1\n"
        "@contextmanager\n"
        "def a():\n"
        "    yield LEAST < 2\n"
    )
    module = ModuleType("saleor_xcover_plugin.example")
    exec(text, vars(module))  # noqa: S102

    assert swapping.swap(module, text.replace("< 2", "> 2"), ["a"])
    with module.a() as told:
        assert told is False


def test_methods_and_properties_are_found_in_their_classes() -> None:
    text = "class A:\n    @property\n    def b(self):\n        return 1 < 2\n"
    module = ModuleType("saleor_xcover_plugin.example")
    exec(text, vars(module))  # noqa: S102
    mutated = text.replace("1 < 2", "1 > 2")

    assert swapping.changed_functions(text, mutated) == ["A.b"]
    assert swapping.swap(module, mutated, ["A.b"])
    assert module.A().b is False


def test_a_module_imported_anew_has_the_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "xcover_example.rules"
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    finder = swapping.Mutated(name, "rules.py", "ANSWER = 41\n")

    spec = finder.find_spec(name)
    module = ModuleType(name)
    finder.exec_module(module)

    assert spec is not None
    assert finder.find_spec("another") is None
    assert module.ANSWER == 41


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Group:
    """A group of one module and one test, in a folder of its own."""
    monkeypatch.setattr("tests.mutants.groups.ROOT", tmp_path)
    monkeypatch.setattr("tests.mutants.kept.ROOT", tmp_path)
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(RULES)
    tests = tmp_path / "tests" / "test_example.py"
    tests.parent.mkdir()
    tests.write_text("def test_one():\n    pass\n\n\ndef test_two():\n    pass\n")
    return Group("example", (FILE, "not/there.py"), (Suite("example", ("tests",), ()),))


def kept(tmp_path: Path, group: Group) -> Kept:
    from ...mutants import kept as module

    module._text.cache_clear()
    module._functions.cache_clear()
    return Kept(tmp_path / "example.jsonl", group.tests[0])


def test_a_group_leaves_out_what_is_not_there_yet(group: Group) -> None:
    assert group.modules() == [FILE]
    assert group.tests[0].files() == ["tests/test_example.py"]


@pytest.mark.parametrize(
    ("text", "is_imported"),
    [
        ("from package.domain.breaker import Breaker", True),
        ("from package.domain import breaker", True),
        ("from package.domain import alarms, breaker, rates", True),
        ("from package.domain import (\n    alarms,\n    breaker,\n)", True),
        ("from package.domain import alarms\n\nbreaker = None", False),
        ("from package.domain import circuit_breaker", False),
        ("# about the breaker\nfrom package.domain.alarms import alarm", False),
    ],
)
def test_a_table_is_asked_of_every_test_that_imports_it(text: str, is_imported: bool) -> None:
    # A number at the top of a module is run by no test, so who imports it is asked.
    assert imports(text, "package/domain/breaker.py") is is_imported


def test_what_was_played_is_known_after_a_stop(tmp_path: Path, group: Group) -> None:
    first, second, third = made()[:3]
    kept(tmp_path, group).keep(first, "killed", "tests/test_example.py::test_one", 0.1)
    kept(tmp_path, group).keep(second, "survived", "", 0.1)
    with (tmp_path / "example.jsonl").open("a") as file:
        file.write('{"key": "torn')

    again = kept(tmp_path, group)

    assert isinstance(again.of(first), Fate)
    assert again.of(second).outcome == "survived"
    assert again.of(third) is None


def test_a_new_test_is_asked_about_survivors_only(tmp_path: Path, group: Group) -> None:
    # given one that a test killed and one that survived
    killed, survivor = made()[:2]
    before = kept(tmp_path, group)
    before.keep(killed, "killed", "tests/test_example.py::test_one", 0.1)
    before.keep(survivor, "survived", "", 0.1)
    # when a test is added to the same file
    file = tmp_path / "tests" / "test_example.py"
    file.write_text(file.read_text() + "\n\ndef test_three():\n    pass\n")
    # then
    assert kept(tmp_path, group).of(killed) is not None
    assert kept(tmp_path, group).of(survivor) is None
    # when the test that killed changes
    file.write_text(
        file.read_text().replace("def test_one():\n    pass", "def test_one():\n    ...")
    )
    # then
    assert kept(tmp_path, group).of(killed) is None


def test_a_changed_module_is_played_anew(tmp_path: Path, group: Group) -> None:
    mutant = made()[0]
    kept(tmp_path, group).keep(mutant, "killed", "tests/test_example.py::test_one", 0.1)
    (tmp_path / FILE).write_text(RULES + "\nMORE = 1\n")

    assert kept(tmp_path, group).of(mutant) is None


def justification(mutant: Mutant) -> Equivalent:
    return Equivalent(FILE, mutant.scope, mutant.was, mutant.now, "why not")


def test_a_justified_mutant_is_found_wherever_its_function_moves() -> None:
    one = next(one for one in made() if one.now == "return price > least")
    moved = next(
        other
        for other in made(RULES.replace("OPEN =", "# a longer comment\nOPEN ="))
        if other.now == one.now
    )

    assert moved.line != one.line
    assert justification(one).is_of(moved)
    assert not justification(one).is_of(replace(moved, scope="elsewhere"))


def test_every_justification_says_why_and_stands_once(tmp_path: Path) -> None:
    row = '[[mutant]]\nfile = "a.py"\nscope = "f"\nwas = "x"\nnow = "y"\nwhy = "{}"\n'
    path = tmp_path / "equivalent.toml"

    path.write_text(row.format("a reason"))
    assert [one.why for one in equivalents(path)] == ["a reason"]
    path.write_text(row.format(" "))
    with pytest.raises(ValueError, match="says not why"):
        equivalents(path)
    path.write_text(row.format("a reason") * 2)
    with pytest.raises(ValueError, match="justified twice"):
        equivalents(path)


def test_the_justified_of_this_project_name_files_that_are_there() -> None:
    root = Path(__file__).resolve().parents[3]

    assert all((root / one.file).is_file() for one in equivalents())


def test_the_score_leaves_out_what_nobody_can_notice_and_what_was_not_played() -> None:
    outcomes = ["killed"] * 9 + ["survived"] + ["equivalent"] * 5 + ["not played"] * 3
    judged = [Judged("domain", made()[0], outcome) for outcome in outcomes]

    score = Score.of(judged)

    assert (score.killed, score.survived, score.equivalent, score.waiting) == (9, 1, 5, 3)
    assert score.percent == 90.0
    assert "| **domain** | 9 | 1 | 5 | 3 | 90.0 % |" in table(judged)
    assert "| **domain** | 0 | 0 | 0 | 1 | - |" in table(
        [Judged("domain", made()[0], "not played")]
    )
    assert as_json(20, "abc", judged)["groups"]["domain"]["percent"] == 90.0


def test_a_survivor_is_shown_as_a_difference() -> None:
    mutant = next(one for one in made() if one.now == "return price > least")

    lines = survivors([Judged("domain", mutant, "survived"), Judged("domain", mutant, "killed")])

    assert lines == [
        f"{FILE}:13 in is_insurable",
        "  - return price >= least",
        "  + return price > least",
    ]


def test_the_rules_are_played_in_full_and_the_delivery_as_a_sample() -> None:
    domain, delivery = GROUPS

    assert (domain.name, domain.sample) == ("domain", None)
    assert len(domain.modules()) > 20
    assert (delivery.name, delivery.sample) == ("delivery", 300)
    assert all(tests.files() for group in GROUPS for tests in group.tests)
