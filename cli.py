"""Run heartfeat from a checkout without installing it: ``python cli.py extract ...``."""

from heartfeat.cli import main

if __name__ == "__main__":
    main()
