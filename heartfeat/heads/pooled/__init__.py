"""The parts of the neural heads on pooled features."""
