"""``python -m heartfeat``"""

from heartfeat.cli import main

main()
