"""`redactor hook`: what the telephone system calls when a message was left or sent. Takes it down durably and returns.

    telephone system ──calls──▶ hook ──ticket──▶ <spool>/new ──▶ serve: queue, workers, results
                                 └ validates: paths below the configured folders, no links, no devices

Nothing here imports more than the standard library (an import contract and a test hold it): a call costs an
interpreter's start and two flushes to the disk. A ticket names a file, or a mailbox that changed; only a mail's
recording is copied, since nothing else has it. Whatever is missed here the service's sweeper finds. No text of a call
is repeated anywhere: names of files hold callers' numbers.

arguments: the front ends · ticket: what is written down, and how it is checked when it is read · spool: where · mail:
the recording in a
MIME message · settings: the part of the settings file that is needed here · main: the command. Files are opened by
`redactor.safe_open`.
"""
