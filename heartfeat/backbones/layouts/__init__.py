"""How checkpoint files from elsewhere name their weights, and which of ours they are; one layout per file."""
