"""The fake `JobHandler` of all tests that need a worker but no service."""

from collections.abc import Callable

from redactor.policy import Policy, load_policy


class FakeJobHandler:
    """Records every call as (method, job id) and does nothing else.

    Attributes:
        fails: errors to raise, by method.
        document: returns the document of the result at a target, as if it were unchanged; None if there is none.
        earlier: the answer of `earlier_result`.
        late: the answer of `learned_too_late`.
        repeats: the answer of `must_repeat`.
        notice: the answer of `withheld`.
    """

    def __init__(self, document: Callable = lambda _: None) -> None:
        self.calls: list[tuple[str, int]] = []
        self.states: list[str] = []
        self.fails: dict[str, Exception] = {}
        self.document, self.earlier, self.late, self.repeats = document, None, False, False
        self.notice = ""

    def _called(self, method, job):
        self.calls.append((method, job.id if job is not None else 0))
        if method in self.fails:
            raise self.fails[method]

    def policy(self, job) -> Policy:
        self._called("policy", job)
        return load_policy("deidentify")

    def received(self, job, source):
        self._called("received", job)

    def transcript(self, job, source_id):
        self._called("transcript", job)

    def context(self, job, source_id):
        self._called("context", job)

    def existing_result(self, job, target):
        self._called("existing_result", job)
        return self.document(target)

    def must_repeat(self, job, source_id):
        self._called("must_repeat", job)
        return self.repeats

    def before_save(self, job, source, recording, artefacts):
        self._called("before_save", job)

    def check_unchanged(self, job):
        self._called("check_unchanged", job)

    def saving(self, target, artefacts):
        self._called("saving", None)

    def complete(self, job, target, *, is_new):
        self._called("complete", job)

    def write_notice(self, job, target, outcome):
        return self.notice

    def withheld(self, job, target, outcome):
        self._called("withheld", job)
        return self.notice

    def forget_notice(self, target):
        self._called("forget_notice", None)

    def earlier_result(self, job):
        self._called("earlier_result", job)
        return self.earlier

    def learned_too_late(self, job, document):
        self._called("learned_too_late", job)
        return self.late

    def requeue(self, job):
        self._called("requeue", job)

    def unreadable(self, job):
        self._called("unreadable", job)

    def ended(self, job, state, outcome):
        self._called("ended", job)
        self.states.append(state)
