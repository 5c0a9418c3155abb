"""Train a small Whisper-architecture recogniser from synthetic voicemails, one command per step (see ../README.md)."""
