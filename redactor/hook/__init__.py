"""`redactor hook`: called by the telephone system when a message was left or sent. It records that durably and returns.

    telephone system ──calls──▶ hook ──ticket──▶ <spool>/new ──▶ serve: queue, worker, results
                                 └ validates: paths below the configured folders, no links, no devices

The package imports the standard library only (an import contract and a test check that): a call costs the start of an
interpreter and two flushes to the disk. A ticket names a file, or a mailbox that changed; only a mail's recording is
copied, since it may be the only copy. What the hook misses, the service's sweeper finds. No message repeats an
argument: file names hold callers' numbers.

arguments: the front ends · ticket: the document that is written, and its check when it is read · spool: where it is
written · mail: recordings in a MIME message · settings: the hook's part of the settings file · main: the command. Files
are opened by `redactor.safe_open`.
"""
