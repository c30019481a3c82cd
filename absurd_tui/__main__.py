"""Run the program: `python -m absurd_tui`."""

from absurd_tui.cli import main

if __name__ == "__main__":
    main()
