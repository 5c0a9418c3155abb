// Edits that are not saved yet: marking, labels and reasons, words alike, undo and redo, saving.
import { $, choices, covered, concerns, csrf, duration, element, id, labelName, may, say, seconds, send, shows, sideName, sides, state, tell, touches, when, within, wordsOf } from "./page.js";
import { playFrom, seek } from "./player.js";
import { toUnanswered } from "./findings.js";

const STORED = `redactor-edits-${id}`;
const HEAR_FIRST = "Open the original first: only somebody who has heard it may uncover it.";
const past = [], future = [];  // what `pending` was before each change, and after each one that was undone
const alike = new Map(), searches = new Map();  // name of an edit → what sounds like its words, and the request for it
let label = choices[0], chosen = null, names = 0, saving = false;

const marks = () => state.pending.filter((e) => !shows(e));
const copy = () => state.pending.map((e) => ({ ...e }));

// The one way in which `pending` changes, so that every change can be undone.
function change(act) {
  past.push(copy());
  future.length = 0;
  act();
  tell("changed");
}

function add(edits) {
  change(() => { for (const e of edits) state.pending.push(e); });
  const last = edits.findLast((e) => !shows(e));
  if (!last) return;
  chosen = last.name;
  for (const e of edits) searches.set(e.name, search(e));
  tell("changed");
}

const named = (edit) => ({ name: ++names, reason: "", ...edit });

export function toggleWord(i) {
  const w = state.view.words[i];
  if (!w || !may.edit) return;
  const { hidden } = covered(w);
  if (hidden && w.label && !state.view.revealed) return say(HEAR_FIRST, true);
  // A change that is not saved yet is just dropped.
  const own = state.pending.findLastIndex((e) => e.kind !== "region" && within(w, e));
  if (own >= 0 && state.pending[own].first === w.first && state.pending[own].last === w.last) change(() => state.pending.splice(own, 1));
  else if (w.first < w.last) add([named({ kind: hidden ? "uncover" : "cover", channel: w.channel, first: w.first, last: w.last, label: hidden ? undefined : label })]);
  else if (state.view.revealed && w.label !== "KEYED_DIGITS") {
    const same = state.pending.findLastIndex((e) => e.start === w.start && e.end === w.end && e.channel === w.channel);
    if (same >= 0) change(() => state.pending.splice(same, 1));
    else add([named({ kind: hidden ? "clear" : "region", channel: w.channel, start: w.start, end: w.end, label: hidden ? undefined : label })]);
  } else return say("This section has no words and stays redacted.");
  say(hidden ? "Word will be shown. Save with s." : `Word will be redacted as “${labelName(label)}”: 1-9 changes that, s saves.`);
}

// A stretch of sound, on each of these channels.
export function region(a, b, channels) {
  const start = Math.max(0, Math.min(a, b)), end = Math.min(duration(), Math.max(a, b));
  if (!may.edit || end - start < 0.02) return;
  const group = channels.length > 1 ? ++names : undefined;
  add(channels.map((channel) => named({ kind: "region", channel, group, start: Number(start.toFixed(3)), end: Math.min(duration(), Number(end.toFixed(3))), label })));
  say(`${seconds(end - start)} will be redacted as “${labelName(label)}”: 1-9 changes that, s saves.`);
}

// --- label and reason ----------------------------------------------------------------------------------------------
// The mark of the word with the focus, else the last one.
function markNow() {
  const i = document.activeElement?.dataset?.i;
  const here = i === undefined ? null : marks().findLast((e) => concerns(state.view.words[Number(i)], e));
  return here ?? marks().find((e) => e.name === chosen) ?? marks().at(-1);
}

export function setLabel(given) {
  if (!may.edit || !given) return;
  label = given;
  const on = markNow();
  if (!on) return say(`The next redaction will be labelled “${labelName(label)}”.`);
  // Marks that were made at once (two sides of a call, words alike) have one label.
  change(() => { for (const e of state.pending) if (e === on || (on.group && e.group === on.group)) e.label = label; });
  chosen = on.name;
  say(`Labelled “${labelName(label)}”.`);
}

export const labelAt = (n) => choices[n];

export function focusReason() {
  const on = markNow();
  if (!on) return say("Mark something first: the reason belongs to a redaction.");
  document.querySelector(`#changes [data-name="${on.name}"] .reason`)?.focus();
}

