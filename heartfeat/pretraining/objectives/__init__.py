"""What an encoder is trained to do, one objective per file."""
