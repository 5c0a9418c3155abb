"""`--cluster`: the same run on many machines, through Ray. They share a file system: recordings are read from it,
artefacts written to it.

One process of `redactor redact` (the driver) does the same as without a cluster: it lists the inputs, owns the journal,
prints, writes the summary. Each machine (or each of its GPUs) gets one actor, `worker.Worker`, which keeps the models
and streams its recordings through the same `Pipeline.run`, many at once, so that batches fill across files there too.

The journal's decisions need one place: a file is read and hashed on the machine that works on it, and only then can
duplicates be seen. So the journal stays with the driver, and worker and driver talk in *exchanges*: one call that
brings new items and answers, and takes back questions and results (`messages`).

    driver   journal.known(item) ─────▶ AssignedItem(item, known) ─────▶ worker   reads, hashes
             journal.begin(claim) ◀──── asked: Claim              ◀──────         waits in Pipeline.process
             PROCEED/SETTLED/WAIT ────▶ answer                    ──────▶         works, saves to the shared disk
             journal.finish       ◀──── done: Outcome             ◀──────

One call per worker is always open and returns when there is something to report, so a question costs a round trip of
some milliseconds in one of many threads, nothing calls back into the driver, and all state is in the driver
(`schedule`) and on the disk. A worker has as many items as its pipeline has threads, and a few more: memory does not
grow with the archive.

**A machine that fails** takes nothing with it: saves are atomic, the document comes last, and its items go to others.
An item that was begun when its worker ended is suspect, though: it is tried again at the end, alone in a worker, and
set aside after `tries` ends. The journal's claim on it stays with the driver, which answers the second worker's
question from it.

**What Ray gets to see.** Every message is sealed with AES-GCM. The key is a file in the --out folder (mode 0600, gone
after the run) that the machines read from the shared disk: it never goes through Ray. In clear are the path of --out,
counts, sizes and times. Names of tasks and actors are Ray's own; the command line, which Ray would record as the job's
entry point, is hidden from it; worker output is not forwarded. Token authentication is always on (`connect`): a cluster
that accepts callers without a token is refused.

Why a plain pool of actors, and not Ray Data: blocks of a data set cannot ask questions, a lost block is repeated as a
whole, and Ray Data needs pandas and pyarrow. benchmarks/cluster.py measures what Ray costs against the local pool.
"""

from redactor.cluster.connect import joined

__all__ = ["joined"]
