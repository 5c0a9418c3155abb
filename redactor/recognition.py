"""A recording → Speech, with any transcriber: keyed digits and silence are judged here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from redactor.audio import codec_floor, recognition_audio, same_as
from redactor.speech import Transcriber, key_tones, loudest
from redactor.types import KeyTone, Recording, Speech, Unheard

BESIDE = 0.1  # seconds around keyed digits in which their tones rise and fall


def listen(
    recording: Recording,
    transcriber: Transcriber,
    cpu_semaphore: AbstractContextManager[Any] | None = None,
    *,
    hotwords: str | None = None,
) -> Speech:
    """Recognise each channel once and find keypad tones; channels with the same sound share one transcript.

    hotwords: words to expect in this recording.
    """
    with cpu_semaphore or nullcontext():
        twins = same_as(recording)
        heard = sorted(set(twins))
        channels = [recognition_audio(recording, c) for c in heard]
        # Twins as well: sound too faint to tell two channels apart can still be keys.
        by_channel = dict(zip(heard, channels, strict=True))
        tones = tuple(
            KeyTone(c, start, end)
            for c in range(recording.channels)
            for start, end in key_tones(by_channel[c] if c in by_channel else recognition_audio(recording, c))
        )
    biased = {"hotwords": hotwords} if hotwords else {}
    speech = transcriber.transcribe(channels, recording_id=recording.id, **biased)
    if not any(transcript.words for transcript in speech.transcripts):
        with cpu_semaphore or nullcontext():
            speech = replace(speech, unheard=(*speech.unheard, *_nothing(recording, heard, channels, tones)))
    # The transcriber counts the channels it was given; put the recording's own numbers back.
    return replace(
        speech,
        transcripts=tuple(replace(t, channel=heard[t.channel]) for t in speech.transcripts),
        unheard=tuple(replace(u, channel=heard[u.channel]) for u in speech.unheard),
        same_as=twins,
        key_tones=tones,
    )


def _nothing(
    recording: Recording, numbers: Sequence[int], channels: Sequence[Any], tones: Sequence[KeyTone]
) -> Iterator[Unheard]:
    """Channels that are not silent, of a recording without any word. Keyed digits are ignored: they are understood.

    `numbers`: the channels' numbers in the recording.
    """
    floor = codec_floor(recording.format.codec)
    for number, channel in enumerate(channels):
        keyed = [(tone.start - BESIDE, tone.end + BESIDE) for tone in tones if tone.channel == numbers[number]]
        if loudest(channel, without=keyed) > floor:
            yield Unheard(number, 0.0, recording.duration, "nothing")
