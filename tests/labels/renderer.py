"""A printer that is not ours: ZPL drawn by a package of the npm registry, which shares nothing with our labels."""

import base64
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

FOLDER = Path(__file__).parent / "zpl"
DOTS_PER_MM = {203: 8, 300: 12, 600: 24}


class Renderer:
    """A running renderer: one line in, one line out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def draw(self, zpl: bytes, *, width: float, height: float, dpi: int) -> Image.Image:
        """Return what a printer would print, as a picture in greys."""
        job = {"zpl": zpl.decode("ascii"), "width": width, "height": height, "dpmm": DOTS_PER_MM[dpi]}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        drawn = self._process.stdout.readline()
        assert drawn, "the renderer ended"
        return Image.open(io.BytesIO(base64.b64decode(drawn))).convert("L")


@contextmanager
def running() -> Iterator[Renderer]:
    """Run the renderer for the block; skips where it is not installed."""
    if not shutil.which("node") or not (FOLDER / "node_modules").is_dir():
        pytest.skip("the ZPL renderer is not installed: npm ci --prefix tests/labels/zpl")
    command = ["node", "draw.cjs"]
    with subprocess.Popen(command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Renderer(process)
        process.kill()
