"""The parts of the mambaformer head."""
