// The words: shown as text nodes only, coloured by confidence, with one of them in the order of tabulators.
import { $, audio, covered, element, labelName, sideName, sides, state, when } from "./page.js";
import { current, played, seek, wordAt } from "./player.js";
import { places } from "./findings.js";
import { toggleWord } from "./edits.js";

const at = $("words");
let spans = [], now = -1, focus = 0;

// Confidence below … → style; the legend shows the same steps. Doubtful stretches come from the server (redactor/doubt.py).
const STEPS = [[0.3, "guess"], [0.5, "doubtful"], [0.8, "fair"]];
const styleOf = (w) => (w.label || w.confidence === null ? null : STEPS.find(([limit]) => w.confidence < limit)?.[1] ?? null);

// A covered stretch without words has no numbers of words, but the same time.
const isOf = (doubt, w) => Boolean(doubt && doubt.channel === w.channel && ((w.first < doubt.last && w.last > doubt.first) || w.start === doubt.start));

function shown(w, i) {
  const { hidden, changed } = covered(w), revealed = state.view.revealed, style = styleOf(w), doubt = current();
  const span = element("span", revealed || !w.label ? w.text : `[${w.label}]`, { className: "word", role: "button", tabIndex: i === focus ? 0 : -1 });
  if (style && !hidden) span.classList.add(style);
  span.classList.toggle("hidden", hidden);
  span.classList.toggle("said", hidden && (revealed || !w.label));
  span.classList.toggle("pending", changed);
  span.classList.toggle("in-doubt", isOf(doubt, w));
  span.classList.toggle("seen", places().some((p) => p.channel === w.channel && w.start < p.end && w.end > p.start));
  span.dataset.i = i;
  span.setAttribute("aria-pressed", String(hidden));
  const notes = [`${w.start.toFixed(1)} s`];
  if (w.label) notes.push(labelName(w.label));
  else if (w.confidence !== null) notes.push(`confidence ${Math.round(w.confidence * 100)} %`);
  const reason = state.view.edits.find((e) => e.reason && e.channel === w.channel && (e.kind === "region" ? w.start < e.end && w.end > e.start : w.first < e.last && w.last > e.first))?.reason;
  if (reason) notes.push(reason);
  span.title = notes.join(", ");
  return span;
}

function render() {
  spans = state.view.words.map(shown);
  const several = sides().length > 1;
  at.replaceChildren(...spans.flatMap((span, i) => {
    const w = state.view.words[i], begins = several && state.view.words[i - 1]?.channel !== w.channel;
    return begins ? [element("h3", sideName(w.channel), { className: "side-name" }), span, " "] : [span, " "];
  }));
  now = -1;
  follow();
}

function follow() {
  if (!state.view) return;
  const playing = wordAt(audio.currentTime);
  if (playing === now) return;
  spans[now]?.classList.remove("now");
  spans[playing]?.classList.add("now");
  now = playing;
}

function rove(i) {
  if (spans[focus]) spans[focus].tabIndex = -1;
  focus = i;
  spans[i].tabIndex = 0;
}

export function focusWord(i) {
  const n = spans.length;
  if (!n) return;
  rove((i + n) % n);
  spans[focus].focus();
}

// The word with the focus, else the first of the doubtful stretch that was just played, else the one that is heard.
export function wordNow() {
  if (document.activeElement?.dataset?.i !== undefined) return Number(document.activeElement.dataset.i);
  const stretch = played();
  return stretch ? state.view.words.findIndex((w) => isOf(stretch, w)) : wordAt(audio.currentTime);
}

const indexOf = (e) => Number(e.target.dataset?.i ?? -1);
at.addEventListener("click", (e) => {
  const i = indexOf(e);
  if (i < 0) return;
  focusWord(i);
  seek(state.view.words[i].start);
});
at.addEventListener("dblclick", (e) => {
  const i = indexOf(e);
  if (i < 0) return;
  e.preventDefault();
  getSelection()?.removeAllRanges();
  toggleWord(i);
});
at.addEventListener("focusin", (e) => { const i = indexOf(e); if (i >= 0) rove(i); });

when("changed", () => {
  const had = document.activeElement?.dataset?.i !== undefined;
  render();
  if (had) spans[focus]?.focus({ preventScroll: true });
});
when("moved", follow);
