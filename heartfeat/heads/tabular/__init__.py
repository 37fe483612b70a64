"""The parts of the classical heads: one table of pooled features, metadata and quality figures for all of them."""
