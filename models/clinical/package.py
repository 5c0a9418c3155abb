"""Step 2, packaging: `python -m models.clinical.package --run work/run --out models/voicemail-clinical`.

As `models.ner.package`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import spacy

from models.ner.package import finished, rounded
from redactor.phi.clinical_tagger import FACTS

VERSION = "1.0.0"
SOURCES = "invented fragments and messages; no recording or message of anybody"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    nlp = spacy.load(options.run)
    rounded(nlp, name="voicemail_clinical", version=VERSION, description="Clinical facts in recognised speech.")
    nlp.to_disk(options.out)
    card = {"name": "voicemail-clinical", "version": VERSION, "tags": list(FACTS.tags), "trained_on": SOURCES}
    print(finished(options.out, card))


if __name__ == "__main__":
    main()
