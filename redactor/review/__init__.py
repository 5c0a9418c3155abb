"""The review pages: people check what the rules report about sent messages.

`repository` and `reviews` store messages and reviews, `versions` makes redacted versions, `routes/` shows them. Words
and audio of originals come only from the vault; `redactor.auth` decides who may do what.
"""
