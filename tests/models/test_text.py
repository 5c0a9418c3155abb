"""The text generator: written and spoken forms agree, the grammar is sound, held-out text stays out of training."""

import json
import random
import re
from pathlib import Path

import pytest

from models.training.text import Writer, numbers, units, written
from models.training.text import grammar as g
from models.training.text.writer import lexicon, patterns

DIGIT_WORDS = {word: str(i) for i, word in enumerate(numbers.ONES[:10])} | {"oh": "0"}


def test_every_pattern_parses_and_every_rule_is_used():
    slots = set()
    for alternatives in patterns().values():
        for alternative in alternatives:
            g.parse(alternative)
            slots |= {name.lower() for name in re.findall(r"\{(\w+)\}", alternative)}
    roots = {"open", "reason", "detail", "admin", "callback", "close", "medicine"}
    assert set(patterns()) <= slots | roots


@pytest.mark.parametrize("bad", ["(a|b", "a|b)", "{slot"])
def test_a_broken_pattern_is_refused(bad: str):
    with pytest.raises((ValueError, IndexError)):
        g.parse(bad)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("We needs a refill", "We need a refill"),
        ("she take aspirin", "she takes aspirin"),
        ("Is there a appointment", "Is there an appointment"),
        ("my results is ready", "my results are ready"),
        ("the balance were 5 dollars", "the balance was 5 dollars"),
    ],
)
def test_agreement(broken: str, mended: str):
    assert g.agree(broken) == mended


def test_training_text_uses_no_held_out_alternative():
    grammar = g.Grammar({"rule": ["one ({word}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"]})
    rng = random.Random(1)
    trained = {grammar.sentences("rule", rng)[0] for _ in range(500)}
    tested = {grammar.sentences("rule", rng, held=True)[0] for _ in range(500)}
    assert trained < tested
    assert grammar.held_used
    assert all(g.held_out(s.removeprefix("one ")) for s in tested - trained)


@pytest.mark.parametrize("make", [numbers.identifier, numbers.long_digits, numbers.last_four])
def test_digits_are_written_as_they_are_said(make):
    for seed in range(200):
        made = make(random.Random(seed))
        said = [w for text, spoken in made for w in spoken if re.search(r"\d", text)]
        if all(w in DIGIT_WORDS for w in said):
            assert "".join(DIGIT_WORDS[w] for w in said) == re.sub(r"\D", "", written(made))


def test_phone_numbers_look_like_phone_numbers():
    for seed in range(300):
        assert re.fullmatch(r"(1-)?(\d{3}-)?\d{3}-\d{4}", written(numbers.phone(random.Random(seed))))


@pytest.mark.parametrize(
    ("n", "words"),
    [(7, "seven"), (42, "forty two"), (300, "three hundred"), (1250, "one thousand two hundred fifty")],
)
def test_cardinals(n: int, words: str):
    assert " ".join(numbers.cardinal(n)) == words


def test_unit_times_cover_words_and_give_punctuation_the_pause():
    made = [*units.words("Hi, March"), (" 14th", ("fourteenth",)), (".", ())]
    tokens, spans = units.spoken_tokens(made, random.Random(1))
    assert tokens == ["Hi,", "March", "fourteenth."]
    times = units.unit_times(spans, [(0.1, 0.3), (0.6, 0.9), (0.9, 1.4)])
    assert [t for span in times for t in span] == pytest.approx([0.1, 0.3, 0.3, 0.6, 0.6, 0.9, 0.9, 1.4, 1.4, 1.6])


def test_the_writer_is_repeatable_and_fills_every_slot(tmp_path: Path):
    pytest.importorskip("faker")
    prose = tmp_path / "prose.json"
    prose.write_text(json.dumps({"train": ["The rain came late."], "held": ["The sun was out."], "words": ["rain"]}))
    texts = []
    for _ in range(2):
        writer = Writer(3, prose)
        texts.append([written(writer.utterance()) for _ in range(300)])
    assert texts[0] == texts[1]
    assert not [t for t in texts[0] if re.search(r"[{}|()]", t)]
    assert not [t for t in texts[0] if " '" in t or "sun was out" in t]
    everything = [k for k in lexicon() if k not in ("drill", "carrier")]
    assert all(written(writer.fill("{" + k + "}.")) for k in everything)
