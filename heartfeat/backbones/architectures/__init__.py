"""Encoders that are written here, each in the style of transformers: a config, a model, save_pretrained."""
