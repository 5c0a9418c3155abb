"""Recording → Transcript: the words of each channel with their times, and the sound without words.

The modules, in the order of the data:

    activity     a channel → where it has sound and speech (Silero VAD and a level meter)
    windows      activity → windows cut at pauses, short enough for the model
    engine       interfaces: WindowEngine, BatchEngine (a model), Transcriber (a recording → Speech)
    whisper      faster-whisper as an engine (loading: its model); gate: accepted results; alignment: tokens → words
    batcher      windows of many recordings → full batches; load: checkpoint → engine + batcher + recogniser
    second       the recogniser that transcribes the redacted audio, for --verify
    recognize    Recognizer: activity → windows → engine → words on the recording's clock → Speech
    coverage     sound without words → Unheard; overlap: where two people speak; understanding: words that are guesses
    dtmf         keypad tones (used by the pipeline with every Transcriber)
    imported     TranscriptReader: a Transcriber for imported transcripts; formats: parsers of other tools' files;
                 words_document: what `redactor transcribe` prints, given back corrected
    stored       Speech → bytes and back, for transcripts that are kept
    checkpoints  a model's name → a validated folder (folder); stock: the known ones; verify, digests
    hub          Hugging Face: cache and download; index: the package index; bundle: one file; snapshots: into the cache
    fake         stand-ins for tests and demonstrations

    transcriber = load_transcriber(resolve("small.en"), device="cpu")
    speech = transcriber.transcribe([mono], recording_id=recording.id)
"""

from __future__ import annotations

from .activity import VadOptions, loudest
from .batcher import Batcher
from .checkpoints import Checkpoint, Listed, list_checkpoints, resolve
from .decoding import DecodingOptions
from .device import pick_device
from .dtmf import key_tones
from .engine import BatchEngine, Prepared, Transcriber, WindowEngine
from .fake import FakeEngine, FakeTranscriber
from .imported import TranscriptReader
from .load import load_transcriber, usable_cores
from .loading import checkpoint_digest, expected_info
from .recognize import Recognizer
from .second import second_checkpoint, second_transcriber
from .stored import pack_speech, unpack_speech
from .whisper import WhisperEngine
from .words_document import WordsDocuments, words_document

__all__ = [
    "BatchEngine",
    "Batcher",
    "Checkpoint",
    "DecodingOptions",
    "FakeEngine",
    "FakeTranscriber",
    "Listed",
    "Prepared",
    "Recognizer",
    "Transcriber",
    "TranscriptReader",
    "VadOptions",
    "WhisperEngine",
    "WindowEngine",
    "WordsDocuments",
    "checkpoint_digest",
    "expected_info",
    "key_tones",
    "list_checkpoints",
    "load_transcriber",
    "loudest",
    "pack_speech",
    "pick_device",
    "resolve",
    "second_checkpoint",
    "second_transcriber",
    "unpack_speech",
    "usable_cores",
    "words_document",
]
