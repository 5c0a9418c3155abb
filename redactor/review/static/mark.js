// Marking by ear: held from the beginning to the end of what is to be redacted, or pressed at both.
import { $, audio, may, say, seconds, sideName, sides, state, tell } from "./page.js";
import { region } from "./edits.js";

const HELD = 300;  // milliseconds; a shorter press begins a mark that another press ends

export const mark = { from: null, pressed: 0, channels: () => (state.side === null ? sides() : [state.side]) };

export function press() {
  if (!may.edit || mark.pressed) return;
  mark.pressed = performance.now();
  if (mark.from !== null) return end();
  mark.from = audio.currentTime;
  say(`Marking from ${seconds(mark.from)} …`);
  tell("moved");
}

export function release() {
  if (!mark.pressed) return;
  const held = performance.now() - mark.pressed;
  mark.pressed = 0;
  if (mark.from === null) return;
  if (held >= HELD && !audio.paused) end();
  else say(`Section starts at ${seconds(mark.from)}. Go to its end and press m again.`);
}

export function end() {
  const from = mark.from;
  mark.from = null;
  if (from !== null) region(from, audio.currentTime, mark.channels());
  tell("moved");
}

export function nextSide() {
  const all = [null, ...sides()];
  if (all.length < 3) return say("This recording has one side only.");
  state.side = all[(all.indexOf(state.side) + 1) % all.length];
  $("side").value = state.side ?? "";
  say(state.side === null ? "Marks apply to all sides." : `Marks apply to ${sideName(state.side)}.`);
}

$("hold")?.addEventListener("pointerdown", (e) => { e.target.setPointerCapture(e.pointerId); press(); });
$("hold")?.addEventListener("pointerup", release);
$("hold")?.addEventListener("pointercancel", release);
$("hold")?.addEventListener("contextmenu", (e) => e.preventDefault());  // a long press on a telephone
$("hold")?.addEventListener("click", (e) => { if (!e.detail) { press(); release(); } });  // by keyboard
$("side")?.addEventListener("change", (e) => { state.side = e.target.value === "" ? null : Number(e.target.value); });
addEventListener("blur", release);  // the key may be released where this page does not see it
