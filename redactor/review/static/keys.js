// Every key in one table, from which the list of keys is made. They work wherever the focus is, except in text fields.
import { $, audio, element, may, state } from "./page.js";
import { faster, loop, nextDoubt, seek, toggle } from "./player.js";
import { zoom } from "./timeline.js";
import { focusWord, wordNow } from "./words.js";
import { coverAlike, focusReason, labelAt, redo, saveAll, setLabel, toggleWord, undo } from "./edits.js";
import { acceptAll, answerNow, comment, goTo, settle, verdict } from "./findings.js";
import { nextSide, press, release } from "./mark.js";

const digits = (e) => setLabel(labelAt(Number(e.key) - 1));
const ALL = [
  ["Listen", true, [
    [["Space"], [" "], "play, pause", toggle],
    [["←", "→"], ["ArrowLeft", "ArrowRight"], "2 seconds back, forward", (e) => seek(audio.currentTime + (e.key === "ArrowLeft" ? -2 : 2))],
    [["d", "D"], ["d", "D"], "play the next, previous doubtful stretch", (e) => nextDoubt(e.key === "d" ? 1 : -1)],
    [["l"], ["l"], "loop it; stop", loop],
    [["[", "]"], ["[", "]"], "slower, faster", (e) => faster(e.key === "[" ? -1 : 1)],
    [["+", "-"], ["+", "=", "-"], "enlarge the waveform, show more of it", (e) => zoom(e.key === "-" ? 0.5 : 2)],
    [[",", "."], [",", "."], "previous, next word", (e) => focusWord(wordNow() + (e.key === "," ? -1 : 1))],
    [["Enter"], ["Enter"], "go to the word", () => seek(state.view.words[Math.max(0, wordNow())]?.start ?? 0)],
  ]],
  ["Redact", may.edit, [
    [["x"], ["x"], "redact the word, or remove the redaction", () => toggleWord(wordNow())],
    [["m"], ["m"], "hold while listening: redact from press to release; or press at the start and at the end", press],
    [["1", "9"], [..."123456789"], "label of the redaction", digits, " … "],
    [["w"], ["w"], "why: reason of the redaction", focusReason],
    [["o"], ["o"], "also redact the others like it", () => coverAlike()],
    [["b"], ["b"], "side of a call that m marks: all, A, B", nextSide],
    [["s"], ["s"], "save the changes, then go to what is unanswered", saveAll],
    [["u", "Ctrl+Z"], ["u"], "undo, also your own saved change", undo, " or "],
    [["Ctrl+Shift+Z"], [], "redo", redo],
  ]],
  ["Judge", true, [
    ...(document.querySelector("[data-settle]") ? [[["g"], ["g"], "go to release or done", () => settle(false)]] : []),
    ...(document.querySelector("[data-refuse]") ? [[["G"], ["G"], "go to “cannot be released”", () => settle(true)]] : []),
    [["n", "p"], ["n", "p"], "next, previous finding", (e) => goTo(e.key === "n" ? 1 : -1)],
    ...(may.judge ? [
      [["a", "r"], ["a", "r"], "accept, reject the finding", (e) => answerNow(e.key === "a" ? "accept" : "reject")],
      [["A"], ["A"], "accept all that have no answer", acceptAll],
      [["c"], ["c"], "comment on the finding", comment],
      [["v"], ["v"], "go to the verdict", verdict],
    ] : []),
    [["?"], ["?"], "this list", () => $("help").showModal()],
    [["Esc"], [], "leave a text field", null],
  ]],
];

const actions = new Map();
for (const [title, shown, rows] of ALL) {
  if (!shown) continue;
  const list = element("dl", "", { className: "keys" });
  for (const [labels, keys, text, act, between = " "] of rows) {
    for (const key of keys) actions.set(key, act);
    const row = element("div"), dt = element("dt");
    labels.forEach((name, i) => dt.append(...(i ? [between] : []), element("kbd", name)));
    row.append(dt, element("dd", text));
    list.append(row);
  }
  $("key-list").append(element("h3", title), list);
}

const TEXT = "textarea, [contenteditable], input:not([type=radio], [type=checkbox], [type=button], [type=submit], [type=range])";
// Where the browser has its own use for a key.
function isBrowsers(key, on) {
  if (key === " " || key === "Enter") return on.matches("button, a, input, summary, select");
  return key.startsWith("Arrow") && on.matches("input, select");
}

addEventListener("keydown", (e) => {
  const on = e.target;
  if (e.isComposing || !state.view || !on.matches) return;
  if ($("help").open) {
    if (e.key === "?") { e.preventDefault(); $("help").close(); }
    return;
  }
  if (on.matches(TEXT)) {
    if (e.key === "Escape") on.blur();
    return;
  }
  if (e.ctrlKey || e.metaKey) {
    const key = e.key.toLowerCase();
    if (e.altKey || (key !== "z" && key !== "y")) return;
    e.preventDefault();
    if (key === "y" || e.shiftKey) redo();
    else undo();
    return;
  }
  if (e.altKey || isBrowsers(e.key, on)) return;
  const act = actions.get(e.key);
  if (!act) return;
  e.preventDefault();
  if (!e.repeat || e.key.startsWith("Arrow") || ",.".includes(e.key)) act(e);
});
addEventListener("keyup", (e) => { if (e.key.toLowerCase() === "m") release(); });

// A button that was clicked keeps no focus, so that the space bar plays and pauses; with the keyboard it presses it.
$("player").addEventListener("click", (e) => { if (e.detail) e.target.closest("button")?.blur(); });
$("help-open").addEventListener("click", () => $("help").showModal());
