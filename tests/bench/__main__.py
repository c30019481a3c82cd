"""`python tests/bench`: how fast the dashboard is, beside other programs on the same machine at the same time."""

import sys
from pathlib import Path


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from bench.command import bench

    bench(prog_name="dev.py bench")


if __name__ == "__main__":
    main()
