"""`python -m ilr_trainer`: the same as the command `ilr-trainer`."""

import sys

from ilr_trainer.cli import main

if __name__ == "__main__":
    sys.exit(main())