// --- more like this ------------------------------------------------------------------------------------------------
async function search(e) {
  const words = state.view.words.filter((w) => !w.label && concerns(w, e));
  if (!words.length) return;
  const asked = { channel: e.channel, first: Math.min(...words.map((w) => w.first)), last: Math.max(...words.map((w) => w.last)) };
  try {
    alike.set(e.name, (await send("similar", asked)).similar);
    tell("changed");
  } catch { /* an offer only */ }
}

// What is alike and not covered yet.
const moreLike = (e) => (alike.get(e.name) ?? []).filter((s) => state.view.words.some((w) => within(w, s) && !covered(w).hidden));

export async function coverAlike(e = markNow()) {
  if (e) await searches.get(e.name);
  const more = e ? moreLike(e) : [];
  if (!more.length) return say(e ? "No other word in this message is like it." : "Mark a word first.");
  const group = e.group ?? e.name;
  change(() => {
    const on = state.pending.find((p) => p.name === e.name);
    if (on) on.group = group;
    for (const s of more) state.pending.push(named({ kind: "cover", channel: s.channel, first: s.first, last: s.last, label: e.label, group }));
  });
  say(`${more.length} more like it will be redacted. Save with s.`);
}

// --- undo and redo -------------------------------------------------------------------------------------------------
export function undo() {
  if (!may.edit) return;
  if (past.length || state.pending.length) {
    future.push(copy());
    state.pending = past.pop() ?? state.pending.slice(0, -1);  // those of an earlier visit have no history
    tell("changed");
    return say("Undone.");
  }
  if (state.view.undo) return save({ undo: true });
  say(state.version > 1 ? "The saved change is not yours: open the original to undo it." : "There is nothing to undo.");
}

export function redo() {
  if (!may.edit) return;
  if (future.length) {
    past.push(copy());
    state.pending = future.pop();
    tell("changed");
    return say("Done again.");
  }
  if (!state.pending.length && state.view.redo) return save({ redo: true });
  say("There is nothing to redo.");
}

function discard() {
  change(() => { state.pending = []; });
  say("Changes discarded. Ctrl+Z brings them back.");
}

// --- saving --------------------------------------------------------------------------------------------------------
const sent = ({ kind, channel, first, last, start, end, label: name, reason }) => ({ kind, channel, first, last, start, end, label: name, reason });

export const saveAll = () => (state.pending.length ? save({ edits: state.pending.map(sent) }) : say("There is nothing to save."));

async function save(body) {
  if (saving) return;
  saving = true;
  say("Saving: rendering every file again …");
  try {
    const given = await send("edits", { version: state.version, ...body });
    state.pending = [];
    past.length = future.length = 0;
    alike.clear();
    await load(given.version);
    const what = body.undo ? "Undone" : body.redo ? "Done again" : "Saved";
    const note = given.note ? ` ${given.note}` : "";
    say(`${what}: this is redaction ${given.version}.${note}`);
    if (body.edits) toUnanswered(`${what} as redaction ${given.version}.${note}`);
  } catch (error) {
    if (error.code === 409 && !error.holder) {
      await load(null);
      say("Somebody else saved first. Your changes are kept and shown over the new redaction: check them, then save again.", true);
    } else if (error.message === "hear-it-first") say(HEAR_FIRST, true);
    else say(`Not saved (${error.message}). Your changes are still here.`, true);
  } finally {
    saving = false;
    tell("changed");
  }
}

export async function load(version) {
  const answer = await fetch(`/messages/${id}/view.json`);
  if (!answer.ok) throw new Error("The message cannot be loaded.");
  state.view = await answer.json();
  state.version = state.view.version;
  $("version").textContent = state.version;
  if ($("review-version")) $("review-version").value = state.version;
  for (const at of document.querySelectorAll("input[data-version]")) at.value = state.version;
  if (version) playFrom(`${$("which")?.value || "audio"}?v=${version}`);
  tell("loaded");
  tell("changed");
}

// --- the list of changes -------------------------------------------------------------------------------------------
const sideOf = (channel) => (sides().length > 1 ? `${sideName(channel)}: ` : "");
const textOf = (e) => (e.start !== undefined ? `${seconds(e.start)} to ${seconds(e.end)}` : `“${wordsOf(e).join(" ")}”`);

