"""`--cluster`: the same run on many machines, through Ray. They share a file system: recordings are read from it,
artefacts written to it.

One process of `redactor redact` stays what it is alone: it lists the inputs, owns the journal, prints, writes the
summary. Each machine
(or each of its GPUs) gets one actor: `worker.Worker`, which keeps the models and streams its recordings through the
very same
`Pipeline.run`, many at once, so that batches fill across files there too.

The question is where the journal's decisions are made, since a file is read and hashed on the machine that will work on
it, and only then can duplicates be seen. Here the journal stays with the driver, and worker and driver talk in
*exchanges*: one call that brings new items and answers, and takes back questions and results (`messages`).

    driver   journal.known(item) ─────▶ Given(item, known) ─────▶ worker   reads, hashes
             journal.begin(claim) ◀──── asked: Claim      ◀──────          waits in Pipeline.process
             PROCEED/SETTLED/WAIT ────▶ answer            ──────▶          works, saves to the shared disk
             journal.finish       ◀──── done: Outcome     ◀──────

A call is out at each worker all the time and comes back when there is something to say, so a question costs a round
trip of some milliseconds in one of many threads, nothing calls back into the driver, and no state lives anywhere but in
the driver (`schedule`) and on the disk. A worker has as many items as its pipeline has threads, and a few more: memory
does not grow with the archive.

**A machine that dies** takes nothing with it: saves are atomic, the document comes last, and what was under way there
goes to others. It is
under suspicion, though: an item that was begun when its worker ended is taken up again at the end, alone in a worker,
and set
aside after `tries` ends. The claim that it holds in the journal stays the driver's; the second worker's question is
answered from it.

**What Ray gets to see.** Every message is sealed with AES-GCM; the key is a file in the --out folder (mode 0600, gone
after the run), which
the machines read from the shared disk: it never goes through Ray. In clear are the path of --out, counts, sizes and
times. Names of tasks and
actors are Ray's own; the command line, which Ray would note as the job's entry point, is hidden from it; worker output
is not
forwarded. Token authentication is always on (`connect`): a cluster that lets in callers without a token is refused.

A plain actor pool and not Ray Data: blocks of a data set know nothing of questions and answers, a block that is lost is
done over as a
whole, and it would need pandas and pyarrow as well. benchmarks/cluster.py measures what Ray costs against the local
pool.
"""

from redactor.cluster.connect import joined

__all__ = ["joined"]
