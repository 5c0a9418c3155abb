#!/usr/bin/env python3
"""Words per second of each part of the detector on one core, beside Presidio's default recognizers on the same texts in
the same run.

    python benchmarks/detection_speed.py TEXTS.jsonl... [--json OUT.json] [--rounds 5]

TEXTS: JSONL with "text"; the script prints a table for each file. Times are CPU seconds of this process (other work on
the machine does not count), the median of the rounds after one warm-up. Presidio's defaults run on the same blank
tokenizer, because its own pretrained pipeline would have to be downloaded; with it they are slower. Words are separated
by blanks.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry


def presidio_defaults() -> AnalyzerEngine:
    """Presidio with its defaults but without its downloads: blank tokenizer, the packaged suffix list."""
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.recognizers = [r for r in registry.recognizers if "Spacy" not in r.name]
    # Ours come after: Presidio's loader looks classes up by name among all that exist, and some of ours are called
    # alike.
    from redactor.phi.nlp_engine import OfflineNlpEngine

    class Blank(OfflineNlpEngine):
        def process_text(self, text: str, language: str) -> Any:
            artifacts = super().process_text(text, language)
            artifacts.lemmas = [token.text for token in artifacts.tokens]
            artifacts.tokens_indices = [token.idx for token in artifacts.tokens]
            artifacts.keywords = artifacts.set_keywords(self, artifacts.lemmas, "en")
            return artifacts

    return AnalyzerEngine(registry=registry, nlp_engine=Blank(spacy.blank("en")), supported_languages=["en"])


def rate(words: int, work: Callable[[], object], rounds: int) -> float:
    """Median words per second over the rounds, after a warm-up."""
    work()
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return words / statistics.median(spent)


def measurer(rounds: int) -> Callable[[Path], dict[str, Any]]:
    """Return a function that measures a file of texts and prints the result; everything is built once."""
    defaults = presidio_defaults()
    from redactor.phi import build_detector
    from redactor.phi.ner import load_entities
    from redactor.phi.nlp_engine import OfflineNlpEngine
    from redactor.phi.registry import clinical, identifiers
    from redactor.phi.spoken import written_form
    from redactor.types import IDENTIFIERS

    full, limited = build_detector(), build_detector(labels=IDENTIFIERS)
    full_patterns, limited_patterns = build_detector(ner="none"), build_detector(labels=IDENTIFIERS, ner="none")
    tagger, facts = load_entities("voicemail-ner"), load_entities("voicemail-clinical")

    def measure(path: Path) -> dict[str, Any]:
        texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        words = sum(len(text.split()) for text in texts)
        artifacts = [found for _, found in OfflineNlpEngine().process_batch(texts, "en")]
        parts: dict[str, Callable[[], object]] = {
            "spoken forms": lambda: [written_form(text) for text in texts],
            "detector, all labels": lambda: list(full.pipe(texts)),
            "detector, identifiers": lambda: list(limited.pipe(texts)),
            "  without the taggers": lambda: list(full_patterns.pipe(texts)),
            "  identifiers, without": lambda: list(limited_patterns.pipe(texts)),
            "name tagger alone": lambda: list(tagger.pipe(texts, 64)),
            "clinical tagger alone": lambda: list(facts.pipe(texts, 64)),
            "Presidio defaults": lambda: [defaults.analyze(text, "en") for text in texts],
        }
        for recognizer in [*identifiers(), *clinical()]:
            parts[recognizer.name] = lambda r=recognizer: [
                r.analyze(text, r.supported_entities, found) for text, found in zip(texts, artifacts, strict=True)
            ]
        rates = {name: rate(words, work, rounds) for name, work in parts.items()}
        print(
            f"{path.name}: {len(texts)} texts, {words} words, CPU time of one core ({platform.machine()}, "
            f"Python {platform.python_version()})"
        )
        for name, value in rates.items():
            print(f"{name:28}{value:12,.0f} words/s")
        return {
            "file": path.name,
            "texts": len(texts),
            "words": words,
            "words_per_second": {k: round(v) for k, v in rates.items()},
        }

    return measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, nargs="+")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    measure = measurer(options.rounds)
    tables = [measure(path) for path in options.texts]
    if options.json:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
        ).stdout.strip()
        stamp = {
            "commit": commit,
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        }
        report = {**stamp, "tables": tables}
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
