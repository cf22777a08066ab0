"""A file that is written while it comes: counted and hashed on the way, gone when it is closed."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from services.media.clients.storage import Storage, StorageAway
from services.media.domain.errors import FileTooLarge


class Spool:
    """A temporary file on the storage's own disk, where it has one, so that storing it is a rename.

    Stops growing at `bytes_max`: `is_too_large` says so, and with `strict` the write that would be too much raises
    FileTooLarge. `path` may be taken away by whoever stores the file.
    """

    def __init__(self, storage: Storage, *, bytes_max: int, strict: bool = True) -> None:
        folder = getattr(storage, "spool", None)
        try:
            self._file = tempfile.NamedTemporaryFile(dir=folder, prefix="upload-", delete=False)  # noqa: SIM115 - closed by close().
        except OSError as away:
            raise StorageAway from away
        self.path = Path(self._file.name)
        self.size = 0
        self.is_too_large = False
        self._bytes_max = bytes_max
        self._strict = strict
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The hash of what was written, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Take the next bytes. Raises FileTooLarge, StorageAway."""
        self.size += len(data)
        if self.size > self._bytes_max:
            self.is_too_large = True
            if self._strict:
                raise FileTooLarge(f"The file is larger than {self._bytes_max >> 20} MiB.")
            return len(data)
        self._hash.update(data)
        try:
            return self._file.write(data)
        except OSError as full:
            raise StorageAway from full

    def flush(self) -> None:
        """Let others see what was written."""
        self._file.flush()

    def close(self) -> None:
        """Forget the file, unless somebody has taken it."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __getattr__(self, name: str) -> Any:
        """Read and seek as the file does."""
        return getattr(self._file, name)
