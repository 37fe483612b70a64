"""What the heads that are neural networks share."""
