"""Natural voices: Kokoro-82M and the Piper voice "joe", with word times by forced alignment.

Both run in a tool environment of their own (`python -m models.tts.natural.setup` makes it), driven through a pipe, so
that nothing of them is imported here or is a dependency of the product. `models.tts.say` is the way in:
"kokoro/af_bella", "piper/joe".
"""
