"""`python tests/soak`: the program for many minutes, while one misfortune after the other befalls it."""

import sys
from pathlib import Path


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from soak.command import soak

    soak(prog_name="dev.py soak")


if __name__ == "__main__":
    main()
