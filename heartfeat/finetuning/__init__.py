"""Fine-tuning of backbones on a task's labels: a checkpoint in, a checkpoint that ``extract`` takes out."""
