// The outline of the redacted sound: bars, bleeps as blocks, what is not saved yet as stripes, findings as a line below.
const HEIGHT = 84;

function colours(canvas) {
  const style = getComputedStyle(canvas);
  return Object.fromEntries(["bar", "played", "block", "pending", "bad", "ink", "line"].map((n) => [n, style.getPropertyValue(`--${n}`).trim()]));
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

export function drawWave(canvas, { view, time, pending, drag, mark, places }) {
  const ratio = devicePixelRatio || 1, width = canvas.parentElement.clientWidth, height = HEIGHT * view.channels;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
  }
  const c = canvas.getContext("2d"), colour = colours(canvas), x = (t) => (t / (view.duration || 1)) * width;
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  const bars = Math.max(1, Math.floor(width / 3));
  view.peaks.forEach((peaks, channel) => {
    const middle = HEIGHT * channel + HEIGHT / 2, loudest = Math.max(8, ...peaks);
    for (let i = 0; i < bars; i++) {
      const from = Math.floor((i / bars) * peaks.length), to = Math.max(from + 1, Math.floor(((i + 1) / bars) * peaks.length));
      const tall = Math.max(1, (Math.max(...peaks.slice(from, to)) / loudest) * (HEIGHT - 20));
      c.fillStyle = (i + 0.5) / bars < time / (view.duration || 1) ? colour.played : colour.bar;
      c.fillRect(i * 3, middle - tall / 2, 2, tall);
    }
    if (channel) { c.fillStyle = colour.line; c.fillRect(0, HEIGHT * channel, width, 1); }
  });
  for (const i of view.intervals) {
    c.fillStyle = colour.block;
    c.globalAlpha = 0.82;
    c.fillRect(x(i.start), HEIGHT * i.channel + 6, Math.max(2, x(i.end) - x(i.start)), HEIGHT - 18);
    c.globalAlpha = 1;
  }
  for (const p of places) {
    c.fillStyle = colour.bad;
    c.fillRect(x(p.start), HEIGHT * (p.channel + 1) - 7, Math.max(3, x(p.end) - x(p.start)), 4);
  }
  const stretches = pending.filter((e) => e.kind === "region").map((e) => [e.start, e.end, e.channel]);
  for (const e of pending) {
    if (e.kind !== "cover") continue;
    const words = view.words.filter((w) => w.channel === e.channel && w.first < e.last && w.last > e.first);
    if (words.length) stretches.push([Math.min(...words.map((w) => w.start)), Math.max(...words.map((w) => w.end)), e.channel]);
  }
  if (drag?.moved) stretches.push([Math.min(drag.start, drag.end), Math.max(drag.start, drag.end), drag.channel]);
  if (mark !== null) stretches.push([Math.min(mark, time), Math.max(mark, time), 0]);
  for (const [a, b, channel] of stretches) {
    view.same_as.forEach((twin, at) => { if (twin === channel || at === channel) striped(c, x(a), HEIGHT * at + 4, Math.max(2, x(b) - x(a)), HEIGHT - 14, colour.pending); });
  }
  c.fillStyle = colour.ink;
  c.fillRect(Math.min(width - 2, x(time)), 0, 2, height);
}
