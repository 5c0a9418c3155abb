"""Everything that can go wrong, as one tree; each class says its exit code and what the user can do next.

    RedactorError                     70  a fault of this program
    ├── InputError                    65  the recording cannot be used
    │   ├── EmptyAudio                    no bytes, or no samples
    │   ├── UnsupportedAudio              not audio, or a codec nothing here can read
    │   ├── DamagedAudio                  the decoder stopped, or lengths disagree
    │   ├── LimitExceeded                 larger or longer than the limits allow
    │   ├── RefusedInput                  a path outside the configured folders, a link, a device, a hostile name
    │   ├── DecoderStopped                the sandboxed decoder crashed, or ran out of time or memory
    │   └── TranscriptError               a supplied transcript cannot be read or does not fit the recording
    ├── NoInput                       66  missing path, unreadable file, folder without audio
    ├── ModelUnavailable              69  no checkpoint, no network, or a checkpoint that does not load
    ├── ClusterUnavailable            69  the cluster does not answer, or no machine of it is left
    ├── RecognitionFailed             70  the speech engine failed on this recording
    ├── DetectionFailed               70  the PHI detector failed on this recording
    ├── CrashedRepeatedly             70  runs ended, killed, while they were at this recording
    ├── OutputError                   73  an output cannot be created
    │   ├── OutOfSpace                74  the disk is full (or another input/output error)
    │   └── InUse                     75  another run writes to the same place
    ├── Busy                          75  not now: the queue is full, or what is needed is not there yet
    │   └── OnHold                        a person must see to something first; it waits for that
    ├── Damaged                       76  what was kept is not what was written: changed, cut, or lost
    │   ├── TrailDamaged                  the audit trail does not verify
    │   └── VaultDamaged                  something sealed does not open, or is not what its name says
    ├── Refused                       77  not allowed: a legal hold, a key that does not fit, somebody without the right
    ├── ConfigurationError            78  a policy or an option that cannot be honoured
    └── Quarantine                     3  doubt: nothing that looks redacted may be written
        ├── UntranscribedSpeech           speech was heard that no word stands for
        ├── NotUnderstood                 what was recognised is not what was said: noise, another language, two voices
        ├── UnlocatedFinding              PHI was found that has no place in the audio
        └── VerificationHit               the redacted audio, recognised again, still says PHI

Exit codes follow sysexits.h where it has one. Messages and hints carry ids, numbers and format names; never spoken
text, file names or paths, since both reach logs (a caller's number is a common file name).
"""

from __future__ import annotations

import errno

TYPE_CHECKING = False  # importing typing would be a fifth of what a call of the hook costs
if TYPE_CHECKING:
    from typing import ClassVar


class RedactorError(Exception):
    """Base of the tree.

    Args:
        message: what happened, in one sentence without PHI.
        hint: what the user can do next; overrides the class's own.
    """

    exit_code: ClassVar[int] = 70
    reason: ClassVar[str] = "internal-error"
    default_hint: ClassVar[str] = (
        "Run it again; if it happens again, report the reason and the version (never the audio)."
    )

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword-only arguments do not pickle by themselves; decoders may run in another process.
        return _rebuild, (type(self), self.message, self.hint)


def _rebuild(kind: type[RedactorError], message: str, hint: str) -> RedactorError:
    return kind(message, hint=hint)


class InputError(RedactorError):
    """The recording cannot be used."""

    exit_code = 65
    reason = "bad-input"
    default_hint = "Check the recording in an audio player; export it again from the phone system."


class EmptyAudio(InputError):
    """No bytes, or no samples."""

    reason = "empty-audio"
    default_hint = "The caller may have hung up at once, or the recording was still being written: try again later."


class UnsupportedAudio(InputError):
    """Not audio, or a codec that neither soundfile nor PyAV reads."""

    reason = "unsupported-audio"
    default_hint = "Convert it to WAV; for headerless telephone audio name the format (for example --raw ulaw)."


class DamagedAudio(InputError):
    """The decoder stopped early, or the decoded length disagrees with what the container says."""

    reason = "damaged-audio"
    default_hint = "The file is cut short or corrupt: export it again from the phone system."


class LimitExceeded(InputError):
    """Larger or longer than the limits allow."""

    reason = "limit-exceeded"
    default_hint = "Split the recording, or raise the limit if this machine has the memory."


class RefusedInput(InputError):
    """A path outside the configured folders, one with a link in it, a device, or a hostile name."""

    reason = "refused-input"
    default_hint = "Give a regular file below one of the folders that the settings name, without links on the way."


class DecoderStopped(InputError):
    """The sandboxed decoder crashed, or ran out of time or memory."""

    reason = "decoder-stopped"
    default_hint = "Convert the recording to WAV with a tool you trust and try that; the file may be an attack."


