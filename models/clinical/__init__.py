"""How models/voicemail-clinical is made: labelled texts, training, packaging, evaluation."""
