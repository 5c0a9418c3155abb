"""report.html: by itself, without script, readable by everybody, and nothing in it that was not meant to be."""

import re
from datetime import date

import pytest

from redactor.compliance import Audited, Breach, Evidence, Kind, RuleVerdict, Severity, load_rules
from redactor.compliance.report import render
from redactor.compliance.results import ResultRow
from redactor.compliance.reviewed import missed

EVIL = "<script>alert(1)</script>"


def rows(n: int = 40) -> list[ResultRow]:
    made = []
    for i in range(n):
        evidence = Evidence(0, 3, 5, 1.0, 1.5, 0.8, 0.85, "MedicationRecognizer MEDICATION", EVIL)
        open_ = Breach("V17", Severity.S1, RuleVerdict.UNDETERMINED, (), ("restrictions",), "Not known.", "")
        found = Breach("V02", Severity.S1, RuleVerdict.FINDINGS, (evidence,), (), "A medication is told.", "Say less.")
        breaches = ((), (open_,), (found, open_))[i % 3]
        verdict = (RuleVerdict.PASS, RuleVerdict.UNDETERMINED, RuleVerdict.FINDINGS)[i % 3]
        audited = Audited(f"{i:064x}", "voicemail/1", Kind.CALLBACK, verdict, breaches, duration=12.0)
        made.append(
            ResultRow(i + 1, audited.id, audited, EVIL if i == 2 else f"staff-{i % 4}", date(2026, 6, 1 + i % 20))
        )
    made.append(
        ResultRow(n + 1, "f" * 64, reason="damaged-audio", message="Cut short.", hint="Export it again.", exit_code=65)
    )
    return made


def page(**more) -> str:
    options = {
        "words": False,
        "made": "2026-07-01",
        "model": "x",
        "synthetic_only": False,
        "interrupted": False,
        **more,
    }
    return render(rows(), load_rules(), **options)


def test_it_stands_alone_and_runs_nothing():
    html = page()
    assert "<script" not in html.lower()
    assert not re.search(r"""(?:src|href)=["'](?!#)""", html)
    assert not re.search(r"\bon\w+=", html)
    assert ' style="' not in html
    assert "default-src 'none'" in html.replace("&#39;", "'")
    assert "unsafe-inline" not in html


def test_words_and_callers_are_escaped():
    assert "&lt;script&gt;" in page(words=True)
    assert EVIL not in page(words=True)


def test_it_says_what_it_cannot_say():
    html = page()
    assert "is not proven" in html
    assert "not measured here" in html
    assert html.count('type="checkbox"') == len(load_rules().attestation) == 10
    measured = page(missed=missed(rows(), {f"{2:064x}": frozenset({"V02"}), f"{0:064x}": frozenset({"V09"})}))
    assert "50.0 %" in measured
    assert "1 of 2" in measured
    assert "stopped early" in page(interrupted=True)
    assert "demonstration model" in page(synthetic_only=True)
    assert "No model for names" in page(name_model="none")
    assert "No model for names" not in page()


def test_an_empty_audit_has_a_report_too():
    html = render([], load_rules(), words=False, made="", model="", synthetic_only=False, interrupted=False)
    assert "The days of sending are not known" in html


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(tmp_path, scheme, chromium):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    labels = {f"{i:064x}": frozenset({"V02"}) for i in range(6)}
    path.write_text(page(missed=missed(rows(), labels)), encoding="utf-8")
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            shown = browser.new_page(color_scheme=scheme)
            said = []
            shown.on("console", lambda m: said.append(m.text))
            shown.goto(path.as_uri())
            for summary in shown.locator("summary").all():
                summary.click()
            found = axe.Axe().run(shown).response["violations"]
            width = shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            color = shown.evaluate("getComputedStyle(document.querySelector('svg rect.found')).fill")
        finally:
            browser.close()
    assert not said  # the policy of the page lets its own style through
    assert not [(v["id"], v["impact"]) for v in found]
    assert width
    assert color != "rgb(0, 0, 0)"
