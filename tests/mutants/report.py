"""Say for people and machines what became of the mutants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .making import Mutant


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutant and what became of it."""

    group: str
    mutant: Mutant
    outcome: str
    """``killed``, ``survived``, ``equivalent`` or ``not played``."""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """How many of some mutants were noticed. Those nobody can notice do not count."""

    killed: int
    survived: int
    equivalent: int
    waiting: int

    @classmethod
    def of(cls, judged: Sequence[Judged]) -> Score:
        """Count them."""
        outcomes = [one.outcome for one in judged]
        names = ("killed", "survived", "equivalent", "not played")
        return cls(*(outcomes.count(name) for name in names))

    @property
    def percent(self) -> float:
        """Return the share of killed ones among those that were played and count."""
        played = self.killed + self.survived
        return 100.0 * self.killed / played if played else 100.0

    def row(self, name: str) -> str:
        """Write a row of the table."""
        numbers = (self.killed, self.survived, self.equivalent, self.waiting)
        score = f"{self.percent:.1f} %" if self.killed + self.survived else "-"
        return f"| {name} | {' | '.join(map(str, numbers))} | {score} |"


HEAD = (
    "| | killed | survived | equivalent | not played | score |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
)


def table(judged: Sequence[Judged], *, by_file: bool = True) -> list[str]:
    """Write a row for each file and one for each group."""
    lines = list(HEAD)
    for group in dict.fromkeys(one.group for one in judged):
        mine = [one for one in judged if one.group == group]
        for file in dict.fromkeys(one.mutant.file for one in mine) if by_file else ():
            score = Score.of([one for one in mine if one.mutant.file == file])
            lines.append(score.row(file.removeprefix("saleor_xcover_plugin/")))
        lines.append(Score.of(mine).row(f"**{group}**"))
    return lines


def survivors(judged: Sequence[Judged]) -> list[str]:
    """Write what no test noticed, as a difference."""
    lines = []
    for one in judged:
        if one.outcome == "survived":
            mutant = one.mutant
            lines.append(f"{mutant.file}:{mutant.line} in {mutant.scope or 'the module'}")
            lines += [f"  - {line}" for line in mutant.was.splitlines()]
            lines += [f"  + {line}" for line in mutant.now.splitlines()]
    return lines


def as_json(seed: int, commit: str, judged: Sequence[Judged]) -> dict[str, Any]:
    """Return all of it for machines."""
    groups = dict.fromkeys(one.group for one in judged)
    return {
        "seed": seed,
        "commit": commit,
        "groups": {name: _numbers([x for x in judged if x.group == name]) for name in groups},
        "survivors": [
            {
                "file": one.mutant.file,
                "line": one.mutant.line,
                "scope": one.mutant.scope,
                "was": one.mutant.was,
                "now": one.mutant.now,
            }
            for one in judged
            if one.outcome == "survived"
        ],
    }


def _numbers(judged: Sequence[Judged]) -> dict[str, Any]:
    score = Score.of(judged)
    return {
        "killed": score.killed,
        "survived": score.survived,
        "equivalent": score.equivalent,
        "not_played": score.waiting,
        "percent": round(score.percent, 1),
    }
