"""The service's HTTP API: `webhooks` takes reports of recordings (Twilio, signed webhooks, S3 events), `status` shows
jobs and results, `app` puts them together, `listener` serves them.

No answer repeats any part of a request: bodies hold names and numbers, and answers reach other people's logs.
"""

from redactor.service.api.app import build_app
from redactor.service.api.listener import server_of

__all__ = ["build_app", "server_of"]
