AUDIO_SUFFIXES = (".wav", ".flac")
"""Of the sound files that are read."""
