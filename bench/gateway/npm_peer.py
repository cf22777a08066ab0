"""A peer from npm: what `bench/peers/package.json` names, installed anew for each run."""

import shutil
import subprocess
from pathlib import Path

PEERS = Path(__file__).parents[1] / "peers"
INSTALL_SECONDS = 180


def install(folder: Path) -> Path | None:
    """Return the peer's script beside its packages; None, with a line that says why, when it cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("Without fastify: install node and npm to measure it too (Debian: apt-get install nodejs npm).")
        return None
    place = folder / "peers"
    shutil.copytree(PEERS, place, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        print("Without fastify: npm took too long to fetch it.")
        return None
    if done.returncode:
        print(f"Without fastify: npm could not fetch it (it ended with {done.returncode}).")
        return None
    return place / "fastify_proxy.js"
