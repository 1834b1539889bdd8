"""``python -m formwright``: the command line."""

from formwright.cli import main

if __name__ == "__main__":
    main()
