"""Review of an archive run on this machine (`redactor review ARCHIVE --out OUT`), for one person, without accounts.

`run` what the run and its ledger say about the recordings, `files` their places and the sealed plans, `recordings`
finds them and writes what a person has corrected, `bootstrap` puts it together. Recognising them when they are opened,
and releasing them, is the same as in the service (`review.preparation`, `review.releases`).

State is kept in `OUT/.redactor-review` (mode 0700): the database, redacted versions, sealed plans, the audit log. The
key of the plans and typed texts is not there but in the person's own folder, so that a copy of OUT, which people pass
on, reveals no covered word. Originals are not copied: they are read from the archive, by their SHA-256.
"""
