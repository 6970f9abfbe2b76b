"""What a benchmark found, as rows of the table in docs/performance.md."""

from __future__ import annotations

import asyncio
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

HEAD = "| what | mark | measured | how |\n|---|---|---|---|"
BEGIN, END = "<!-- figures: make bench -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Figure:
    """One row.

    Attributes:
        mark: what it shall be, or ``""`` where it is only stated.
        met: whether it is; None where there is no mark.
        how: how it was measured, in half a sentence.
    """

    what: str
    mark: str
    measured: str
    met: bool | None
    how: str

    def row(self) -> str:
        """As a line of a Markdown table."""
        missed = " **(missed)**" if self.met is False else ""
        return f"| {self.what} | {self.mark} | {self.measured}{missed} | {self.how} |"


def measured(benchmark: ModuleType, **options: Any) -> dict[str, Any]:
    """Run a benchmark; its result, its figures, and how busy the machine was before and after (1 minute's load)."""
    before = os.getloadavg()[0]
    result = benchmark.run(**options)
    if asyncio.iscoroutine(result):
        result = asyncio.run(result)
    figures = [asdict(figure) for figure in benchmark.figures(result)]
    return {"load": [round(before, 1), round(os.getloadavg()[0], 1)], "result": result, "figures": figures}


def shown(benchmark: ModuleType, found: dict[str, Any]) -> str:
    """The result for people."""
    lines = [benchmark.table(found["result"]), ""]
    for figure in found["figures"]:
        verdict = {True: "met", False: "MISSED", None: ""}[figure["met"]]
        lines.append(f"{figure['what']}: {figure['measured']}  [{figure['mark']}] {verdict}".rstrip())
    lines.append("load average before and after: {:.1f}, {:.1f}".format(*found["load"]))
    return "\n".join(lines)


def missed(found: dict[str, Any]) -> bool:
    """Whether one of its marks was."""
    return any(figure["met"] is False for figure in found["figures"])


def main(benchmark: ModuleType, **options: Any) -> int:
    """Run one alone and print what it found; 1 if a mark was missed."""
    found = measured(benchmark, **options)
    print(shown(benchmark, found))
    return int(missed(found))


def markdown(found: dict[str, dict[str, Any]]) -> str:
    """All figures as one table."""
    return "\n".join([HEAD, *(Figure(**figure).row() for one in found.values() for figure in one["figures"])])


def refreshed(text: str, found: dict[str, dict[str, Any]]) -> str:
    """A document with the table between its two markers written anew; one without markers is all table."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    table = markdown(found)
    return f"{before}{begin}\n{table}\n{end}{after}" if begin and end else table + "\n"


def percentile(values: Sequence[float], percent: int) -> float:
    """The so-manieth percentile."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
