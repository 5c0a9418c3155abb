"""The catalogue: every hostile clip, by class. Nothing is random here; the number of a clip gives its text, its voice and
its seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from .scene import Part

JOE = "piper/joe"
SPEAKERS = (
    (JOE, 1.0), ("kokoro/am_michael", 1.0), (JOE, 1.12), ("kokoro/bm_george", 1.0),
    (JOE, 0.9), ("kokoro/af_bella", 1.0), (JOE, 1.2), ("kokoro/af_sarah", 1.0),
)  # fmt: skip
"""Voice and pitch of the eight English texts; a pitch of its own makes another speaker of joe. None of them speaks in a
sample recording.
"""
SPANISH, FRENCH = ("kokoro/em_alex", "kokoro/ef_dora", "kokoro/em_santa"), "kokoro/ff_siwis"
OPERATOR, CALLER = (JOE, 0.95), (JOE, 1.08)

IMPORTANT = (
    "faint-pcm", "faint-mulaw", "faint-lossy", "faint-second-voice", "spanish", "french", "english-then-spanish",
    "spanish-in-the-middle", "keyed-digits", "keyed-faint", "two-at-once", "two-partly", "noise", "babble",
)  # fmt: skip
"""Made first."""
OVERLAP = ("two-at-once", "two-partly")
CONTROL = "ordinary"
"""Not hostile: what the same texts and voices come to over a plain line."""


@dataclass(frozen=True)
class Clip:
    """One clip.

    Args:
        kind: its class.
        hostile: the parts whose PHI is judged; None: all.
        form: of sample_audio/codecs.py.
        peak: dBFS of the loudest sample. floor: dBFS of the line's noise.
        transcript: what an imported transcript is like: "shift 0.4", "drift 0.05", "untimed 1"; "": none.
        judged: whether anything that is said can be understood at all.
        brief: a few seconds, kept with the tests.
    """

    kind: str
    number: int
    parts: tuple[Part, ...]
    effects: tuple[tuple[str, dict[str, Any]], ...] = (("telephone", {}),)
    form: str = "ulaw"
    peak: float = -6.0
    floor: float = -66.0
    channels: int = 1
    hostile: tuple[int, ...] | None = None
    transcript: str = ""
    judged: bool = True
    brief: bool = False
    condition: str = field(default="", kw_only=True)

    @property
    def id(self) -> str:
        return f"{'brief-' if self.brief else ''}{self.kind}-{self.number}"

    @property
    def outcome(self) -> list[str]:
        """What is right for it: a transcript that does not fit may also be refused."""
        return ["redacted", "withheld", *(["failed"] if self.transcript else [])]

    def recipe(self) -> dict[str, Any]:
        """All that shapes it, as plain data."""
        return asdict(self)


def said(turn: int, **given: Any) -> Part:
    """The English text of that number by its speaker."""
    voice, pitch = SPEAKERS[turn % 8]
    return Part(**{"text": f"en-{turn % 8 + 1}", "voice": voice, "pitch": pitch} | given)


def brief(turn: int, **given: Any) -> Part:
    """One of the short English texts."""
    return said(turn, text=f"brief-{turn % 4 + 1}", **given)


def plain(turn: int, **given: Any) -> Part:
    """A loud voice that says nothing of anybody."""
    return by(OPERATOR, f"plain-{turn % 3 + 1}", **given)


def by(speaker: tuple[str, float], text: str, **given: Any) -> Part:
    """That text by that speaker."""
    return Part(text, speaker[0], pitch=speaker[1], **given)


def spanish(turn: int) -> Part:
    """One of the Spanish texts by its speaker."""
    number = (turn - 1) % 4
    return Part(f"es-{number + 1}", SPANISH[number % 3])


def catalogue() -> list[Clip]:
    """All clips, the important classes first."""
    made = [*_faint(), *_languages(), *_keys(), *_together(), *_noisy(), *_distorted(), *_fast(), *_odd(), *_imported()]
    made += _brief()
    rank = {kind: place for place, kind in enumerate(IMPORTANT)}
    return sorted(made, key=lambda clip: (rank.get(clip.kind, len(rank)), clip.brief))


def _faint() -> Iterator[Clip]:
    for n, peak in enumerate((-58, -60, -62, -64, -66), 1):
        yield Clip(
            "faint-pcm",
            n,
            (said(n),),
            form="wav8" if n % 2 else "wav16",
            peak=peak,
            floor=-98,
            condition=f"peak {peak} dBFS",
        )
    for n, peak in enumerate((-54, -56, -58, -60), 1):
        yield Clip("faint-mulaw", n, (said(n + 2),), peak=peak, floor=-98, condition=f"peak {peak} dBFS")
    for n, (form, peak) in enumerate((("mp3", -58), ("mp3", -62), ("opus", -58), ("opus", -64)), 1):
        yield Clip(
            "faint-lossy", n, (said(n + 4),), form=form, peak=peak, floor=-98, condition=f"{form}, peak {peak} dBFS"
        )
    for n, down in enumerate((-30, -35, -40, -45), 1):
        after = (plain(n), said(n, gain=down))
        yield Clip(
            "faint-second-voice",
            n,
            after,
            form="wav8",
            floor=-92,
            hostile=(1,),
            condition=f"{down} dB after a loud one",
        )
    for n, down in enumerate((-30, -38, -45), 5):
        between = (plain(n), said(n, gain=down), plain(n + 1))
        yield Clip(
            "faint-second-voice",
            n,
            between,
            form="wav16",
            floor=-92,
            hostile=(1,),
            condition=f"{down} dB between two loud ones",
        )
    for n, (start, end) in enumerate(((0, -55), (-55, 0), (0, -45), (-45, 0)), 1):
        faded = (("telephone", {}), ("fade", {"start": start, "end": end}))
        yield Clip("fade", n, (said(n + 1),), faded, "wav8", -6, -92, condition=f"from {start} to {end} dB")
    for n, peak in enumerate((-62, -64, -66, -66), 1):
        around = (
            Part("4", kind="silence"),
            said(n + 3, effects=(("whisper", {}),) if n % 2 else ()),
            Part("5", kind="silence"),
        )
        yield Clip("whisper-level-in-silence", n, around, form="wav16" if n > 2 else "wav8", peak=peak, floor=-200, condition=f"peak {peak} dBFS in digital silence")  # fmt: skip
    for n, down in enumerate((0, -35, -45, -55), 1):
        both = (plain(n), plain(n + 1, at=None), said(n + 5, at=1.0, gain=down, channel=1))
        yield Clip("stereo-one-faint", n, both, form="wav-stereo", floor=-92, channels=2, hostile=(2,), condition=f"second channel {down} dB")  # fmt: skip


def _languages() -> Iterator[Clip]:
    for n in range(1, 5):
        yield Clip("spanish", n, (spanish(n),), form=("ulaw", "mp3", "wav8")[n % 3])
    for n in range(1, 5):
        yield Clip("french", n, (Part(f"fr-{n}", FRENCH),), form=("ulaw", "wav49")[n % 2])
    for n in range(1, 5):
        turns = (by(CALLER, f"intro-{n % 2 + 1}"), spanish(n))
        yield Clip("english-then-spanish", n, turns, hostile=(1,))
    for n in range(1, 5):
        turns = (by(CALLER, f"intro-{n % 2 + 1}"), spanish(n + 1), by(CALLER, "outro-1"))
        yield Clip("spanish-in-the-middle", n, turns, hostile=(1,))
    for n, voice in enumerate(("kokoro/em_alex", "kokoro/hm_omega", "kokoro/ff_siwis"), 1):
        yield Clip("foreign-accent", n, (Part(f"en-{n + 1}", voice, accent=True),), condition=f"English by {voice}")


SPEEDS = ((0.04, 0.04), (0.05, 0.05), (0.065, 0.065), (0.1, 0.1), (0.15, 0.1), (0.25, 0.2))
"""Seconds of tone and pause: what ITU-T Q.24 asks a receiver to take at least, to a careful thumb."""
NUMBERS = ("US_SSN 900417726", "US_SSN 900735518", "PHONE_NUMBER 6055550138", "ACCOUNT_NUMBER 3304471902", "DATE_TIME 02191948", "US_SSN 900882043")  # fmt: skip


def _keys() -> Iterator[Clip]:
    announcement = by(OPERATOR, "plain-4")
    for n, (speed, number) in enumerate(zip(SPEEDS, NUMBERS, strict=True), 1):
        turns = (announcement, Part(number, kind="keys", keys=speed))
        yield Clip("keyed-digits", n, turns, form=("ulaw", "wav8", "wav49")[n % 3], hostile=(1,), condition=f"{1000 * speed[0]:.0f} ms tones")  # fmt: skip
    for n, (down, speed) in enumerate(((-20, 3), (-30, 3), (-40, 3), (-30, 1)), 1):
        turns = (announcement, Part(NUMBERS[n], kind="keys", keys=SPEEDS[speed], gain=down), by(OPERATOR, "plain-3"))
        yield Clip("keyed-faint", n, turns, form="wav8", floor=-80, hostile=(1,), condition=f"{down} dB")
    for n, (down, form) in enumerate(((0, "ulaw"), (-6, "wav8"), (-3, "mp3"), (-10, "wav8")), 1):
        turns = (by(CALLER, "plain-5"), Part(NUMBERS[n + 1], kind="keys", keys=SPEEDS[3], gain=down, at=1.5))
        yield Clip("keyed-over-speech", n, turns, form=form, hostile=(1,), condition=f"{down} dB under a voice")
    for n, tones in enumerate((0.025, 0.03, 0.035), 1):
        turns = (announcement, Part(NUMBERS[n], kind="keys", keys=(tones, 0.05)))
        yield Clip("keyed-short", n, turns, form="wav8", hostile=(1,), condition=f"{1000 * tones:.0f} ms tones")


def _together() -> Iterator[Clip]:
    numbers = count(1)
    for down in (0, -3, -6, -10):
        for turn in range(2):
            n = next(numbers)
            both = (said(n), said(n + 4, at=0.15 * turn, gain=down))
            yield Clip("two-at-once", n, both, hostile=(0, 1), condition=f"second voice {down} dB")
    numbers = count(1)
    for down in (0, -3, -6, -10):
        n = next(numbers)
        both = (said(n + 1), said(n + 6, text=f"brief-{n}", at=5.0, gain=down))
        yield Clip("two-partly", n, both, hostile=(1,), condition=f"second voice {down} dB for a part")


def _noisy() -> Iterator[Clip]:
    numbers = count(1)
    for snr in (6, 0, -3):
        for kind in ("street", "pink", "white", "television"):
            n = next(numbers)
            under = (("noise", {"kind": kind, "snr": snr}), ("telephone", {}))
            yield Clip("noise", n, (said(n),), under, ("ulaw", "wav8")[n % 2], condition=f"{snr} dB {kind}")
    numbers = count(1)
    for snr in (6, 0, -3):
        for _ in range(2):
            n = next(numbers)
            under = (("noise", {"kind": "babble", "snr": snr}), ("telephone", {}))
            yield Clip("babble", n, (said(n + 3),), under, condition=f"{snr} dB babble")
    for n, snr in enumerate((5, 5, 0, 0), 1):
        under = (("noise", {"kind": "music", "snr": snr}), ("telephone", {}))
        yield Clip("music-under-speech", n, (said(n + 6),), under, ("mp3", "ulaw")[n % 2], condition=f"{snr} dB music")
    for n in range(1, 5):
        turns = (Part("6", kind="music"), said(n, text=f"brief-{n}"), Part("6", kind="music"))
        yield Clip("between-hold-music", n, turns, form=("mp3", "wav8")[n % 2])
    for n, snr in enumerate((0, -6, -10), 1):
        under = (("telephone", {}), ("hum", {"snr": snr}))
        yield Clip("hum", n, (said(n + 2),), under, "wav8", condition=f"{snr} dB hum of 50 Hz")


def _distorted() -> Iterator[Clip]:
    for n in range(1, 5):
        yield Clip("whispered", n, (said(n + 1, effects=(("whisper", {}),)),), form=("wav16", "ulaw")[n % 2])
    for n, drive in enumerate((20, 25, 30, 30), 1):
        harsh = (("clipped", {"drive": drive}), ("telephone", {}))
        yield Clip("clipped", n, (said(n + 2),), harsh, condition=f"{drive} dB over")
    for n, (rt60, direct) in enumerate(((0.8, 0), (1.0, 0), (1.2, -3), (1.5, -6)), 1):
        room = (("reverberant", {"rt60": rt60, "direct": direct}), ("telephone", {}))
        yield Clip("reverberant", n, (said(n + 4),), room, condition=f"RT60 {rt60} s")
    for n, (share, silent) in enumerate(((0.1, False), (0.2, False), (0.3, False), (0.2, True), (0.3, True)), 1):
        bad = (("telephone", {}), ("lossy", {"rate_lost": share, "silent": silent}))
        yield Clip(
            "packet-loss", n, (said(n + 3),), bad, condition=f"{100 * share:.0f} % lost{', silent' if silent else ''}"
        )
    for n in range(1, 5):
        yield Clip("narrow-band", n, (said(n + 5),), (("band", {"low": 300, "high": 2000}),), condition="300-2000 Hz")
    for n, through in enumerate(
        (("gsm", "amr", "mulaw"), ("amr", "gsm"), ("mp3", "gsm", "amr"), ("gsm", "gsm", "gsm")), 1
    ):
        yield Clip("codec-chain", n, (said(n + 6),), (("chain", {"through": through}),), ("ulaw", "amr")[n % 2], condition=" → ".join(through))  # fmt: skip
    for n in range(1, 4):
        yield Clip("inverted-spectrum", n, (said(n),), (("telephone", {}), ("inverted", {})), "wav8")
    for n, share in enumerate((0.2, 0.4, -0.4), 1):
        yield Clip("direct-current", n, (said(n + 3),), (("telephone", {}), ("offset", {"share": share})), "wav8", -1.0)


def _fast() -> Iterator[Clip]:
    for n, how in enumerate(({"warp": 1.5}, {"tempo": 1.5}, {"warp": 1.5}, {"tempo": 1.7}), 1):
        yield Clip("sped-up", n, (said(n, **how),), condition=str(how))
    for n, how in enumerate(({"warp": 0.7}, {"tempo": 0.7}, {"warp": 0.7}, {"tempo": 0.6}), 1):
        yield Clip("slowed", n, (said(n + 4, **how),), condition=str(how))
    for n, (text, speaker) in enumerate(
        (("spell-1", SPEAKERS[1]), ("spell-2", SPEAKERS[2]), ("spell-1", SPEAKERS[4]), ("spell-2", SPEAKERS[3])), 1
    ):
        yield Clip("fast-spelling", n, (by(speaker, text, rate=1.3, without_pauses=True),), condition="no pauses")
    for n, speaker in enumerate((SPEAKERS[0], SPEAKERS[2], SPEAKERS[3]), 1):
        yield Clip(
            "without-a-pause", n, (by(speaker, "run-1", rate=1.1, without_pauses=True),), form=("ulaw", "mp3")[n % 2]
        )
    for n, pitch in enumerate((1.35, 1.5, 0.8, 0.72), 1):
        part = Part(f"en-{n + 3}", ("kokoro/af_bella", JOE, "kokoro/bm_george", JOE)[n - 1], pitch=pitch)
        yield Clip("high-or-low-pitch", n, (part,), condition=f"pitch and formants times {pitch}")


def _odd() -> Iterator[Clip]:
    for n in range(1, 5):
        yield Clip("cut-edges", n, (said(n + 1, cut=True),))
    for n in range(1, 3):
        yield Clip("backwards", n, (said(n + 1),), judged=False)
    for n in range(1, 9):
        yield Clip(CONTROL, n, (said(n),))


def _imported() -> Iterator[Clip]:
    for n, how in enumerate(
        ("shift 0.2", "shift 0.4", "shift 0.8", "shift -0.4", "drift 0.03", "drift 0.05", "drift -0.04"), 1
    ):
        yield Clip("import-shifted", n, (said(n),), transcript=how, condition=how)
    for n, how in enumerate(("untimed 3", "untimed 1", "untimed 6", "instant 3"), 1):
        yield Clip("import-untimed", n, (said(n + 4),), transcript=how, condition=how)


def _brief() -> Iterator[Clip]:
    """What the test run hears: one or two of the main classes each, 8 s at most."""
    small: dict[str, Any] = {"brief": True}
    yield Clip("faint-pcm", 1, (brief(0),), form="wav8", peak=-60, floor=-98, **small)
    yield Clip("faint-mulaw", 1, (brief(1),), peak=-55, floor=-98, **small)
    yield Clip("faint-second-voice", 1, (plain(2), brief(3, gain=-38)), form="wav8", floor=-92, hostile=(1,), **small)
    yield Clip("spanish", 1, (Part("brief-es", SPANISH[0]),), **small)
    yield Clip("french", 1, (Part("brief-fr", FRENCH),), **small)
    yield Clip("keyed-digits", 1, (by(OPERATOR, "plain-4"), Part(NUMBERS[0], kind="keys", keys=SPEEDS[1])), hostile=(1,), **small)  # fmt: skip
    yield Clip("keyed-faint", 1, (by(OPERATOR, "plain-4"), Part(NUMBERS[1], kind="keys", keys=SPEEDS[3], gain=-30)), form="wav8", floor=-80, hostile=(1,), **small)  # fmt: skip
    yield Clip("two-at-once", 1, (brief(1), brief(4, at=0.2)), hostile=(0, 1), **small)
    yield Clip("noise", 1, (brief(2),), (("noise", {"kind": "street", "snr": -3}), ("telephone", {})), **small)
    yield Clip("whispered", 1, (brief(3, effects=(("whisper", {}),)),), **small)
    yield Clip("stereo-one-faint", 1, (plain(2), brief(0, at=0.5, gain=-45, channel=1)), form="wav-stereo", floor=-92, channels=2, hostile=(1,), **small)  # fmt: skip
    yield Clip("import-shifted", 1, (brief(1),), transcript="shift 0.4", **small)
    yield Clip("import-untimed", 1, (brief(3),), transcript="untimed 2", **small)
    yield Clip(CONTROL, 1, (brief(0),), **small)
