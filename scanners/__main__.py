"""`python -m scanners TEXT --keys FILE`: judge a label text offline, with a list of public keys and nothing else.

Exit code 0 for a genuine label, 1 for anything else, 2 for a wrong command or key list.
"""

import argparse
import sys
from pathlib import Path

from scanners.reading import ScanError
from scanners.signed import read_keys, verify_label
from scanners.text import read_text


def main(arguments: list[str] | None = None) -> int:
    """Say in one sentence what the text turned out to be; return the exit code."""
    wanted = argparse.ArgumentParser(prog="python -m scanners", description="Judge a label text offline.")
    wanted.add_argument("text", help="the text of the QR symbol, exactly as it was scanned; - reads it from the input")
    wanted.add_argument("--keys", type=Path, required=True, help="the list that coi label-keys prints")
    told = wanted.parse_args(arguments)
    try:
        text = sys.stdin.readline() if told.text == "-" else told.text
        verdict = verify_label(read_text(text, via="api").text, read_keys(told.keys.read_text("utf-8")))
    except (ScanError, OSError, UnicodeDecodeError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.stdout.write(f"{verdict.sentence}\n")
    return 0 if verdict.genuine else 1


if __name__ == "__main__":
    raise SystemExit(main())
