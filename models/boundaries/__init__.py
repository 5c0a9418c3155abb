"""Makes models/voicemail-boundaries: word edges from the states of Whisper's encoder (`redactor.speech.boundaries`)."""
