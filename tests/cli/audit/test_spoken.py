"""The cases of `sent_cases` as audio, through the command: decoded, listened to, judged; the evidence lies where the
words are spoken.
"""

import csv
import json
from itertools import groupby

import pytest
import spoken
from sent_cases import CASES, SENT

GROUPS = [list(group) for _, group in groupby(sorted(CASES, key=lambda c: c.rules), key=lambda c: c.rules)]


@pytest.mark.parametrize("cases", GROUPS, ids=["shipped", "allowed", "scripted"])
def test_the_rule_speaks_where_it_must(run_here, tmp_path, cases):
    archive = tmp_path / "in"
    archive.mkdir()
    words = {}
    with (
        (tmp_path / "register.csv").open("w", newline="") as register,
        (tmp_path / "calls.csv").open("w", newline="") as calls,
    ):
        columns = [
            "recipient",
            "patient",
            "scopes",
            "authorised",
            "restrictions",
            "neutral_names",
            "callback_numbers",
            "part2",
        ]
        entries = csv.DictWriter(register, columns, restval="")
        entries.writeheader()
        sent = csv.writer(calls)
        sent.writerow(["file", "recipient", "sent", "prerecorded"])
        for n, case in enumerate(cases):
            words[n] = spoken.save(
                archive, f"m{n:03d}", case.text, confidence=case.confidence, unsaid=case.unsaid, loud=case.loud
            )
            sent.writerow([f"m{n:03d}.wav", f"box {n}", SENT, case.prerecorded])
            if case.entry is not None:
                entries.writerow({"recipient": f"box {n}", **case.entry})
    command = [
        "audit",
        archive,
        "--out",
        tmp_path / "out",
        "--transcript",
        archive,
        "--consents",
        tmp_path / "register.csv",
        "--recipients",
        tmp_path / "calls.csv",
        "--show-words",
    ]
    if cases[0].rules:
        (tmp_path / "own.toml").write_text(cases[0].rules)
        command += ["--rules", tmp_path / "own.toml"]
    done = run_here(*command)
    assert done.returncode == (1 if any(c.verdict == "findings" for c in cases) else 0), done.stderr.decode()
    messages = json.loads((tmp_path / "out" / "audit.json").read_text())["messages"]
    assert len(messages) == len(cases)
    wrong = []
    for n, (case, message) in enumerate(zip(cases, messages, strict=True)):
        assert message["status"] == "audited", message
        mine = {b["rule"]: b for b in message["breaches"]}.get(case.rule)
        if (mine["verdict"] if mine else "") != case.verdict:
            wrong.append((case, mine))
        for breach in message["breaches"]:
            for e in breach["evidence"]:
                first, last = words[n][e["words"][0]], words[n][e["words"][1] - 1]
                assert e["text"].split()[0] == first[0]
                assert e["start"] == pytest.approx(first[1], abs=0.02)
                assert e["end"] == pytest.approx(last[2], abs=0.02)
    assert not wrong, wrong
