"""Rules for voicemails that staff have sent: what a message says more than it may, with the evidence.

    Transcripts + Findings + Circumstances (consents, lists) ──▶ Audited(kind, parts, breaches, verdict)

Nothing here says that a message is lawful: a rule is broken, or was not seen to be broken, or could not be judged.
"""