class TranscriptError(InputError):
    """A supplied transcript cannot be read or does not fit its recording."""

    reason = "bad-transcript"
    default_hint = (
        "Export the transcript again with word times, or leave --transcript out to recognise the speech here."
    )


class NoInput(RedactorError):
    """A path is missing or unreadable, or a folder holds no audio."""

    exit_code = 66
    reason = "no-input"
    default_hint = "Check the path and its permissions."


class ModelUnavailable(RedactorError):
    """No checkpoint, no network, or a checkpoint that does not load."""

    exit_code = 69
    reason = "model-unavailable"
    default_hint = "Run `redactor models list` to see what is here, `redactor models get NAME` to download one."


class ClusterUnavailable(RedactorError):
    """The cluster does not answer, or no machine of it is left."""

    exit_code = 69
    reason = "cluster-unavailable"
    default_hint = "See `ray status` on the cluster's head; run the same command with --resume to go on."


class RecognitionFailed(RedactorError):
    """The speech engine failed on this recording."""

    reason = "recognition-failed"


class DetectionFailed(RedactorError):
    """The PHI detector failed on this recording."""

    reason = "detection-failed"


class CrashedRepeatedly(RedactorError):
    """Runs ended, killed, while they were at this recording: it is set aside so that it does not end the next one as
    well.
    """

    reason = "crashed-repeatedly"
    default_hint = "Look at this recording by itself; --retry-failed tries it again."


class OutputError(RedactorError):
    """An output cannot be created."""

    exit_code = 73
    reason = "cannot-write"
    default_hint = "Choose an --out folder that exists or can be made, and that you may write to."


class OutOfSpace(OutputError):
    """The disk is full, or another input/output error happened while writing."""

    exit_code = 74
    reason = "out-of-space"
    default_hint = "Free some space and run the same command again: finished recordings are not redone."


class InUse(OutputError):
    """Another run writes to the same place."""

    exit_code = 75
    reason = "in-use"
    default_hint = "Wait until the other run has ended, or choose another --out folder."


class Busy(RedactorError):
    """Not now: the queue is full, or what is needed is not there yet."""

    exit_code = 75
    reason = "busy"
    default_hint = "Try again in a minute; nothing was lost."


class OnHold(Busy):
    """A person must see to something first. What waits for that is tried again and never given up."""

    reason = "on-hold"
    default_hint = "It goes on by itself once that is done."


class Damaged(RedactorError):
    """What was kept is not what was written: changed, cut, or lost."""

    exit_code = 76
    reason = "damaged"
    default_hint = "Keep everything as it is for the investigation, and compare it with a copy kept elsewhere."


class TrailDamaged(Damaged):
    """The audit trail does not verify."""

    reason = "trail-damaged"
    default_hint = (
        "Run `redactor log verify`; keep the folder for the investigation, and begin a new trail in another one."
    )


class VaultDamaged(Damaged):
    """Something sealed does not open, or is not what its name says."""

    reason = "vault-damaged"
    default_hint = "Restore it from a backup of the vault; what was cut or changed is never given out in part."


class Refused(RedactorError):
    """Not allowed: a legal hold, a key that does not fit, somebody without the right."""

    exit_code = 77
    reason = "refused"
    default_hint = "Ask whoever holds the key or the right for it."


class ConfigurationError(RedactorError):
    """A policy or an option that cannot be honoured."""

    exit_code = 78
    reason = "bad-configuration"
    default_hint = "See `redactor --help`; docs/configuration.md describes policies and settings."


class Quarantine(RedactorError):
    """Doubt: nothing that looks redacted may be written."""

    exit_code = 3
    reason = "quarantined"
    default_hint = "A person must listen to this recording."


class UntranscribedSpeech(Quarantine):
    """Speech was heard that no word stands for."""

    reason = "untranscribed-speech"
    default_hint = "A person must listen; a larger --model may hear it, or --unheard bleep covers it."


class NotUnderstood(Quarantine):
    """Sound that recognition made no sense of, or little: nothing, noise, another language, several voices."""

    reason = "not-understood"
    default_hint = "A person must listen; a larger --model (multilingual for other languages) may understand it."


class UnlocatedFinding(Quarantine):
    """PHI was found in the text that has no place in the audio."""

    reason = "unlocated-finding"


class VerificationHit(Quarantine):
    """The redacted audio, recognised again, still says PHI."""

    reason = "verification-hit"


def as_redactor_error(error: Exception, stage: str) -> RedactorError:
    """Any exception as one of the tree. Foreign messages are dropped: they may quote speech or paths."""
    if isinstance(error, RedactorError):
        return error
    if isinstance(error, MemoryError):
        return LimitExceeded("There was not enough memory for this recording.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutOfSpace("The disk is full.")
    if isinstance(error, PermissionError | FileNotFoundError):
        return NoInput("The file cannot be read.")
    return RedactorError(f"Unexpected {type(error).__name__} while trying to {stage}.")
