"""The wheel that others install: everything that pages need is inside, nothing of the tests is."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files in a freshly built wheel."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(directory),
        ".",
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    [wheel] = directory.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_everything_that_pages_need_is_inside(names: set[str]) -> None:
    static = {
        f"conference/static/{path.relative_to(ROOT / 'static')}"
        for path in (ROOT / "static").rglob("*")
        if path.is_file()
    }
    templates = {
        str(path.relative_to(ROOT)) for path in (ROOT / "conference").rglob("*") if path.suffix in (".html", ".mako")
    }
    data = {"conference/demo/kooperationskonferenz.yaml", "conference/demo/people.csv"}
    assert {name for name in static if "/vendor/" in name}
    assert static | templates | data <= names


def test_every_module_is_inside_and_no_test(names: set[str]) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "conference").rglob("*.py")}
    assert modules == {name for name in names if name.endswith(".py")}
