"""The parts of the heads on pooled features."""
