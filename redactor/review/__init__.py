"""The review web: people judge sent messages, with evidence. `store` and `judgments` keep what is known and said,
`studio` makes versions, `routes/` shows them, `access/` says who may; words and sound of originals come from the vault
alone.
"""
