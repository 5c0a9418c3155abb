// Findings and the review: going through them, answering, and what is still unanswered.
import { $, element, may, say, send, sideName, sides, state, when, wordsOf } from "./page.js";
import { seek } from "./player.js";

const MOST_WORDS = 14;
const findings = [...document.querySelectorAll(".finding")].map((at) => ({
  at, number: Number(at.dataset.number), rule: at.dataset.rule, wanted: at.dataset.verdict === "findings", places: JSON.parse(at.dataset.places),
}));
const everywhere = findings.flatMap((f) => f.places);
let now = -1, mine = { answers: {}, missed: [] };

export const places = () => everywhere;
const unanswered = () => (may.judge ? findings.filter((f) => f.wanted && !mine.answers[f.number]) : []);
const plural = (n) => `${n} finding${n === 1 ? " has" : "s have"} no answer yet`;

function choose(i) {
  now = i;
  findings.forEach((f, n) => f.at.classList.toggle("current", n === i));
}

export function goTo(by) {
  if (!findings.length) return say("There are no findings.");
  choose(now < 0 && by < 0 ? findings.length - 1 : (now + by + findings.length) % findings.length);
  const f = findings[now];
  f.at.focus({ preventScroll: true });
  f.at.scrollIntoView({ block: "nearest" });
  if (f.places.length) seek(Math.max(0, f.places[0].start - 0.3));
}

export const answerNow = (decision) => (now < 0 ? say("Go to a finding first: n is the next one.") : answer(findings[now], decision));
export const comment = () => findings[now]?.at.querySelector(".comment")?.focus();

async function decide(f, decision) {
  answered(await send("decisions", { finding: f.number, rule: f.rule, decision, comment: f.at.querySelector(".comment").value }));
}

async function answer(f, decision) {
  if (!may.judge) return;
  try {
    await decide(f, decision);
    const left = unanswered().length;
    say(`${f.rule}: ${decision === "accept" ? "accepted" : "rejected"}.${left ? ` ${plural(left)}.` : ""}`);
  } catch (error) { say(`Not saved (${error.message}).`, true); }
}

export async function acceptAll() {
  const open = unanswered();
  if (!open.length) return say("Every finding has an answer.");
  try {
    for (const f of open) await decide(f, "accept");
    say(`${open.length} finding${open.length === 1 ? "" : "s"} accepted.`);
  } catch (error) { say(`Not all are saved (${error.message}).`, true); }
}

function answered(given) {
  mine = given;
  for (const f of findings) for (const b of f.at.querySelectorAll("[data-answer]")) b.setAttribute("aria-pressed", String(mine.answers[f.number] === b.dataset.answer));
  for (const f of findings) if (mine.answers[f.number]) f.at.classList.remove("unanswered");
  const open = unanswered().length;
  if ($("accept-all")) {
    $("accept-all").hidden = open < 2;
    $("accept-all").firstChild.textContent = `Accept all ${open} `;
  }
  if ($("open-findings")) $("open-findings").textContent = open ? `${plural(open)}.` : findings.some((f) => f.wanted) ? "Every finding has an answer." : "";
  if (!$("missed")) return;
  $("missed").replaceChildren(...mine.missed.map(([rule, start, end]) => {
    const li = element("li"), go = element("button", `${rule} at ${start.toFixed(1)} s`, { type: "button" }), drop = element("button", "Withdraw", { type: "button" });
    go.addEventListener("click", () => seek(start));
    drop.addEventListener("click", () => missed(rule, "withdraw", start, end));
    li.append(go, drop);
    return li;
  }));
}

async function missed(rule, decision, start, end) {
  try {
    answered(await send("decisions", { finding: -1, rule, decision, start, end }));
    say(`${rule} ${decision === "missed" ? "added" : "withdrawn"}.`);
  } catch (error) { say(`Not saved (${error.message}).`, true); }
}

// Scroll to what has no answer yet and focus it; false if everything has one. `before`: what to say first.
export function toUnanswered(before = "") {
  const open = unanswered();
  const radios = [...document.querySelectorAll('#review input[name="verdict"]')];
  if (open.length) {
    for (const f of open) f.at.classList.add("unanswered");
    choose(findings.indexOf(open[0]));
    open[0].at.scrollIntoView({ block: "center" });
    open[0].at.focus({ preventScroll: true });
    say(`${before} ${plural(open.length)}: a accepts, r rejects.`.trim(), !before);
    return true;
  }
  if (!radios.length || radios.some((r) => r.checked)) return false;
  radios[0].scrollIntoView({ block: "center" });
  radios[0].focus({ preventScroll: true });
  say(`${before} Your verdict is missing.`.trim(), !before);
  return true;
}

export const verdict = () => document.querySelector('#review input[name="verdict"]')?.focus();

export function settle(refuse) {
  if (refuse && $("refusal")) $("refusal").open = true;
  document.querySelector(refuse ? "[data-refuse]" : "[data-settle]")?.focus();
}

function unsaved(e) {
  if (!state.pending.length) return false;
  e.preventDefault();
  $("save").scrollIntoView({ block: "center" });
  $("save").focus({ preventScroll: true });
  say("Save or discard your changes of the redaction first.", true);
  return true;
}
for (const form of document.querySelectorAll("#release form")) if (form.querySelector("[data-version]")) form.addEventListener("submit", unsaved);

const review = $("review");
if (review) {
  review.noValidate = true;  // the page says more than the browser would
  review.addEventListener("submit", (e) => {
    if (!unsaved(e) && toUnanswered()) e.preventDefault();
  });
}
$("accept-all")?.addEventListener("click", acceptAll);
$("missed-form")?.addEventListener("submit", (e) => {
  e.preventDefault();
  const t = $("audio").currentTime;
  missed($("missed-rule").value, "missed", t, t);
});
findings.forEach((f, i) => {
  f.at.addEventListener("click", (e) => {
    choose(i);
    const button = e.target.closest("button");
    if (button?.dataset.answer) answer(f, button.dataset.answer);
    if (button?.dataset.at) seek(Number(button.dataset.at) - 0.3);
  });
});

// The words of each finding, as far as this person may see them.
function fill() {
  for (const f of findings) {
    f.places.forEach((place, n) => {
      const words = wordsOf(place), at = f.at.querySelector(`[data-place="${n}"]`);
      if (at) at.textContent = words.slice(0, MOST_WORDS).join(" ") + (words.length > MOST_WORDS ? " …" : "");
      const side = f.at.querySelector(`[data-side="${n}"]`);
      if (side) side.textContent = sides().length > 1 ? `${sideName(place.channel)}, ` : "";
    });
    const lead = f.at.querySelector(".said-words"), all = [...new Set(f.places.map((p) => wordsOf(p).slice(0, MOST_WORDS).join(" ")).filter(Boolean))];
    if (lead) lead.textContent = all.length ? `: ${all.slice(0, 3).join(", ")}${all.length > 3 ? ", …" : ""}` : "";
  }
}
when("loaded", () => { answered(state.view.mine); fill(); });
