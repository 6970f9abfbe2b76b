"""What axe-core complains of on a page: WCAG 2.2 A and AA, and best practice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.people import Visitor

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "async ([place, tags]) => (await axe.run(place ?? document, { runOnly: tags })).violations"


async def violations(person: Visitor, place: str | None = None) -> list[str]:
    """Complaints about a page, or about the part of it that a selector names, each with its place."""
    await person.page.evaluate(AXE)
    found: list[dict[str, Any]] = await person.page.evaluate(RUN, [place, TAGS])
    path = await person.page.evaluate("location.pathname + location.search")
    return [f"{person.name} {path}: {v['id']}: {n['target']} {n['failureSummary']}" for v in found for n in v["nodes"]]
