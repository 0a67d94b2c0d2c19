"""`python -m coi.cli` is `coi`."""

from coi.cli import main

if __name__ == "__main__":
    main()
