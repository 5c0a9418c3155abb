// The waveform and its overview: what part is shown, and what a pointer does on them.
import { $, audio, duration, may, say, seconds, sideName, sides, state, when } from "./page.js";
import { seek } from "./player.js";
import { drawOverview, drawWave } from "./wave.js";
import { region } from "./edits.js";
import { places } from "./findings.js";
import { mark } from "./mark.js";

const NARROW = matchMedia("(max-width: 62rem)");
const SHORTEST = 1;  // seconds in view
const shown = { from: 0, length: 0 };
const wave = $("wave"), overview = $("overview");
let drag = null, pan = null;

const length = () => Math.min(shown.length || duration(), duration());
export const visible = () => ({ from: shown.from, to: shown.from + length() });
const lane = () => (NARROW.matches ? 54 : state.view.channels > 1 ? 66 : 84);

function show(from, much = length()) {
  shown.length = Math.min(duration(), Math.max(Math.min(SHORTEST, duration()), much));
  shown.from = Math.min(Math.max(0, from), duration() - shown.length);
}

// Twice as much in view, or half as much; the position stays where it is on the screen.
export function zoom(by) {
  const { from, to } = visible(), t = audio.currentTime, at = t >= from && t <= to ? t : (from + to) / 2;
  const part = (at - from) / (to - from || 1), much = Math.min(duration(), Math.max(SHORTEST, length() / by));
  show(at - part * much, much);
  const whole = length() >= duration() - 0.001;
  say(whole ? "The whole recording is in view." : `${seconds(length())} in view.`);
  $("zoom-out").disabled = whole;
  $("zoom-in").disabled = length() <= SHORTEST;
  draw();
}

// The position never leaves the view: a page further while playing.
function follow() {
  const { from, to } = visible(), t = audio.currentTime;
  if (pan || drag || (t >= from && (t <= to || to >= duration()))) return;
  show(t - length() * (audio.paused ? 0.5 : 0.1));
}

function draw() {
  if (!state.view) return;
  const time = audio.currentTime, marked = [];
  if (drag?.moved) marked.push([Math.min(drag.start, drag.end), Math.max(drag.start, drag.end), state.view.same_as[drag.channel]]);
  if (mark.from !== null) for (const channel of mark.channels()) marked.push([Math.min(mark.from, time), Math.max(mark.from, time), channel]);
  const drawn = { view: state.view, shown: { from: visible().from, to: visible().to }, time, pending: state.pending, marked, places: places() };
  drawWave(wave, lane(), drawn);
  drawOverview(overview, drawn);
  wave.setAttribute("aria-valuemax", duration().toFixed(1));
  wave.setAttribute("aria-valuenow", time.toFixed(1));
  wave.setAttribute("aria-valuetext", `${time.toFixed(1)} of ${duration().toFixed(1)} seconds`);
}

function part(e, on) {
  const box = on.getBoundingClientRect();
  return { x: Math.min(1, Math.max(0, (e.clientX - box.left) / box.width)), y: Math.min(0.999, Math.max(0, (e.clientY - box.top) / box.height)) };
}
const timeOf = (e) => visible().from + part(e, wave).x * length();
const channelOf = (e) => Math.floor(part(e, wave).y * state.view.channels);

wave.addEventListener("pointerdown", (e) => {
  if (!state.view) return;
  wave.setPointerCapture(e.pointerId);
  drag = { x: e.clientX, start: timeOf(e), end: timeOf(e), channel: channelOf(e), moved: false };
});
wave.addEventListener("pointermove", (e) => {
  if (!drag) return;
  drag.end = timeOf(e);
  if (Math.abs(e.clientX - drag.x) > 5) drag.moved = true;
  draw();
});
wave.addEventListener("pointerup", () => {
  const done = drag;
  drag = null;
  if (!done) return;
  if (done.moved && may.edit) region(done.start, done.end, [state.view.same_as[done.channel] ?? 0]);
  else seek(done.end);
  draw();
});
wave.addEventListener("pointercancel", () => { drag = null; draw(); });
wave.addEventListener("keydown", (e) => {  // as every slider
  if (e.key !== "Home" && e.key !== "End") return;
  e.preventDefault();
  seek(e.key === "Home" ? 0 : duration());
});

// On the overview, a press goes there, and the frame follows the pointer.
function panTo(e) {
  const t = part(e, overview).x * duration();
  show(t - length() / 2);
  draw();
  return t;
}
overview.addEventListener("pointerdown", (e) => {
  if (!state.view) return;
  overview.setPointerCapture(e.pointerId);
  pan = { x: e.clientX, moved: false };
  panTo(e);
});
overview.addEventListener("pointermove", (e) => {
  if (!pan) return;
  if (Math.abs(e.clientX - pan.x) > 5) pan.moved = true;
  panTo(e);
});
overview.addEventListener("pointerup", (e) => {
  if (!pan) return;
  const t = panTo(e), moved = pan.moved;
  pan = null;
  if (!moved) seek(t);
});
overview.addEventListener("pointercancel", () => { pan = null; });

$("zoom-in").addEventListener("click", () => zoom(2));
$("zoom-out").addEventListener("click", () => zoom(0.5));
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

when("loaded", () => {
  const { channels, same_as: sameAs } = state.view;
  $("sides").replaceChildren(...(channels > 1 ? sameAs.map((twin, channel) => {
    const name = document.createElement("span");
    name.textContent = sideName(channel) + (twin === channel ? "" : `, same as ${sideName(twin)}`);
    return name;
  }) : []));
  if ($("side-choice")) $("side-choice").hidden = sides().length < 2;
  if (!shown.length) show(0, duration());
});
when("changed", draw);
when("moved", () => { follow(); draw(); });
