"""All errors as one tree; each class has an exit code, a reason and a hint that says what to do next.

    RedactorError                     70  a bug in this program
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
    ├── CrashedRepeatedly             70  earlier runs were killed while they processed this recording
    ├── OutputError                   73  an output cannot be created
    │   ├── OutOfSpace                74  the disk is full (or another input/output error)
    │   └── InUse                     75  another run writes to the same place
    ├── Busy                          75  try again later: the queue is full, or something needed is not there yet
    │   └── OnHold                        a person must do something first; the work waits for it
    ├── Damaged                       76  stored data is not as it was written: changed, cut, or lost
    │   ├── TrailDamaged                  the audit log does not verify
    │   └── VaultDamaged                  a sealed item does not open, or is another one than its name says
    ├── Refused                       77  not allowed: a legal hold, a wrong key, a missing permission
    ├── ConfigurationError            78  an option, a setting or a policy that is not valid
    └── Quarantine                     3  in doubt, no output is written
        ├── UntranscribedSpeech           speech was heard that no word stands for
        ├── NotUnderstood                 recognition failed: noise, another language, several voices
        ├── TooDoubtful                   more doubt is left than the policy accepts
        ├── UnlocatedFinding              PHI was found in the text, but not located in the audio
        └── VerificationHit               PHI was heard when the redacted audio was recognised again

Exit codes follow sysexits.h where it has one. Messages and hints carry ids, numbers and format names; never spoken
text, file names or paths, since both reach logs (a caller's number is a common file name).
"""

from __future__ import annotations

import errno

TYPE_CHECKING = False  # importing typing would take a fifth of the hook's time
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, ClassVar


