"""Hook of mkdocs: documents that lie outside docs/ become pages below `repository/`, and links to them follow.

On a code host every link works as it is written. On the site, a link to a file that is no page (a source file, say) is
shown as its text.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PREFIX = "repository/"
DOCUMENTS = (
    "SECURITY.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "benchmarks/BENCHMARKS.md",
    "benchmarks/README.md",
)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def pictures() -> list[str]:
    """Pictures outside docs/ that a page may show, relative to the repository."""
    folders = (ROOT / "benchmarks", ROOT / "benchmarks" / "results")
    return sorted(str(p.relative_to(ROOT)) for folder in folders for p in folder.glob("*.png"))


def on_files(files: Any, config: Any) -> Any:
    """Add the documents and the pictures."""
    for name in (*DOCUMENTS, *pictures()):
        files.append(File.generated(config, PREFIX + name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links out of docs/ to the pages that were added; drop those to files that are no pages."""
    uri = page.file.src_uri
    source = PurePosixPath(uri.removeprefix(PREFIX) if uri.startswith(PREFIX) else f"docs/{uri}")
    published = {*DOCUMENTS, *pictures()}

    def follow(match: re.Match[str]) -> str:
        mark, text, target, anchor = match[1], match[2], match[3], match[4] or ""
        if "://" in target or target.startswith("mailto:"):
            return match[0]
        wanted = os.path.normpath(source.parent / target)
        if wanted.startswith("docs/"):
            there = wanted.removeprefix("docs/")
        elif wanted in published:
            there = PREFIX + wanted
        else:
            return text
        return f"{mark}[{text}]({os.path.relpath(there, PurePosixPath(uri).parent)}{anchor})"

    return LINK.sub(follow, markdown)
