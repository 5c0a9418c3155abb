// Draws the outline of the redacted audio: bars, bleeps as blocks, unsaved changes as stripes, and below each side what
// was found (solid) and what recognition was unsure of (dots).
export const STRIP = 22;

const FOOT = 12;  // for the lines below the bars

function colours(canvas) {
  const style = getComputedStyle(canvas);
  return Object.fromEntries(["bar", "played", "block", "pending", "bad", "warn", "ink", "line", "accent"].map((n) => [n, style.getPropertyValue(`--${n}`).trim()]));
}

// A canvas of the width of its parent, in the pixels of the screen.
function prepared(canvas, height) {
  const ratio = devicePixelRatio || 1, width = canvas.parentElement.clientWidth;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  return { c, width, colour: colours(canvas) };
}

function striped(c, x, y, w, h, colour) {
  c.save();
  c.beginPath();
  c.rect(x, y, w, h);
  c.clip();
  c.globalAlpha = 0.3;
  c.fillStyle = colour;
  c.fillRect(x, y, w, h);
  c.globalAlpha = 1;
  c.strokeStyle = colour;
  c.lineWidth = 2;
  for (let at = x - h; at < x + w; at += 9) {
    c.beginPath();
    c.moveTo(at, y + h);
    c.lineTo(at + h, y);
    c.stroke();
  }
  c.strokeRect(x + 1, y + 1, Math.max(0, w - 2), h - 2);
  c.restore();
}

function bars({ c, width, colour }, peaks, { from, to, total, time, top, height }) {
  const loudest = Math.max(8, ...peaks), count = Math.max(1, Math.floor(width / 3)), middle = top + height / 2;
  const column = (t) => Math.min(peaks.length - 1, Math.max(0, Math.floor((t / total) * peaks.length)));
  for (let i = 0; i < count; i++) {
    const a = from + (i / count) * (to - from), b = from + ((i + 1) / count) * (to - from);
    const tall = Math.max(1, (Math.max(...peaks.slice(column(a), column(b) + 1)) / loudest) * (height - 4));
    c.fillStyle = (a + b) / 2 < time ? colour.played : colour.bar;
    c.fillRect(i * 3, middle - tall / 2, 2, tall);
  }
}

// Stretches of sound that unsaved edits cover, as [start, end, channel].
function stretchesOf(view, pending) {
  const out = pending.filter((e) => e.kind === "region").map((e) => [e.start, e.end, e.channel]);
  for (const e of pending) {
    if (e.kind !== "cover") continue;
    const words = view.words.filter((w) => w.channel === e.channel && w.first < e.last && w.last > e.first);
    if (words.length) out.push([Math.min(...words.map((w) => w.start)), Math.max(...words.map((w) => w.end)), e.channel]);
  }
  return out;
}

export function drawWave(canvas, lane, { view, shown, time, pending, marked, places }) {
  const drawn = prepared(canvas, lane * view.channels), { c, width, colour } = drawn;
  const x = (t) => ((t - shown.from) / (shown.to - shown.from || 1)) * width, tall = lane - FOOT - 6;
  view.peaks.forEach((peaks, channel) => {
    bars(drawn, peaks, { ...shown, total: view.duration || 1, time, top: lane * channel + 3, height: tall + 3 });
    if (channel) { c.fillStyle = colour.line; c.fillRect(0, lane * channel, width, 1); }
  });
  const lanes = (channel) => view.same_as.flatMap((twin, at) => (twin === channel ? [at] : []));
  for (const i of view.intervals) {
    c.fillStyle = colour.block;
    c.globalAlpha = 0.82;
    c.fillRect(x(i.start), lane * i.channel + 5, Math.max(2, x(i.end) - x(i.start)), tall);
    c.globalAlpha = 1;
  }
  c.fillStyle = colour.bad;
  for (const p of places) for (const at of lanes(p.channel)) c.fillRect(x(p.start), lane * (at + 1) - 5, Math.max(3, x(p.end) - x(p.start)), 4);
  c.fillStyle = colour.warn;
  for (const d of view.doubts) {
    for (const at of lanes(d.channel)) for (let t = x(d.start); t < Math.max(x(d.end), x(d.start) + 3); t += 5) c.fillRect(t, lane * (at + 1) - 10, 3, 3);
  }
  for (const [a, b, channel] of [...stretchesOf(view, pending), ...marked]) {
    for (const at of lanes(channel)) striped(c, x(a), lane * at + 4, Math.max(2, x(b) - x(a)), tall + 2, colour.pending);
  }
  c.fillStyle = colour.ink;
  c.fillRect(Math.min(width - 2, Math.max(0, x(time))), 0, 2, lane * view.channels);
}

// The whole recording, all sides in one line, with a frame around what the waveform shows.
export function drawOverview(canvas, { view, shown, time, pending }) {
  const drawn = prepared(canvas, STRIP), { c, width, colour } = drawn, total = view.duration || 1, x = (t) => (t / total) * width;
  const loudest = view.peaks[0].map((_, i) => Math.max(...view.peaks.map((peaks) => peaks[i])));
  bars(drawn, loudest, { from: 0, to: total, total, time, top: 0, height: STRIP });
  c.fillStyle = colour.block;
  for (const i of view.intervals) c.fillRect(x(i.start), 4, Math.max(2, x(i.end) - x(i.start)), STRIP - 8);
  c.fillStyle = colour.pending;
  for (const [a, b] of stretchesOf(view, pending)) c.fillRect(x(a), 4, Math.max(2, x(b) - x(a)), STRIP - 8);
  c.fillStyle = colour.warn;
  for (const d of view.doubts) c.fillRect(x(d.start), STRIP - 3, Math.max(3, x(d.end) - x(d.start)), 3);
  c.fillStyle = colour.ink;
  c.fillRect(Math.min(width - 2, x(time)), 0, 2, STRIP);
  if (shown.to - shown.from >= total - 0.001) return;
  c.globalAlpha = 0.18;
  c.fillRect(0, 0, x(shown.from), STRIP);
  c.fillRect(x(shown.to), 0, width - x(shown.to), STRIP);
  c.globalAlpha = 1;
  c.strokeStyle = colour.accent;
  c.lineWidth = 2;
  c.strokeRect(x(shown.from) + 1, 1, Math.max(4, x(shown.to) - x(shown.from) - 2), STRIP - 2);
}
