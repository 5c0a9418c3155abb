"""The measurement before a large archive: it chooses by its measurements, and within its time."""

from types import SimpleNamespace

import pytest

from redactor.errors import RecognitionFailed
from redactor.speech import WhisperEngine, load_transcriber, resolve
from redactor.speech.probe import arrange


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The probe's clock, which only simulated work advances: the machine's load changes no choice."""
    made = SimpleNamespace(spent=[])
    told = SimpleNamespace(perf_counter=lambda: sum(made.spent), monotonic=lambda: sum(made.spent))
    monkeypatch.setattr("redactor.speech.probe.time", told)
    return made


class Rehearsed:
    """Pretends to take so many seconds for a window."""

    def __init__(
        self, workers: int, threads: int, *, cost: dict[int, float], most: int = 1000, clock: SimpleNamespace
    ) -> None:
        self.workers, self.threads, self._cost, self._most = workers, threads, cost, most
        self.clock = clock
        self.sizes: list[int] = []

    def rehearse(self, windows: int) -> None:
        self.sizes.append(windows)
        if windows > self._most:
            raise RecognitionFailed("out of memory")
        self.clock.spent.append(self._cost[self.threads] * (0.5 if windows == 16 else 1.0) * windows)


def test_takes_the_fastest_split(clock: SimpleNamespace) -> None:
    cost = {1: 0.004, 2: 0.001, 4: 0.004}
    engine, chosen = arrange(lambda w, t: Rehearsed(w, t, cost=cost, clock=clock), device="cpu", cores=4)
    assert (chosen.workers, chosen.threads, chosen.batch_size) == (2, 2, 4)
    assert engine.threads == 2


def test_takes_a_larger_batch_on_a_gpu_only_if_it_is_clearly_better(clock: SimpleNamespace) -> None:
    _, same = arrange(lambda w, t: Rehearsed(w, t, cost={0: 0.001}, most=16, clock=clock), device="cuda", cores=4)
    assert same.batch_size == 16

    class Better(Rehearsed):
        def rehearse(self, windows: int) -> None:
            super().rehearse(windows)
            self.clock.spent[-1] /= windows  # the larger, the faster

    _, large = arrange(lambda w, t: Better(w, t, cost={0: 0.001}, clock=clock), device="cuda", cores=4)
    assert large.batch_size == 128


def test_stays_within_the_gpus_memory(clock: SimpleNamespace) -> None:
    made: list[Rehearsed] = []

    def load(workers: int, threads: int) -> Rehearsed:
        made.append(Rehearsed(workers, threads, cost={0: 0.0005}, most=32, clock=clock))
        return made[-1]

    _, chosen = arrange(load, device="cuda", cores=8)
    assert chosen.batch_size == 16
    assert made[0].sizes[-1] == 64  # tried, refused, and not asked again


def test_stops_when_time_is_up(monkeypatch: pytest.MonkeyPatch, clock: SimpleNamespace) -> None:
    monkeypatch.setattr("redactor.speech.probe.SECONDS", 0.0)
    _, chosen = arrange(lambda w, t: Rehearsed(w, t, cost={1: 0.001, 2: 0.0001}, clock=clock), device="cpu", cores=2)
    assert (chosen.workers, chosen.threads, chosen.batch_size) == (2, 1, 4)


def test_the_real_engine_rehearses(micro: WhisperEngine) -> None:
    micro.rehearse(3)


def test_a_probed_transcriber_works(voicemail) -> None:
    recognizer = load_transcriber(resolve("voicemail-micro"), device="cpu", probe=True, beam_size=1)
    assert recognizer.in_flight >= 4
    assert recognizer.transcribe([voicemail], recording_id="0" * 64).transcripts[0].words