class RedactorError(Exception):
    """Base of the tree.

    Args:
        message: what happened, in one sentence without PHI.
        hint: what the user can do next; overrides the class's own.
    """

    exit_code: ClassVar[int] = 70
    reason: ClassVar[str] = "internal-error"
    default_hint: ClassVar[str] = (
        "Run the command again; if the error repeats, report it with `redactor version` (and never with the audio)."
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
    default_hint = "The caller may have hung up at once, or the recording is still being written: try again later."


class UnsupportedAudio(InputError):
    """Not audio, or a codec that neither soundfile nor PyAV reads."""

    reason = "unsupported-audio"
    default_hint = "Convert it to WAV; for headerless telephone audio give its format, for example --raw ulaw."


class DamagedAudio(InputError):
    """The decoder stopped early, or the decoded length disagrees with what the container says."""

    reason = "damaged-audio"
    default_hint = "The file is truncated or corrupt: export it again from the phone system."


class LimitExceeded(InputError):
    """Larger or longer than the limits allow."""

    reason = "limit-exceeded"
    default_hint = "Split the recording, or raise the limit if this machine has the memory."


class RefusedInput(InputError):
    """A path outside the configured folders or through a link, a device, or a hostile name."""

    reason = "refused-input"
    default_hint = "Give a regular file below one of the folders in service.roots, with no symbolic link in its path."


class DecoderStopped(InputError):
    """The sandboxed decoder crashed, or ran out of time or memory."""

    reason = "decoder-stopped"
    default_hint = "The file may be an attack. If you trust its source, convert it to WAV elsewhere and try again."


class TranscriptError(InputError):
    """A supplied transcript cannot be read or does not fit its recording."""

    reason = "bad-transcript"
    default_hint = "Export the transcript again with word times, or omit --transcript to recognise the speech here."


class NoInput(RedactorError):
    """A path is missing or unreadable, or a folder contains no audio."""

    exit_code = 66
    reason = "no-input"
    default_hint = "Check the path and its permissions."


class ModelUnavailable(RedactorError):
    """No checkpoint, no network, or a checkpoint that does not load."""

    exit_code = 69
    reason = "model-unavailable"
    default_hint = (
        "`redactor models list` shows the checkpoints on this machine; `redactor models get NAME` downloads one."
    )


class ClusterUnavailable(RedactorError):
    """The cluster does not answer, or no machine of it is left."""

    exit_code = 69
    reason = "cluster-unavailable"
    default_hint = "See `ray status` on the head of the cluster; the same command with --resume continues the run."


class RecognitionFailed(RedactorError):
    """The speech engine failed on this recording."""

    reason = "recognition-failed"


class DetectionFailed(RedactorError):
    """The PHI detector failed on this recording."""

    reason = "detection-failed"


class CrashedRepeatedly(RedactorError):
    """Earlier runs were killed while they processed this recording: it is set aside so that the next run can end."""

    reason = "crashed-repeatedly"
    default_hint = "Try this recording in a run of its own; --retry-failed includes it again."


class OutputError(RedactorError):
    """An output cannot be created."""

    exit_code = 73
    reason = "cannot-write"
    default_hint = "Choose an --out folder that you can create or write to."


class OutOfSpace(OutputError):
    """The disk is full, or another input/output error happened while writing."""

    exit_code = 74
    reason = "out-of-space"
    default_hint = "Free some space and run the same command again: finished recordings are not processed again."


class InUse(OutputError):
    """Another run writes to the same place."""

    exit_code = 75
    reason = "in-use"
    default_hint = "Wait until the other run has ended, or choose another --out folder."


class Busy(RedactorError):
    """Try again later: the queue is full, or something that is needed is not there yet."""

    exit_code = 75
    reason = "busy"
    default_hint = "Try again in a minute; nothing was lost."


class OnHold(Busy):
    """A person must do something first. Work that waits for it is tried again and never given up."""

    reason = "on-hold"
    default_hint = "It continues by itself afterwards."


class Damaged(RedactorError):
    """Stored data is not as it was written: changed, cut, or lost."""

    exit_code = 76
    reason = "damaged"
    default_hint = "Change nothing before the investigation; compare with a copy that was kept elsewhere."


class TrailDamaged(Damaged):
    """The audit log does not verify."""

    reason = "trail-damaged"
    default_hint = (
        "Run `redactor log verify`. Keep the folder for the investigation, and start a new log in another one."
    )


class VaultDamaged(Damaged):
    """A sealed item does not open, or is another one than its name says."""

    reason = "vault-damaged"
    default_hint = "Restore the item from a backup of the vault; damaged items are never opened in part."


class Refused(RedactorError):
    """Not allowed: a legal hold, a wrong key, a missing permission."""

    exit_code = 77
    reason = "refused"
    default_hint = "Ask the person who has the key or the permission."


class ConfigurationError(RedactorError):
    """An option, a setting or a policy that is not valid."""

    exit_code = 78
    reason = "bad-configuration"
    default_hint = "See the command's --help; docs/configuration.md describes policies and settings."


class Quarantine(RedactorError):
    """In doubt, no output is written.

    Args:
        stretches: where in the recording the doubt is (`types.WithheldStretch`).
    """

    exit_code = 3
    reason = "quarantined"
    default_hint = "A person must listen to this recording."

    def __init__(self, message: str, *, hint: str | None = None, stretches: Iterable[Any] = ()) -> None:
        super().__init__(message, hint=hint)
        self.stretches = tuple(stretches)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_quarantine, (type(self), self.message, self.hint, self.stretches)


def _rebuild_quarantine(kind: type[Quarantine], message: str, hint: str, stretches: tuple[Any, ...]) -> Quarantine:
    return kind(message, hint=hint, stretches=stretches)


class UntranscribedSpeech(Quarantine):
    """Speech was heard that no word stands for."""

    reason = "untranscribed-speech"
    default_hint = "A person must listen. A larger --model may recognise it; --unheard bleep covers it."


class NotUnderstood(Quarantine):
    """Recognition understood little or nothing: noise, another language, several voices."""

    reason = "not-understood"
    default_hint = "A person must listen. A larger --model (a multilingual one for other languages) may understand it."


class TooDoubtful(Quarantine):
    """What was recognised leaves more doubt than the policy accepts."""

    reason = "doubtful"
    default_hint = "A person must listen, or set a higher --max-doubt. A larger --model leaves less doubt."


class UnlocatedFinding(Quarantine):
    """PHI was found in the text, but not located in the audio."""

    reason = "unlocated-finding"


class VerificationHit(Quarantine):
    """PHI was heard when the redacted audio was recognised again."""

    reason = "verification-hit"


def as_redactor_error(error: Exception, stage: str) -> RedactorError:
    """Any exception as one of the tree. Messages of other libraries are dropped: they may quote speech or paths."""
    if isinstance(error, RedactorError):
        return error
    if isinstance(error, MemoryError):
        return LimitExceeded("There was not enough memory for this recording.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutOfSpace("The disk is full.")
    if isinstance(error, PermissionError | FileNotFoundError):
        return NoInput("The file cannot be read.")
    return RedactorError(f"Unexpected {type(error).__name__} while trying to {stage}.")
