"""Heads: from a patient's bag of cached features to class probabilities, one head per file."""
