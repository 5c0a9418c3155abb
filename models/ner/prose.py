"""Step 1, prose: `python -m models.ner.prose --out prose.json`.

Collects sentences of plain words for vocabulary: WordNet's glosses and examples, fortunes. Debian: wamerican,
wordnet-base, fortunes, fortunes-min. Output: {"train": […], "held": […], "words": […]}; 3 % are held out, by hash of
the sentence.
"""

import argparse
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

NUMBER_WORDS = set(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety zeroth first second third fourth "
    "fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth thirtieth hundred thousand million oh half".split()
)

HELD_PERCENT = 3
SHORT = "a i of to in is it be by or as an at on if we no so do he my up us me am go".split()
CONTRACTIONS = (
    "don't can't won't isn't doesn't didn't it's that's he's she's i'm i've i'll you're you'll couldn't wouldn't "
    "wasn't they're we're we'll there's what's let's haven't"
).split()


def sentence(text: str, vocabulary: set[str]) -> str | None:
    """The text as one clean sentence of 4-18 known words, or None."""
    text = re.sub(r"\s+", " ", text).strip(" ;:-,.")
    mark = "?" if text.endswith("?") else "."
    text = re.sub(r"\s*,\s*", ", ", text.rstrip("?! "))
    if not re.fullmatch(r"[A-Za-z][A-Za-z', ]+", text) or len(text) > 110:
        return None
    tokens = text.replace(",", "").split()
    if not 4 <= len(tokens) <= 18:
        return None
    for i, token in enumerate(tokens):
        proper = i and token != token.lower() and token not in ("I", "I'm", "I've", "I'll")
        if token.lower() not in vocabulary or proper:
            return None
    text = re.sub(r"\bi\b", "I", text)
    return text[0].upper() + text[1:] + mark


def wordnet(folder: Path) -> Iterator[str]:
    """Glosses and quoted examples."""
    for path in sorted(folder.glob("data.*")):
        for line in path.read_text(errors="ignore").splitlines():
            _, bar, gloss = line.partition("|")
            if bar:
                yield from re.findall(r'"([^"]+)"', gloss)
                yield from re.sub(r"\([^)]*\)", "", re.sub(r'"[^"]*"', "", gloss)).split(";")


def fortunes(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*")):
        if path.suffix not in (".dat", ".u8"):
            for paragraph in path.read_text(errors="ignore").split("\n%\n"):
                yield from re.split(r"(?<=[.?!])\s+", paragraph.replace("\n", " "))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dictionary", type=Path, default=Path("/usr/share/dict/american-english"))
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--fortunes", type=Path, default=Path("/usr/share/games/fortunes"))
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    listed = [w for w in a.dictionary.read_text().split() if re.fullmatch(r"[a-z]{3,11}", w) and w not in NUMBER_WORDS]
    vocabulary = {*listed, *SHORT, *CONTRACTIONS} - NUMBER_WORDS
    found = {
        s for source in (wordnet(a.wordnet), fortunes(a.fortunes)) for t in source if (s := sentence(t, vocabulary))
    }
    held = {s for s in found if zlib.crc32(s.encode()) % 100 < HELD_PERCENT}
    a.out.write_text(json.dumps({"train": sorted(found - held), "held": sorted(held), "words": listed}))
    print(f"{len(found) - len(held)} sentences for training, {len(held)} held out, {len(listed)} words")


if __name__ == "__main__":
    main()
