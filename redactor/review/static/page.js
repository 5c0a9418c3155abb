// What the modules of the message page share: its elements, its state, and what they tell each other.

export const panes = document.getElementById("panes");
export const id = panes.dataset.message;
export const may = { edit: panes.dataset.edit === "1", judge: panes.dataset.judge === "1", everywhere: panes.dataset.everywhere === "1" };
export const $ = (name) => document.getElementById(name);
export const audio = $("audio");

// view: as view.json; pending: edits that are not saved; side: the channel that marks apply to, null for all of them.
export const state = { version: Number(panes.dataset.version), view: null, pending: [], side: null };

export const csrf = document.querySelector('meta[name="csrf"]').content;
const listeners = { loaded: [], changed: [], moved: [] };

// loaded: there is another view. changed: words are shown differently. moved: the position is another.
export const when = (name, act) => listeners[name].push(act);
export const tell = (name) => { for (const act of listeners[name]) act(); };

export function say(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

export const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
export const seconds = (s) => `${s.toFixed(1)} s`;
export const duration = () => state.view?.duration || audio.duration || 0;
export const sideName = (channel) => `Side ${String.fromCharCode(65 + channel)}`;

// Channels with words of their own; two that carry the same sound have one transcript.
export const sides = () => [...new Set(state.view?.same_as ?? [])];

export const touches = (w, e) => w.channel === e.channel && w.start < e.end && w.end > e.start;
export const within = (w, e) => w.channel === e.channel && w.first < e.last && w.last > e.first;
const inside = (w, e) => w.channel === e.channel && w.start >= e.start - 0.002 && w.end <= e.end + 0.002;
export const concerns = (w, e) => (e.kind === "region" ? touches(w, e) : e.kind === "clear" ? inside(w, e) : within(w, e));

// Whether an edit shows what was covered.
export const shows = (e) => e.kind === "uncover" || e.kind === "clear";

// Whether a word will be redacted, and whether that is a change.
export function covered(w) {
  let hidden = Boolean(w.label);
  for (const e of state.pending) if (concerns(w, e)) hidden = !shows(e);
  return { hidden, changed: hidden !== Boolean(w.label) };
}

// The words of an edit or a place that this person may see; a covered one is its label.
export function wordsOf(place) {
  const shown = (w) => (w.label && !state.view.revealed ? `[${labelName(w.label)}]` : w.text);
  return state.view.words.filter((w) => concerns(w, place)).map(shown);
}

const labels = Object.fromEntries([...document.querySelectorAll("#other-labels option")].filter((o) => o.value).map((o) => [o.value, o.textContent]));
for (const b of document.querySelectorAll("[data-label]")) labels[b.dataset.label] = b.dataset.name;
export const labelName = (label) => labels[label] ?? label.toLowerCase().replaceAll("_", " ");
export const choices = [...document.querySelectorAll("[data-label]")].map((b) => b.dataset.label);

export function element(name, text, more = {}) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(more)) key in made ? (made[key] = value) : made.setAttribute(key, value);
  return made;
}

export async function send(path, body) {
  const answer = await fetch(`/messages/${id}/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify(body),
  });
  const given = (answer.headers.get("content-type") || "").includes("json") ? await answer.json() : {};
  if (answer.status === 401 || answer.redirected) throw new Error("You were logged out. Log in in another tab, then try again; nothing on this page is lost.");
  if (!answer.ok) {
    // Somebody else has the message (claim.js).
    const text = given.error === "claimed" ? `${given.by} is working on this message` : given.error || `error ${answer.status}`;
    throw Object.assign(new Error(text), { code: answer.status, holder: given.error === "claimed" ? given.by : "" });
  }
  return given;
}