function item(e) {
  const li = element("li");
  li.dataset.name = e.name;
  li.classList.toggle("chosen", e === markNow());
  li.append(element("span", `${sideOf(e.channel)}${textOf(e)}`, { className: "what" }));
  li.append(element("span", shows(e) ? "will be shown" : labelName(e.label), { className: "chip" }));
  if (!shows(e)) {
    const reason = element("input", "", { className: "reason", value: e.reason, maxLength: 300, placeholder: "Reason (optional)", "aria-label": `Reason for redacting ${textOf(e)}` });
    reason.addEventListener("input", () => { e.reason = reason.value; });
    reason.addEventListener("focus", () => { chosen = e.name; });
    li.append(reason);
  }
  const drop = element("button", "Remove", { type: "button", className: "quiet", "aria-label": `Remove the change of ${textOf(e)}` });
  drop.addEventListener("click", () => change(() => { state.pending = state.pending.filter((p) => p.name !== e.name); }));
  li.append(drop);
  const more = moreLike(e);
  if (more.length) li.append(offer(e, more));
  if (may.everywhere && e.kind === "cover") li.append(inAll(e));
  return li;
}

// A lead searches the words in all messages. They are not sent: the server reads them at this place.
function inAll(e) {
  const form = element("form", "", { method: "post", action: `/messages/${id}/everywhere` });
  for (const [name, value] of Object.entries({ csrf, channel: e.channel, first: e.first, last: e.last })) form.append(element("input", "", { type: "hidden", name, value }));
  const chosen = element("input", "", { type: "hidden", name: "label" });
  form.append(chosen, element("button", "Find it in all messages", { className: "quiet" }));
  form.addEventListener("submit", () => { chosen.value = e.label; });
  return form;
}

function offer(e, more) {
  const at = element("div", "", { className: "alike" });
  const all = element("button", `Also redact ${more.length} more like this`, { type: "button", "aria-keyshortcuts": "o" });
  all.addEventListener("click", () => coverAlike(e));
  at.append(all);
  for (const s of more) {
    const go = element("button", `${wordsOf(s).join(" ")}, ${seconds(s.start)}`, { type: "button", className: "place", title: s.same ? "the same words" : "sounds alike" });
    go.addEventListener("click", () => seek(s.start - 0.3));
    at.append(go);
  }
  return at;
}

function render() {
  if (!may.edit) return;
  const n = state.pending.length, typing = document.activeElement?.closest("#changes li");
  $("pending").textContent = n ? `${n} change${n === 1 ? "" : "s"} not saved.` : "No changes.";
  $("save").disabled = $("discard").disabled = !n || saving;
  $("undo").disabled = saving || !(n || past.length || state.view.undo);
  $("redo").disabled = saving || !(future.length || (!n && state.view.redo));
  $("labels").hidden = !marks().length;
  const now = markNow();
  for (const b of document.querySelectorAll("[data-label]")) b.setAttribute("aria-pressed", String(b.dataset.label === (now?.label ?? label)));
  $("other-labels").value = choices.includes(now?.label ?? label) ? "" : now?.label ?? label;
  $("changes").replaceChildren(...state.pending.map(item));
  if (typing) document.querySelector(`#changes [data-name="${typing.dataset.name}"] .reason`)?.focus();
  // Typed reasons are not stored in the browser.
  n ? sessionStorage.setItem(STORED, JSON.stringify(state.pending.map(({ reason, ...e }) => e))) : sessionStorage.removeItem(STORED);
  $("edited").replaceChildren(...state.view.edits.filter((e) => !shows(e)).map((e) => {
    const word = state.view.words.find((w) => concerns(w, e)), start = e.kind === "region" ? e.start : word?.start ?? 0;
    const li = element("li"), go = element("button", seconds(start), { type: "button", className: "place" });
    go.addEventListener("click", () => seek(start - 0.3));
    li.append(go, element("span", `${sideOf(e.channel)}${labelName(e.label)}${e.own ? "" : ", by somebody else"}`), element("span", e.reason, { className: "why" }));
    return li;
  }));
  $("by-hand").hidden = !$("edited").childElementCount;
}

if (may.edit) {
  try { state.pending = JSON.parse(sessionStorage.getItem(STORED) || "[]").map(({ name, ...e }) => named(e)); } catch { state.pending = []; }
  for (const b of document.querySelectorAll("[data-label]")) b.addEventListener("click", () => setLabel(b.dataset.label));
  $("other-labels").addEventListener("change", (e) => setLabel(e.target.value));
  $("save").addEventListener("click", saveAll);
  $("discard").addEventListener("click", discard);
  $("undo").addEventListener("click", undo);
  $("redo").addEventListener("click", redo);
}
when("changed", render);
