"""Makes models/voicemail-ner: generate → train → evaluate → package."""
