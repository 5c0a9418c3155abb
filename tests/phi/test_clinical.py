"""The clinical recognizers: one row for each kind of phrase; what is marked with brackets must be found, nothing else
may be.
"""

import re

import pytest

from redactor.phi.recognizers.clinical import FINDING, vocabulary
from redactor.phi.registry import clinical
from redactor.types import CLINICAL

RECOGNIZERS = {recognizer.label: recognizer for recognizer in clinical()}


def found(text, label, least=FINDING):
    results = RECOGNIZERS[label].analyze(text, [label])
    return sorted(text[r.start : r.end] for r in results if r.score >= least)


def marked(text):
    return re.sub(r"[\[\]]", "", text), sorted(re.findall(r"\[([^\]]+)\]", text))


def test_one_recognizer_for_each_clinical_label():
    assert set(RECOGNIZERS) == CLINICAL
    assert all(r.supported_entities == [label] for label, r in RECOGNIZERS.items())


@pytest.mark.parametrize(
    ("label", "text"),
    [
        # MEDICATION: brand, generic, case, possessive, class, lay word
        ("MEDICATION", "please refill my [Lipitor] and the [metformin]"),
        ("MEDICATION", "THE [XARELTO] COST TOO MUCH"),
        ("MEDICATION", "is [ozempic's] price going up"),
        ("MEDICATION", "i take a [water pill] and a [blood thinner]"),
        ("MEDICATION", "she is on [birth control] and [insulin]"),
        # from the package, not from our list
        ("MEDICATION", "they gave him [temozolomide]"),
        # by the stem of its name: no list has it
        ("MEDICATION", "the new one is called [zorbetinib]"),
        # doses beside a drug, or with a unit that only medicines have
        ("MEDICATION", "[lisinopril] [forty milligrams twice a day]"),
        ("MEDICATION", "take [two tablets every six hours] of the [ibuprofen]"),
        ("MEDICATION", "about [40 mg] please"),
        ("MEDICATION", "we sold two units on the second floor"),
        # misheard, see test_clinical_sound.py
        ("MEDICATION", "i need a refill on the [lysin a pill]"),
        ("MEDICATION", "my [met forming] ran out"),
        # generic words alone tell nothing
        ("MEDICATION", "your prescription is ready your medication is at the pharmacy"),
        ("MEDICATION", "the concert was great and the concept too"),
        # CONDITION: names, spelled letters, lay words
        ("CONDITION", "i have [high blood pressure] and [a fib]"),
        ("CONDITION", "i think it is a [u t i]"),
        ("CONDITION", "she is [positive for HIV] and [pregnant]"),
        ("CONDITION", "he has [Crohn's] and his brother [crohns disease]"),
        ("CONDITION", "feeling [dizzy] with [swelling]"),
        ("CONDITION", "[type 2 diabetes] or [type two diabetes]"),
        ("CONDITION", "my father has [creutzfeldt jakob disease]"),
        ("CONDITION", "it is called [polyserositis]"),
        # body and complaint in any order
        ("CONDITION", "my [knee hurts]"),
        ("CONDITION", "my [back is killing me]"),
        ("CONDITION", "i have [pain in my left arm and lower back pain]"),
        ("CONDITION", "there is [blood in my urine]"),
        ("CONDITION", "[trouble walking] since may"),
        ("CONDITION", "he [broke his wrist]"),
        ("CONDITION", "she is [allergic to penicillin]"),
        ("CONDITION", "he has a [peanut allergy]"),
        # ambiguous words need a cue
        ("CONDITION", "the doctor says it is his [sugar]"),
        ("CONDITION", "bring milk and sugar"),
        # phrases that only look clinical
        ("CONDITION", "it was a stroke of luck in cold weather"),
        ("CONDITION", "call back, my other side of the family is coming back"),
        ("CONDITION", "please spell that, sorry for the confusion"),
        # a name spelled out is no abbreviation
        ("CONDITION", "williams w i l l i a m s"),
        # nothing matches across sentences
        ("CONDITION", "Any other symptoms in the ear? [Sore throat]"),
        # LAB_RESULT: tests, values, verdicts
        ("LAB_RESULT", "your [a one c is seven point two percent]"),
        ("LAB_RESULT", "your [A1C was 7.2]"),
        ("LAB_RESULT", "the [p s a] and the [PSA] and the [P.S.A]"),
        ("LAB_RESULT", "your [cholesterol is a little high]"),
        ("LAB_RESULT", "the [biopsy came back negative]"),
        ("LAB_RESULT", "we have your [blood work]"),
        ("LAB_RESULT", "your [potassium level is fine]"),
        ("LAB_RESULT", "the results are in"),
        ("LAB_RESULT", "this is a test call during normal business hours"),
        # PROCEDURE
        ("PROCEDURE", "you are scheduled for a [colonoscopy] and an [m r i]"),
        ("PROCEDURE", "the [knee replacement] and the [x-ray] and the [xray]"),
        ("PROCEDURE", "[surgery on my left knee]"),
        ("PROCEDURE", "he had a [right hemicolectomy]"),
        ("PROCEDURE", "[dialysis] and [chemo] and a [root canal]"),
        ("PROCEDURE", "please scan it and do the cleaning of the house"),
        # SPECIALTY
        ("SPECIALTY", "this is [oncology] for the [lung doctor]"),
        ("SPECIALTY", "the [cancer center] and [behavioral health]"),
        ("SPECIALTY", "the [knee surgeon] and the [diabetes clinic]"),
        ("SPECIALTY", "see a [neuroophthalmologist] not a meteorologist"),
        ("SPECIALTY", "this is the doctor's office please call back about your appointment"),
        # BILLING
        ("BILLING", "your [past due balance is two hundred and forty dollars]"),
        ("BILLING", "you owe $[81.50]"),
        ("BILLING", "the [copay is forty]"),
        ("BILLING", "[aetna] [denied the insurance claim]"),
        ("BILLING", "pay attention to the charge nurse free of charge"),
    ],
)
def test_phrases(label, text):
    plain, expected = marked(text)
    assert found(plain, label) == expected


def test_a_generic_notice_is_a_hint_only():
    assert found("the results are in", "LAB_RESULT", least=0.3) == ["results"]
    assert found("your medication is ready", "MEDICATION", least=0.3) == ["medication"]


def test_longest_entry_wins_over_labels():
    text = "your blood sugar test"
    assert found(text, "LAB_RESULT") == ["blood sugar test"]
    assert found(text, "CONDITION", least=0) == []


def test_results_name_the_pattern_and_never_the_text():
    (result,) = RECOGNIZERS["MEDICATION"].analyze("my metformin", ["MEDICATION"])
    assert result.analysis_explanation.pattern_name == "medication:strong"
    assert "metformin" not in str(result.analysis_explanation)


def test_vocabulary_holds_our_lists_and_the_packages():
    assert ("metformin",) in vocabulary()
    assert ("temozolomide",) in vocabulary()
    assert vocabulary().size > 50_000
