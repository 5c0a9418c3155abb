"""The review web: audited messages, heard and decided by people with a name, a role and a trail behind them."""
