"""`redactor serve`: redacts the recordings that telephone systems report, with a model that stays loaded, and loses
none.

app: everything put together · worker: queue ⇄ pipeline · job_handler: what the service does with a job besides ·
ingest/: how recordings get into the queue, and their bytes · jobs/: the queue in SQLite or PostgreSQL, callbacks,
locks · results: the artefacts on the disk · in_place_redaction, in_place_write, replacement_records, other_formats:
replacing originals · api/: HTTP · metrics · periodic: periodic tasks · deploy/: systemd, Asterisk, FreeSWITCH, Twilio.
"""
