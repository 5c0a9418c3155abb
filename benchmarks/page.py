"""Puts the kept results into BENCHMARKS.md: `python benchmarks/page.py`.

The text between a pair of marks, <!-- NAME --> and <!-- /NAME -->, is replaced by the table of results/NAME.json; the
rest of the page is written by hand. If a result is missing, the text between its marks stays as it is.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

from report import RESULTS, ROOT, headline

PAGE = ROOT / "benchmarks" / "BENCHMARKS.md"


def filled(text: str, tables: dict[str, str]) -> str:
    r"""`text` with each table between its marks.

    >>> filled("a <!-- x -->old<!-- /x --> b", {"x": "new"})
    'a <!-- x -->\nnew\n<!-- /x --> b'
    """
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        text = re.sub(
            f"{re.escape(begin)}.*?{re.escape(end)}",
            lambda _, whole=f"{begin}\n{table}\n{end}": whole,
            text,
            flags=re.DOTALL,
        )
    return text


def table_of(result: Path) -> str:
    """A result as its script shows it, the stamp below."""
    document = json.loads(result.read_text(encoding="utf-8"))
    script = importlib.import_module(result.stem.partition("-")[0])
    table: str = script.shown_table(document)
    return f"{table}\n\n{script.caption(document)} {headline(document)}."


def fill(page: Path = PAGE, results: Path = RESULTS) -> None:
    text = page.read_text(encoding="utf-8")
    marked = [path for path in sorted(results.glob("*.json")) if f"<!-- {path.stem} -->" in text]
    text = filled(text, {path.stem: table_of(path) for path in marked})
    part = page.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(page)


if __name__ == "__main__":
    fill()
