"""`redactor serve`: takes down what telephone systems tell us of, redacts it with a model that stays loaded, and loses
nothing.

settings: one TOML file · service: everything put together · queue, database: jobs in SQLite or PostgreSQL · presence:
who is alive ·
intake, mailbox: how recordings get in · recordings, fetch: their bytes · crew: queue ⇄ pipeline · web/: HTTP ·
signatures · callbacks, outbox ·
metrics · loops · command: `redactor serve` and `redactor queue` · units/: systemd, Asterisk, FreeSWITCH, Twilio.
"""
