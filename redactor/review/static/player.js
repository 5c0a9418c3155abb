// Playing: position, speed, and the stretches that recognition was unsure of, once or in a loop.
import { $, audio, clock, duration, id, say, seconds, sideName, sides, state, tell, when } from "./page.js";

const AROUND = 1;  // seconds before and after a stretch
const span = { from: 0, until: null, loop: false, here: false };
let doubt = -1;

export const current = () => state.view?.doubts[doubt] ?? null;

// The stretch that was just played, until somebody goes or plays elsewhere.
export const played = () => (span.here && audio.paused ? current() : null);

function move(t) {
  audio.currentTime = Math.min(Math.max(0, t), duration());
  tell("moved");
}

// Going somewhere ends what is played in a loop.
export function seek(t) {
  endStretch();
  move(t);
}

function endStretch() {
  span.until = null;
  span.loop = span.here = false;
  $("loop").setAttribute("aria-pressed", "false");
}

const play = () => audio.play().catch(() => say("This browser cannot play the audio.", true));
export function toggle() {
  if (!audio.paused) return audio.pause();
  span.here = span.until !== null;
  play();
}

function playStretch(stretch) {
  span.from = Math.max(0, stretch.start - AROUND);
  span.until = Math.min(duration(), stretch.end + AROUND);
  span.here = true;
  move(span.from);
  play();
}

export function nextDoubt(by = 1) {
  const all = state.view.doubts;
  if (!all.length) return say("Recognition was sure of every word that can be heard.");
  doubt = doubt < 0 && by < 0 ? all.length - 1 : (doubt + by + all.length) % all.length;
  const stretch = all[doubt], side = sides().length > 1 ? `, ${sideName(stretch.channel)}` : "";
  say(`Doubtful stretch ${doubt + 1} of ${all.length}${side}, at ${seconds(stretch.start)}.`);
  playStretch(stretch);
  tell("changed");
}

export function loop() {
  if (span.loop) {
    endStretch();
    audio.pause();
    return say("Loop stopped.");
  }
  if (!current()) nextDoubt();
  if (!current()) return;
  span.loop = true;
  $("loop").setAttribute("aria-pressed", "true");
  playStretch(current());
  say(`Doubtful stretch ${doubt + 1} of ${state.view.doubts.length} in a loop; l stops it.`);
}

function atEnd() {
  if (span.until === null || audio.currentTime < span.until) return;
  if (span.loop) return move(span.from);
  span.until = null;
  audio.pause();
}

export const wordAt = (t) => state.view.words.findIndex((w) => w.start <= t && t < w.end);

function run() {
  atEnd();
  tell("moved");
  if (!audio.paused) requestAnimationFrame(run);
}

const speeds = [...$("speed").options].map((o) => o.value);
export function faster(by) {
  const at = Math.min(speeds.length - 1, Math.max(0, speeds.indexOf($("speed").value) + by));
  $("speed").value = speeds[at];
  audio.playbackRate = Number(speeds[at]);
  say(`Speed ${speeds[at]}.`);
}

// Another version, or the original: the position stays.
export function playFrom(source) {
  const t = audio.currentTime;
  audio.src = `/messages/${id}/${source}`;
  audio.currentTime = t;
  audio.playbackRate = Number($("speed").value);
}

audio.addEventListener("play", () => { $("play").textContent = "Pause"; run(); });
audio.addEventListener("pause", () => { $("play").textContent = "Play"; tell("moved"); });
audio.addEventListener("timeupdate", atEnd);  // frames are rare in a tab that is not seen
audio.addEventListener("ended", () => { if (span.loop) playStretch(current()); });
audio.addEventListener("seeked", () => tell("moved"));
audio.addEventListener("error", () => say("The audio cannot be loaded.", true));
$("play").addEventListener("click", toggle);
$("back").addEventListener("click", () => seek(audio.currentTime - 2));
$("on").addEventListener("click", () => seek(audio.currentTime + 2));
$("doubt").addEventListener("click", () => nextDoubt());
$("loop").addEventListener("click", loop);
$("speed").addEventListener("change", (e) => { audio.playbackRate = Number(e.target.value); });
$("which")?.addEventListener("change", (e) => playFrom(e.target.value));

when("moved", () => { $("time").textContent = `${clock(audio.currentTime)} / ${clock(duration())}`; });
when("loaded", () => {
  const count = state.view.doubts.length;
  if (doubt >= count) doubt = -1;
  span.here = false;
  $("doubt-count").textContent = count;
  for (const at of document.querySelectorAll(".doubt-count")) at.textContent = count === 1 ? "1 stretch" : `${count || "no"} stretches`;
  $("doubt").disabled = $("loop").disabled = !count;
});
