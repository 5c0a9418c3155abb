// The message page: audio, words and waveform in sync. Edits are collected here and sent together. Words enter the page as text nodes only.
import { drawWave } from "./wave.js";

const panes = document.getElementById("panes");
const id = panes.dataset.message;
const may = { edit: panes.dataset.edit === "1", judge: panes.dataset.judge === "1" };
const csrf = document.querySelector('meta[name="csrf"]').content;
const $ = (name) => document.getElementById(name);
const audio = $("audio"), canvas = $("wave"), wordsAt = $("words"), status = $("status");
const key = `redactor-edits-${id}`;
const state = { version: Number(panes.dataset.version), view: null, pending: [], spans: [], now: -1, focus: 0, mark: null, drag: null, finding: -1 };

const say = (text, bad = false) => { status.textContent = text; status.classList.toggle("bad", bad); };
const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
const duration = () => state.view?.duration || audio.duration || 0;

async function send(path, body) {
  const answer = await fetch(`/messages/${id}/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify(body),
  });
  const given = (answer.headers.get("content-type") || "").includes("json") ? await answer.json() : {};
  if (answer.status === 401 || answer.redirected) throw new Error("You were logged out. Log in in another tab, then try again; nothing on this page is lost.");
  if (!answer.ok) throw Object.assign(new Error(given.error || `error ${answer.status}`), { code: answer.status });
  return given;
}

// --- what will be redacted -----------------------------------------------------------------------------------------
const touches = (w, e) => w.channel === e.channel && w.start < e.end && w.end > e.start;
const within = (w, e) => w.channel === e.channel && w.first < e.last && w.last > e.first;

function covered(w) {
  let hidden = Boolean(w.label), changed = false;
  for (const e of state.pending) {
    if (e.kind === "cover" && within(w, e)) { hidden = true; changed = true; }
    if (e.kind === "uncover" && within(w, e)) { hidden = false; changed = true; }
    if (e.kind === "region" && touches(w, e)) { hidden = true; changed = true; }
    if (e.kind === "clear" && w.channel === e.channel && w.start >= e.start - 0.002 && w.end <= e.end + 0.002) { hidden = false; changed = true; }
  }
  return { hidden, changed: changed && hidden !== Boolean(w.label) };
}

function render() {
  const revealed = state.view.revealed;
  state.spans = state.view.words.map((w, i) => {
    const span = document.createElement("span"), { hidden, changed } = covered(w);
    span.className = "word";
    span.classList.toggle("hidden", hidden);
    span.classList.toggle("said", hidden && (revealed || !w.label));
    span.classList.toggle("pending", changed);
    span.classList.toggle("unsure", w.confidence < 0.5 && !w.label);
    span.classList.toggle("seen", findings.some((f) => f.places.some((p) => p.channel === w.channel && w.start < p.end && w.end > p.start)));
    span.textContent = revealed || !w.label ? w.text : `[${w.label}]`;
    span.dataset.i = i;
    span.tabIndex = i === state.focus ? 0 : -1;
    span.setAttribute("role", "button");
    span.setAttribute("aria-pressed", String(hidden));
    span.title = `${w.start.toFixed(1)} s${w.label ? `, ${w.label}` : ""}`;
    return span;
  });
  wordsAt.replaceChildren(...state.spans.flatMap((span, i) => {
    const parts = [span, " "];
    const w = state.view.words[i], before = state.view.words[i - 1];
    if (before && before.channel !== w.channel) parts.unshift(document.createElement("br"));
    return parts;
  }));
  state.now = -1;
  const n = state.pending.length;
  if (may.edit) {
    $("pending").textContent = n ? `${n} change${n === 1 ? "" : "s"} not saved.` : "No changes.";
    $("save").disabled = $("discard").disabled = !n;
  }
  n ? sessionStorage.setItem(key, JSON.stringify(state.pending)) : sessionStorage.removeItem(key);
  step();
}

function wordAt(t) {
  return state.view.words.findIndex((w) => w.start <= t && t < w.end);
}

function step() {
  if (!state.view) return;
  const t = audio.currentTime, at = wordAt(t);
  if (at !== state.now) {
    state.spans[state.now]?.classList.remove("now");
    state.spans[at]?.classList.add("now");
    state.now = at;
  }
  $("time").textContent = `${clock(t)} / ${clock(duration())}`;
  canvas.setAttribute("aria-valuenow", t.toFixed(1));
  canvas.setAttribute("aria-valuetext", `${t.toFixed(1)} of ${duration().toFixed(1)} seconds`);
  drawWave(canvas, { view: state.view, time: t, pending: state.pending, drag: state.drag, mark: state.mark, places: findings.flatMap((f) => f.places) });
}

function run() { step(); if (!audio.paused) requestAnimationFrame(run); }
const seek = (t) => { audio.currentTime = Math.min(Math.max(0, t), duration()); step(); };
const toggle = () => { audio.paused ? audio.play().catch(() => say("This browser cannot play the audio.", true)) : audio.pause(); };

// --- edits ---------------------------------------------------------------------------------------------------------
function change(edit) {
  if (!may.edit) return;
  state.pending.push(edit);
  render();
}

function toggleWord(i) {
  const w = state.view.words[i];
  if (!w || !may.edit) return;
  const { hidden } = covered(w);
  if (hidden && w.label && !state.view.revealed) { say("Open the original first: only somebody who has heard it may uncover it.", true); return; }
  // A change that is not saved yet is just dropped.
  const last = state.pending.findLastIndex((e) => e.kind !== "region" && within(w, e));
  const own = last >= 0 && state.pending[last].first === w.first && state.pending[last].last === w.last;
  if (own) { state.pending.splice(last, 1); render(); }
  else if (w.first < w.last) change({ kind: hidden ? "uncover" : "cover", channel: w.channel, first: w.first, last: w.last });
  else if (state.view.revealed && w.label !== "KEYED_DIGITS") change(hidden ? { kind: "clear", channel: w.channel, start: w.start, end: w.end } : { kind: "region", channel: w.channel, start: w.start, end: w.end });
  else { say("This section has no words and stays redacted."); return; }
  state.spans[i]?.focus();
  say(`${hidden ? "Word will be shown" : "Word will be redacted"}. Save with s.`);
}

function region(a, b, channel) {
  const start = Math.max(0, Math.min(a, b)), end = Math.min(duration(), Math.max(a, b));
  if (end - start < 0.02) return;
  change({ kind: "region", channel: state.view.same_as[channel] ?? 0, start: Number(start.toFixed(3)), end: Number(Math.min(end, duration()).toFixed(3)) });
  say(`${(end - start).toFixed(1)} s will be redacted. Save with s.`);
}

async function save(body) {
  $("save").disabled = true;
  say("Saving: rendering every file again …");
  try {
    const given = await send("edits", { version: state.version, ...body });
    state.pending = [];
    await load(given.version);
    say(`Saved as redaction ${given.version}.${given.note ? ` ${given.note}` : ""}`);
  } catch (error) {
    if (error.code === 409) {
      await load(null);
      say("Somebody else saved first. Your changes are kept and shown over the new redaction: check them, then save again.", true);
    } else if (error.message === "hear-it-first") say("Open the original first: only somebody who has heard it may uncover it.", true);
    else say(`Not saved (${error.message}). Your changes are still here.`, true);
    render();
  }
}

async function load(version) {
  const answer = await fetch(`/messages/${id}/view.json`);
  if (!answer.ok) throw new Error("The message cannot be loaded.");
  state.view = await answer.json();
  state.version = state.view.version;
  $("version").textContent = state.version;
  if ($("review-version")) $("review-version").value = state.version;
  for (const at of document.querySelectorAll("[data-version]:not(#panes)")) at.value = state.version;
  if ($("undo")) $("undo").disabled = state.version === 1;
  if (version) { const t = audio.currentTime; audio.src = `/messages/${id}/${$("which")?.value || "audio"}?v=${version}`; audio.currentTime = t; }
  answered(state.view.mine);
  render();
}

// --- findings ------------------------------------------------------------------------------------------------------
const findings = [...document.querySelectorAll(".finding")].map((at) => ({ at, number: Number(at.dataset.number), rule: at.dataset.rule, places: JSON.parse(at.dataset.places) }));

function goTo(n) {
  if (!findings.length) { say("There are no findings."); return; }
  state.finding = (n + findings.length) % findings.length;
  findings.forEach((f, i) => f.at.classList.toggle("current", i === state.finding));
  const f = findings[state.finding];
  f.at.focus();
  f.at.scrollIntoView({ block: "nearest" });
  if (f.places.length) seek(Math.max(0, f.places[0].start - 0.3));
}

async function answer(f, decision) {
  if (!may.judge || !f) return;
  try {
    answered(await send("decisions", { finding: f.number, rule: f.rule, decision, comment: f.at.querySelector(".comment").value }));
    say(`${f.rule}: ${decision === "accept" ? "accepted" : "rejected"}.`);
  } catch (error) { say(`Not saved (${error.message}).`, true); }
}

function answered(mine) {
  for (const f of findings) for (const b of f.at.querySelectorAll("[data-answer]")) b.setAttribute("aria-pressed", String(mine.answers[f.number] === b.dataset.answer));
  if (!$("missed")) return;
  $("missed").replaceChildren(...mine.missed.map(([rule, start, end]) => {
    const li = document.createElement("li"), go = document.createElement("button"), drop = document.createElement("button");
    go.type = drop.type = "button";
    go.textContent = `${rule} at ${start.toFixed(1)} s`;
    go.addEventListener("click", () => seek(start));
    drop.textContent = "Withdraw";
    drop.addEventListener("click", () => missed(rule, "withdraw", start, end));
    li.append(go, drop);
    return li;
  }));
}

async function missed(rule, decision, start, end) {
  try { answered(await send("decisions", { finding: -1, rule, decision, start, end })); say(`${rule} ${decision === "missed" ? "added" : "withdrawn"}.`); }
  catch (error) { say(`Not saved (${error.message}).`, true); }
}

// --- events --------------------------------------------------------------------------------------------------------
audio.addEventListener("play", () => { $("play").textContent = "Pause"; run(); });
audio.addEventListener("pause", () => { $("play").textContent = "Play"; step(); });
audio.addEventListener("seeked", step);
audio.addEventListener("error", () => say("The audio cannot be loaded.", true));
$("play").addEventListener("click", toggle);
$("back").addEventListener("click", () => seek(audio.currentTime - 2));
$("on").addEventListener("click", () => seek(audio.currentTime + 2));
$("speed").addEventListener("change", (e) => { audio.playbackRate = Number(e.target.value); });
$("which")?.addEventListener("change", (e) => { const t = audio.currentTime; audio.src = `/messages/${id}/${e.target.value}`; audio.currentTime = t; audio.playbackRate = Number($("speed").value); });
$("help-open").addEventListener("click", () => $("help").showModal());
$("save")?.addEventListener("click", () => save({ edits: state.pending }));
$("discard")?.addEventListener("click", () => { state.pending = []; render(); say("Changes discarded."); });
$("undo")?.addEventListener("click", () => save({ undo: true }));
$("missed-form")?.addEventListener("submit", (e) => { e.preventDefault(); const t = audio.currentTime; missed($("missed-rule").value, "missed", t, t); });

wordsAt.addEventListener("click", (e) => {
  const i = Number(e.target.dataset?.i ?? -1);
  if (i < 0) return;
  focusWord(i);
  seek(state.view.words[i].start);
});
wordsAt.addEventListener("dblclick", (e) => { const i = Number(e.target.dataset?.i ?? -1); if (i >= 0) { e.preventDefault(); getSelection()?.removeAllRanges(); toggleWord(i); } });
wordsAt.addEventListener("focusin", (e) => { const i = Number(e.target.dataset?.i ?? -1); if (i >= 0) rove(i); });

function rove(i) {
  if (state.spans[state.focus]) state.spans[state.focus].tabIndex = -1;
  state.focus = i;
  state.spans[i].tabIndex = 0;
}
function focusWord(i) { const n = state.spans.length; if (n) { rove((i + n) % n); state.spans[state.focus].focus(); } }

for (const f of findings) {
  f.at.addEventListener("click", (e) => {
    state.finding = findings.indexOf(f);
    findings.forEach((o) => o.at.classList.toggle("current", o === f));
    if (e.target.dataset?.answer) answer(f, e.target.dataset.answer);
    if (e.target.dataset?.at) seek(Number(e.target.dataset.at));
  });
}

const rectOf = () => canvas.getBoundingClientRect();
const timeOf = (e) => Math.min(1, Math.max(0, (e.clientX - rectOf().left) / rectOf().width)) * duration();
const channelOf = (e) => Math.min(state.view.channels - 1, Math.max(0, Math.floor(((e.clientY - rectOf().top) / rectOf().height) * state.view.channels)));
canvas.addEventListener("pointerdown", (e) => {
  if (!state.view) return;
  canvas.setPointerCapture(e.pointerId);
  state.drag = { x: e.clientX, start: timeOf(e), end: timeOf(e), channel: channelOf(e), moved: false };
});
canvas.addEventListener("pointermove", (e) => {
  if (!state.drag) return;
  state.drag.end = timeOf(e);
  if (Math.abs(e.clientX - state.drag.x) > 5) state.drag.moved = true;
  step();
});
canvas.addEventListener("pointerup", () => {
  const drag = state.drag;
  state.drag = null;
  if (!drag) return;
  if (drag.moved && may.edit) region(drag.start, drag.end, drag.channel);
  else seek(drag.end);
  step();
});
canvas.addEventListener("pointercancel", () => { state.drag = null; step(); });

const speeds = [...$("speed").options].map((o) => o.value);
function faster(by) {
  const at = Math.min(speeds.length - 1, Math.max(0, speeds.indexOf($("speed").value) + by));
  $("speed").value = speeds[at];
  audio.playbackRate = Number(speeds[at]);
  say(`Speed ${speeds[at]}.`);
}
function mark() {
  if (!may.edit) return;
  const t = audio.currentTime;
  if (state.mark === null) { state.mark = t; say(`Section starts at ${t.toFixed(1)} s. Go to its end and press m again.`); step(); }
  else { const from = state.mark; state.mark = null; region(from, t, 0); }
}
const wordNow = () => (document.activeElement?.dataset?.i !== undefined ? Number(document.activeElement.dataset.i) : wordAt(audio.currentTime));
const keys = {
  " ": toggle, ArrowLeft: () => seek(audio.currentTime - 2), ArrowRight: () => seek(audio.currentTime + 2),
  ",": () => focusWord(wordNow() - 1), ".": () => focusWord(wordNow() + 1),
  x: () => toggleWord(wordNow()), m: mark, s: () => state.pending.length && save({ edits: state.pending }),
  u: () => $("undo") && !$("undo").disabled && save({ undo: true }),
  n: () => goTo(state.finding + 1), p: () => goTo(state.finding < 0 ? -1 : state.finding - 1),
  a: () => answer(findings[state.finding], "accept"), r: () => answer(findings[state.finding], "reject"),
  c: () => findings[state.finding]?.at.querySelector(".comment")?.focus(),
  v: () => document.querySelector('#review input[name="verdict"]')?.focus(),
  g: () => document.querySelector("[data-settle]")?.focus(),
  "[": () => faster(-1), "]": () => faster(1), "?": () => $("help").showModal(),
};
document.addEventListener("keydown", (e) => {
  const on = e.target;
  if (e.ctrlKey || e.metaKey || e.altKey || $("help").open) return;
  const own = on.matches("button, a, input") && (e.key === " " || e.key === "Enter");  // what the browser does with them there
  const turned = on.matches("input") && e.key.startsWith("Arrow");  // arrows choose among radio buttons; a button has no use for them
  if (own || turned || on.matches("input:not([type=radio]), textarea, select, summary")) {
    if (e.key === "Escape") on.blur();
    return;
  }
  if (e.key === "Enter" && on.dataset?.i !== undefined) { seek(state.view.words[Number(on.dataset.i)].start); return; }
  const action = keys[e.key];
  if (action && state.view) { e.preventDefault(); action(); }
});
for (const form of document.querySelectorAll("#release form")) form.addEventListener("submit", (e) => {
  if (state.pending.length && form.querySelector("[data-version]")) { e.preventDefault(); say("Save or discard your changes first.", true); }
});
addEventListener("resize", step);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", step);

try { state.pending = may.edit ? JSON.parse(sessionStorage.getItem(key) || "[]") : []; } catch { state.pending = []; }
load(null).catch((error) => say(error.message, true));
