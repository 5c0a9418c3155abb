"""The catalogue: every hostile clip, by class. Nothing is random: a clip's number determines its text, voice and
seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from .scene import Part

JOE = "piper/joe"
SPEAKERS = (
    ("kokoro/am_michael", 1.0),
    ("kokoro/am_michael", 1.0),
    (JOE, 1.12),
    ("kokoro/bm_george", 1.0),
    ("kokoro/bm_george", 1.0),
    (JOE, 0.9),
    (JOE, 0.9),
    (JOE, 1.2),
)
"""Voice and pitch of the eight English texts; with another pitch, joe sounds like another speaker. None of them speaks
in a sample recording.
"""
BRIEF_SPEAKERS = ((JOE, 1.0), ("kokoro/af_bella", 1.0), (JOE, 1.08))
SPANISH, FRENCH = ("kokoro/em_alex", "kokoro/ef_dora", "kokoro/em_santa"), "kokoro/ff_siwis"
OPERATOR, CALLER = (JOE, 0.95), (JOE, 1.08)

SPEEDS = ((0.04, 0.04), (0.05, 0.05), (0.065, 0.065), (0.1, 0.1), (0.15, 0.1), (0.25, 0.2))
"""Seconds of a key's tone and of the pause after it: from the shortest that receivers must accept by ITU-T Q.24 to a
careful thumb.
"""
NUMBERS = (
    "US_SSN 900417726",
    "US_SSN 900735518",
    "PHONE_NUMBER 6055550138",
    "ACCOUNT_NUMBER 3304471902",
    "DATE_TIME 02191948",
    "US_SSN 900882043",
)

Effects = tuple[tuple[str, dict[str, Any]], ...]
IMPORTANT = (
    "faint-pcm",
    "faint-mulaw",
    "faint-lossy",
    "faint-second-voice",
    "spanish",
    "french",
    "english-then-spanish",
    "spanish-in-the-middle",
    "keyed-digits",
    "keyed-faint",
    "two-at-once",
    "two-partly",
    "noise",
    "babble",
)
"""Made first."""
OVERLAP = ("two-at-once", "two-partly")
CONTROL = "ordinary"
"""Not hostile: the same texts and voices over a plain line."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One clip.

    Args:
        kind: its class. number: within it, from 1.
        hostile: the parts whose PHI is judged; None: all.
        form: of sample_audio/codecs.py.
        peak: dBFS of the loudest sample. floor: dBFS of the line's noise.
        transcript: the error of an imported transcript: "shift 0.4", "drift 0.05", "untimed 1"; "": none.
        judged: whether any speech is intelligible.
        brief: a few seconds, kept with the tests.
        condition: its special property within its class.
    """

    kind: str
    parts: tuple[Part, ...]
    number: int = 0
    condition: str = ""
    effects: Effects = (("telephone", {}),)
    form: str = "ulaw"
    peak: float = -6.0
    floor: float = -66.0
    channels: int = 1
    hostile: tuple[int, ...] | None = None
    transcript: str = ""
    judged: bool = True
    brief: bool = False

    @property
    def id(self) -> str:
        return f"{'brief-' if self.brief else ''}{self.kind}-{self.number}"

    @property
    def outcome(self) -> list[str]:
        """Its correct outcomes: a transcript that does not match may also be refused."""
        return ["redacted", "withheld", *(["failed"] if self.transcript else [])]

    def recipe(self) -> dict[str, Any]:
        """All its properties, as plain data."""
        return asdict(self)


def catalogue() -> list[Clip]:
    """All clips, the important classes first."""
    made = [
        *_faint(),
        *_languages(),
        *_keys(),
        *_together(),
        *_noisy(),
        *_distorted(),
        *_fast(),
        *_imported(),
        *_brief(),
    ]
    seen: Counter[tuple[str, bool]] = Counter()
    out: list[Clip] = []
    for clip in made:
        seen[clip.kind, clip.brief] += 1
        out.append(replace(clip, number=seen[clip.kind, clip.brief]))
    rank = {kind: place for place, kind in enumerate(IMPORTANT)}
    return sorted(out, key=lambda clip: (clip.brief, rank.get(clip.kind, len(rank))))


def said(turn: int, **given: Any) -> Part:
    """The English text of that number by its speaker."""
    return by(SPEAKERS[turn % 8], f"en-{turn % 8 + 1}", **given)


def brief(turn: int, **given: Any) -> Part:
    """One of the short English texts."""
    return by(BRIEF_SPEAKERS[turn % 3], f"brief-{turn % 3 + 1}", **given)


def plain(turn: int, **given: Any) -> Part:
    """A loud voice without PHI."""
    return by(OPERATOR, f"plain-{turn % 3 + 1}", **given)


def spanish(turn: int) -> Part:
    """One of the Spanish texts; the fourth is the first by somebody else."""
    number = turn % 3
    return Part(f"es-{number + 1}", SPANISH[number], warp=(1.0, 0.92)[turn % 4 == 3])


def french(turn: int) -> Part:
    """One of the French texts, by two speakers."""
    return Part(f"fr-{turn % 2 + 1}", FRENCH, warp=(1.0, 0.9)[turn // 2])


def by(speaker: tuple[str, float], text: str, **given: Any) -> Part:
    """That text by that speaker."""
    return Part(text, speaker[0], pitch=speaker[1], **given)


def under(kind: str, snr: float) -> Effects:
    """A telephone line with noise under the voice."""
    return (("noise", {"kind": kind, "snr": snr}), ("telephone", {}))


def _faint() -> Iterator[Clip]:
    for n, peak in enumerate((-58, -60, -62, -64, -66)):
        form = ("wav8", "wav16")[n % 2]
        yield Clip(kind="faint-pcm", parts=(said(n),), form=form, peak=peak, floor=-98, condition=f"peak {peak} dBFS")
    for n, peak in enumerate((-54, -56, -58, -60)):
        yield Clip(kind="faint-mulaw", parts=(said(n + 2),), peak=peak, floor=-98, condition=f"peak {peak} dBFS")
    for n, (form, peak) in enumerate((("mp3", -58), ("mp3", -62), ("opus", -58), ("opus", -64))):
        there = f"{form}, peak {peak} dBFS"
        yield Clip(kind="faint-lossy", parts=(said(n + 4),), form=form, peak=peak, floor=-98, condition=there)
    second = {"kind": "faint-second-voice", "floor": -92, "hostile": (1,)}
    for n, down in enumerate((-30, -35, -40, -45)):
        parts = (plain(n), said(n, gain=down))
        yield Clip(**second, parts=parts, form="wav8", condition=f"{down} dB after a loud one")
    for n, down in enumerate((-30, -38, -45)):
        parts = (plain(n), said(n + 4, gain=down), plain(n + 1))
        yield Clip(**second, parts=parts, form="wav16", condition=f"{down} dB between two loud ones")
    for n, (start, end) in enumerate(((0, -55), (-55, 0), (0, -40), (-40, 0))):
        faded = (("telephone", {}), ("fade", {"start": start, "end": end}))
        there = f"from {start} to {end} dB"
        yield Clip(kind="fade", parts=(said(n + 1),), effects=faded, form="wav8", floor=-92, condition=there)
    for n, peak in enumerate((-62, -64, -66)):
        message = said(n + 3, effects=(("whisper", {}),) if n % 2 else ())
        parts = (Part("3", kind="silence"), message, Part("3", kind="silence"))
        there = f"peak {peak} dBFS in digital silence"
        yield Clip(kind="faint-in-silence", parts=parts, form="wav16", peak=peak, floor=-200, condition=there)
    for n, down in enumerate((0, -35, -45, -55)):
        parts = (plain(n), said(n + 5, at=0.5, gain=down, channel=1))
        there = f"second channel {down} dB"
        yield Clip(
            kind="stereo-one-faint",
            parts=parts,
            form="wav-stereo",
            floor=-92,
            channels=2,
            hostile=(1,),
            condition=there,
        )


def _languages() -> Iterator[Clip]:
    for n in range(4):
        yield Clip(kind="spanish", parts=(spanish(n),), form=("ulaw", "mp3", "wav8")[n % 3])
    for n in range(4):
        yield Clip(kind="french", parts=(french(n),), form=("ulaw", "wav49")[n % 2])
    for n in range(4):
        parts = (by(CALLER, f"intro-{n % 2 + 1}"), spanish(n))
        yield Clip(kind="english-then-spanish", parts=parts, hostile=(1,))
    for n in range(4):
        parts = (by(CALLER, f"intro-{n % 2 + 1}"), spanish(n + 1), by(CALLER, "outro-1"))
        yield Clip(kind="spanish-in-the-middle", parts=parts, hostile=(1,))
    for text, voice in (("en-4", "kokoro/em_alex"), ("en-5", "kokoro/ff_siwis")):
        yield Clip(kind="foreign-accent", parts=(Part(text, voice, accent=True),), condition=f"English by {voice}")


def _keys() -> Iterator[Clip]:
    said_before, said_after = by(OPERATOR, "plain-4"), by(OPERATOR, "plain-3")
    about: dict[str, Any] = {"hostile": (1,), "form": "wav8"}
    for n, (speed, number) in enumerate(zip(SPEEDS, NUMBERS, strict=True)):
        parts = (said_before, Part(number, kind="keys", keys=speed))
        form = ("ulaw", "wav8", "wav49")[n % 3]
        there = f"{1000 * speed[0]:.0f} ms tones"
        yield Clip(kind="keyed-digits", parts=parts, form=form, hostile=(1,), condition=there)
    for n, (down, speed) in enumerate(((-20, 3), (-30, 3), (-40, 3), (-30, 1))):
        keys = Part(NUMBERS[n], kind="keys", keys=SPEEDS[speed], gain=down)
        yield Clip(
            kind="keyed-faint", parts=(said_before, keys, said_after), floor=-80, condition=f"{down} dB", **about
        )
    for n, down in enumerate((0, -3, -6, -10)):
        keys = Part(NUMBERS[n + 1], kind="keys", keys=SPEEDS[3], gain=down, at=1.0)
        there = f"{down} dB under a voice"
        yield Clip(kind="keyed-over-speech", parts=(by(CALLER, "plain-5"), keys), condition=there, **about)
    for n, tones in enumerate((0.025, 0.03, 0.035)):
        keys = Part(NUMBERS[n], kind="keys", keys=(tones, 0.05))
        yield Clip(kind="keyed-short", parts=(said_before, keys), condition=f"{1000 * tones:.0f} ms tones", **about)


def _together() -> Iterator[Clip]:
    for n, down in enumerate((0, -3, -6, -10) * 2):
        parts = (said(n), said(n + 3, at=0.2, gain=down))
        yield Clip(kind="two-at-once", parts=parts, condition=f"second voice {down} dB")
    for n, down in enumerate((0, -3, -6, -10)):
        parts = (said(n + 1), brief(n + 1, at=3.0, gain=down))
        there = f"second voice {down} dB for a part"
        yield Clip(kind="two-partly", parts=parts, hostile=(1,), condition=there)


def _noisy() -> Iterator[Clip]:
    for n, (snr, kind) in enumerate((snr, kind) for snr in (6, 0, -3) for kind in ("street", "white")):
        there = f"{snr} dB {kind}"
        yield Clip(kind="noise", parts=(said(n),), effects=under(kind, snr), condition=there)
    for n, snr in enumerate((6, 0, -3, 3)):
        yield Clip(kind="babble", parts=(said(n + 3),), effects=under("babble", snr), condition=f"{snr} dB babble")
    for n, snr in enumerate((5, 5, 0, 0)):
        form, there = ("mp3", "ulaw")[n % 2], f"{snr} dB music"
        yield Clip(
            kind="music-under-speech", parts=(said(n + 5),), effects=under("music", snr), form=form, condition=there
        )
    for n in range(3):
        parts = (Part("4", kind="music"), brief(n), Part("4", kind="music"))
        yield Clip(kind="between-hold-music", parts=parts, form=("mp3", "wav8")[n % 2])
    for n, snr in enumerate((0, -6, -10)):
        hum = (("telephone", {}), ("hum", {"snr": snr}))
        yield Clip(kind="hum", parts=(said(n + 2),), effects=hum, form="wav8", condition=f"{snr} dB hum of 50 Hz")


def _distorted() -> Iterator[Clip]:
    for n in range(4):
        parts = (said(n + 1, effects=(("whisper", {}),)),)
        yield Clip(kind="whispered", parts=parts, form=("wav16", "ulaw")[n % 2])
    for n, drive in enumerate((20, 25, 30, 30)):
        harsh = (("clipped", {"drive": drive}), ("telephone", {}))
        yield Clip(kind="clipped", parts=(said(n + 2),), effects=harsh, condition=f"{drive} dB over")
    for n, (rt60, direct) in enumerate(((0.8, 0), (1.0, 0), (1.2, -3), (1.5, -6))):
        room = (("reverberant", {"rt60": rt60, "direct": direct}), ("telephone", {}))
        yield Clip(kind="reverberant", parts=(said(n + 4),), effects=room, condition=f"RT60 {rt60} s")
    for n, (share, silent) in enumerate(((0.1, False), (0.2, False), (0.3, False), (0.3, True))):
        bad = (("telephone", {}), ("lossy", {"rate_lost": share, "silent": silent}))
        there = f"{100 * share:.0f} % lost{', silent' if silent else ''}"
        yield Clip(kind="packet-loss", parts=(said(n + 3),), effects=bad, condition=there)
    for n in range(3):
        narrow = (("band", {"low": 300, "high": 2000}),)
        yield Clip(kind="narrow-band", parts=(said(n + 5),), effects=narrow, condition="300-2000 Hz")
    for n, through in enumerate((("gsm", "amr", "mulaw"), ("mp3", "gsm", "amr"), ("gsm", "gsm", "gsm"))):
        form, there = ("ulaw", "amr")[n % 2], " → ".join(through)
        yield Clip(
            kind="codec-chain",
            parts=(said(n + 6),),
            effects=(("chain", {"through": through}),),
            form=form,
            condition=there,
        )
    for n in range(2):
        scrambled = (("telephone", {}), ("inverted", {}))
        yield Clip(kind="inverted-spectrum", parts=(said(n + 2),), effects=scrambled, form="wav8")
    for n, share in enumerate((0.2, -0.4)):
        biased = (("telephone", {}), ("offset", {"share": share}))
        there = f"{share:+} of full scale"
        yield Clip(kind="direct-current", parts=(said(n + 3),), effects=biased, form="wav8", peak=-1.0, condition=there)


def _fast() -> Iterator[Clip]:
    for n, how in enumerate(({"warp": 1.5}, {"tempo": 1.5}, {"warp": 1.5}, {"tempo": 1.7})):
        yield Clip(kind="sped-up", parts=(said(n, **how),), condition=str(how))
    for n, how in enumerate(({"warp": 0.7}, {"tempo": 0.7}, {"tempo": 0.6})):
        yield Clip(kind="slowed", parts=(said(n + 5, **how),), condition=str(how))
    for n, warp in enumerate((1.0, 1.0, 1.15, 1.15)):
        spelling = by(CALLER, f"spell-{n % 2 + 1}", rate=1.3, warp=warp, without_pauses=True)
        yield Clip(kind="fast-spelling", parts=(spelling,), condition=f"1.3 times {warp}, without pauses")
    for n, warp in enumerate((1.0, 0.93)):
        whole = by(CALLER, "run-1", rate=1.1, warp=warp, without_pauses=True)
        yield Clip(kind="without-a-pause", parts=(whole,), form=("ulaw", "mp3")[n])
    for n, warp in enumerate((1.35, 1.5, 0.8, 0.72)):
        part = said(n + 2, warp=warp, tempo=1 / warp)
        yield Clip(kind="high-or-low-pitch", parts=(part,), condition=f"pitch and formants times {warp}")
    for n in range(4):
        yield Clip(kind="cut-edges", parts=(said(n + 1, cut=True),))
    for n in range(2):
        yield Clip(kind="backwards", parts=(said(n + 2),), judged=False)
    for n in range(8):
        yield Clip(kind=CONTROL, parts=(said(n),))


def _imported() -> Iterator[Clip]:
    wrong = ("shift 0.2", "shift 0.4", "shift 0.8", "shift -0.4", "drift 0.03", "drift 0.05")
    for n, how in enumerate(wrong):
        yield Clip(kind="import-shifted", parts=(said(n),), transcript=how, condition=how)
    for n, how in enumerate(("untimed 3", "untimed 1", "untimed 6", "instant 3")):
        yield Clip(kind="import-untimed", parts=(said(n + 4),), transcript=how, condition=how)


def _brief() -> Iterator[Clip]:
    """The clips of the test run: one of each main class, some seconds long."""
    small: dict[str, Any] = {"brief": True}
    keyed = (by(OPERATOR, "plain-4"), Part(NUMBERS[0], kind="keys", keys=SPEEDS[1]))
    faint_keys = (by(OPERATOR, "plain-4"), Part(NUMBERS[1], kind="keys", keys=SPEEDS[3], gain=-30))
    second = (by(OPERATOR, "plain-4"), brief(0, gain=-38))
    aside = (by(OPERATOR, "plain-4"), brief(2, at=0.5, gain=-45, channel=1))
    yield Clip(kind="faint-pcm", parts=(brief(0),), form="wav8", peak=-60, floor=-98, **small)
    yield Clip(kind="faint-mulaw", parts=(brief(1),), peak=-55, floor=-98, **small)
    yield Clip(kind="faint-second-voice", parts=second, form="wav8", floor=-92, hostile=(1,), **small)
    yield Clip(kind="spanish", parts=(Part("brief-es", SPANISH[0]),), **small)
    yield Clip(kind="french", parts=(Part("brief-fr", FRENCH),), **small)
    yield Clip(kind="keyed-digits", parts=keyed, hostile=(1,), **small)
    yield Clip(kind="keyed-faint", parts=faint_keys, form="wav8", floor=-80, hostile=(1,), **small)
    yield Clip(kind="two-at-once", parts=(brief(1), brief(0, at=0.2)), **small)
    yield Clip(kind="noise", parts=(brief(2),), effects=under("street", -3), **small)
    yield Clip(kind="whispered", parts=(brief(0, effects=(("whisper", {}),)),), **small)
    yield Clip(kind="stereo-one-faint", parts=aside, form="wav-stereo", floor=-92, channels=2, hostile=(1,), **small)
    yield Clip(kind="import-shifted", parts=(brief(1),), transcript="shift 0.4", **small)
    yield Clip(kind="import-untimed", parts=(brief(2),), transcript="untimed 2", **small)
    yield Clip(kind=CONTROL, parts=(brief(0),), **small)
