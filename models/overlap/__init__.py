"""How models/voicemail-overlap is made: voices mixed with each other and with noise → a small network → ONNX."""
