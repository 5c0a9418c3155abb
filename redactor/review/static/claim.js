// Who works on the message: heartbeats while this page is used, an end when it is left, and a notice when it is somebody
// else's. A page that nobody uses sends none, so that it keeps neither the message nor the session.
import { $, audio, csrf, id, panes, say } from "./page.js";

const EVERY = 60_000, USED = 240_000;  // ms
const key = panes.dataset.claim;
const form = () => new URLSearchParams({ csrf, key });
let used = Date.now(), lost = false;

export async function beat() {
  if (!key || (audio.paused && Date.now() - used > USED)) return;
  try {
    const answer = await fetch(`/messages/${id}/claim`, { method: "POST", body: form() });
    if (!answer.ok) return;
    const { held, by } = await answer.json();
    $("claim").hidden = held;
    $("claim-holder").textContent = held ? "" : by;
    if (!held && !lost) say(`${by} is working on this message now. Your changes stay on this page.`, true);
    lost = !held;
  } catch { /* the next one may get through */ }
}

for (const name of ["pointerdown", "keydown", "scroll"]) addEventListener(name, () => { used = Date.now(); }, { passive: true });
setInterval(beat, EVERY);
addEventListener("pagehide", () => { if (key) navigator.sendBeacon(`/messages/${id}/claim/end`, form()); });
addEventListener("pageshow", (e) => { if (e.persisted) { used = Date.now(); beat(); } });
