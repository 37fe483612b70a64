"""Self-supervised training of backbones: recordings in, no labels read, a checkpoint that ``extract`` takes out."""
