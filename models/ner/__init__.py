"""How models/voicemail-ner is made: generate → train → evaluate → package."""
