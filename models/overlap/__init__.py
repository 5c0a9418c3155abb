"""Makes models/voicemail-overlap: voices mixed with each other and with noise → a small network → ONNX."""
