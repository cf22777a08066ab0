"""The processes' words: one file each, cut before it grows too large, shown together."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

SIZE_BYTES = 10_000_000


def rotate(folder: Path) -> None:
    """Move the content of each file that has grown too large to `<name>.log.1`.

    Processes append to an open file, so it is emptied in place: the next line begins it anew.
    """
    for file in folder.glob("*.log"):
        if file.stat().st_size > SIZE_BYTES:
            shutil.copyfile(file, file.with_name(f"{file.name}.1"))
            with file.open("r+") as emptied:
                emptied.truncate(0)


def begin_anew(folder: Path) -> None:
    """Move every file of an earlier start to `<name>.log.1`."""
    for file in folder.glob("*.log"):
        file.replace(file.with_name(f"{file.name}.1"))


def tail(file: Path, lines: int) -> list[str]:
    """Return the last lines of a file; none if it does not exist."""
    if not file.exists():
        return []
    with file.open("rb") as content:
        content.seek(max(0, file.stat().st_size - 64_000))
        return content.read().decode(errors="replace").splitlines()[-lines:]


def follow(files: list[Path]) -> Iterator[tuple[str, str]]:
    """Yield (name, line) as lines are written, for ever."""
    places = {file: file.stat().st_size if file.exists() else 0 for file in files}
    rests = dict.fromkeys(files, "")
    while True:
        is_quiet = True
        for file in files:
            size = file.stat().st_size if file.exists() else 0
            if size < places[file]:
                places[file] = 0
            if size == places[file]:
                continue
            is_quiet = False
            with file.open("rb") as content:
                content.seek(places[file])
                new = content.read(1_000_000)
            places[file] += len(new)
            *whole, rests[file] = (rests[file] + new.decode(errors="replace")).split("\n")
            for line in whole:
                yield file.stem, line
        if is_quiet:
            time.sleep(0.2)
