"""Natural voices: Kokoro-82M and the Piper voice "joe", with word times by forced alignment.

Both run in an environment of their own (`python -m models.tts.natural.setup` makes it) and are driven through a pipe,
so that they are neither imported here nor dependencies of redactor. `models.tts.say` is the interface:
"kokoro/af_bella", "piper/joe".
"""
