"""A suite in as many sittings as it takes."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ...sittings.results import Result
from ...sittings.sitting import Sitting, is_green
from ...sittings.workers import FreshWorker, Unit

Git = Callable[..., str]
NAMES = ["a", "b", "c"]


@pytest.fixture
def sit(repository: Git, tmp_path: Path) -> Callable[..., "Sat"]:
    """Sit down in the repository; units named in ``red`` fail. They note that they were played."""

    def sit(*names: str, red: str = "", spoil: str = "", **options: bool) -> "Sat":
        def unit(name: str) -> Unit:
            script = f"import sys; open('.cache/played', 'a').write({name!r})"
            if name == spoil:
                script += "; open('plugin.py', 'a').write('# changed')"
            script += f"; sys.exit({name!r} in {red!r})"
            return Unit(name, [sys.executable, "-c", script], folder=tmp_path, tells=False)

        folder = tmp_path / ".cache" / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        played = tmp_path / ".cache" / "played"
        played.write_text("")
        sitting = Sitting(folder, names or NAMES, unit, root=tmp_path, **options)
        results = sitting.play(1, lambda _: FreshWorker())
        return Sat(sitting, results, "".join(sorted(played.read_text())))

    return sit


class Sat:
    """A sitting that is over: what it returned, and which units were really played."""

    def __init__(self, sitting: Sitting, results: dict[str, Result], played: str) -> None:
        self.results, self.played = results, played
        self.is_kept, self.whole = sitting.is_kept, sitting.union(NAMES)


def test_resuming_plays_only_what_has_no_green_result(sit: Callable[..., Sat]) -> None:
    # given a sitting in which one failed and one was not asked for
    first = sit("a", "b", red="b")
    assert not is_green(first.results)
    # when
    second = sit(resume=True)
    # then
    assert second.played == "bc"
    assert sorted(second.results) == NAMES
    assert is_green(second.results)
    assert second.results["b"].earlier_failures == 1
    assert sit(resume=True).played == ""


def test_without_resuming_everything_is_played_again(sit: Callable[..., Sat]) -> None:
    sit()

    again = sit(red="c")

    assert again.played == "abc"
    assert again.whole is None


def test_parts_of_one_content_make_a_whole(sit: Callable[..., Sat]) -> None:
    assert sit("a").whole is None
    assert sit("b").whole is None

    whole = sit("c").whole

    assert whole is not None
    assert [result.unit for result in whole] == NAMES
    assert len({result.sitting for result in whole}) == 3


def test_parts_of_two_contents_do_not(
    sit: Callable[..., Sat], repository: Git, tmp_path: Path
) -> None:
    sit("a", "b")

    (tmp_path / "plugin.py").write_text("x = 2\n")
    dirty = sit("c")
    repository("commit", "--quiet", "--all", "--message", "second")

    assert dirty.whole is None
    assert sit(resume=True).played == "ab"


def test_a_tree_changed_meanwhile_keeps_nothing_from_then_on(sit: Callable[..., Sat]) -> None:
    # given a change of the plugin while the second of three is played
    changed = sit(spoil="b")
    # then
    assert changed.played == "abc"
    assert not changed.is_kept
    assert sit(resume=True).played == "abc"


def test_a_selection_is_neither_kept_nor_taken_from_what_is_kept(sit: Callable[..., Sat]) -> None:
    sit()

    assert sit("a", resume=True, is_kept=False).played == "a"

    sit("a", red="a", is_kept=False)
    assert sit(resume=True).played == ""


def test_long_units_begin_where_nothing_is_known(repository: Git, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a large file")

    sitting = Sitting(
        tmp_path / ".cache" / "runs",
        NAMES,
        lambda name: Unit(name, []),
        root=tmp_path,
        long_ones=["c"],
    )

    assert sitting.waiting == ["c", "a", "b"]


def test_nothing_played_is_not_green() -> None:
    assert not is_green({})
