"""What is done to a file's bytes, outside of any transaction: everything lands at fresh keys."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.media.clients import sandbox
from services.media.clients.films import Film, FilmTools
from services.media.clients.loopback import fetch_from_loopback
from services.media.clients.storage import Bucket, Storage
from services.media.domain import kinds, variants
from services.media.domain.errors import Broken
from services.media.models.job import FIRST
from services.media.operations.blobs import fresh_key
from services.media.operations.confirming import scratch
from services.media.operations.processing import Order, Result
from services.media.settings import Settings

SCAN_SECONDS = 60.0
RECORDING_BYTES_MAX = 8 << 30


@dataclass(slots=True)
class Workshop:
    """One order being done in a folder of its own."""

    order: Order
    storage: Storage
    tools: FilmTools
    told: Settings
    folder: Path
    beat: Callable[[], None]
    result: Result

    @property
    def shown(self) -> Bucket:
        """The bucket of what is served."""
        return "public" if self.order.visibility == kinds.PUBLIC else "private"

    def fetch(self, source: tuple[Bucket, str]) -> Path:
        """Bring an object here."""
        path = self.folder / f"source.{source[1].rpartition('.')[2]}"
        if not path.exists():
            self.storage.fetch(*source, path)
        return path

    def put(self, path: Path, *, content_type: str) -> str:
        """Store a file that was made and return its key."""
        key = fresh_key(path.suffix.lstrip("."), sha256=self.order.sha256)
        self.result.put.append((self.shown, key))
        self.storage.put(self.shown, key, path, content_type=content_type)
        return key

    def paint(self, task: str, source: Path, **more: Any) -> dict[str, Any]:
        """Let the child make pictures, and store what it made as versions. Raises Broken."""
        done = sandbox.paint(
            {
                "task": task,
                "source": str(source),
                "folder": str(self.folder),
                "content_type": self.order.content_type,
                "pixels_max": self.told.media_max_pixels,
                **more,
            },
            beat=self.beat,
        )
        for one in done["versions"]:
            key = self.put(self.folder / one.pop("file"), content_type=variants.FORMAT_TYPES[one["format"]])
            self.result.versions.append({**one, "storage_key": key})
        self.result.meta |= done["meta"]
        return done


def make(order: Order, *, storage: Storage, tools: FilmTools, told: Settings, beat: Callable[[], None]) -> Result:
    """Do what the order says. Raises Broken (the file's fault), Missing, StorageAway and OSError (nobody's)."""
    result = Result()
    with scratch(storage) as folder:
        shop = Workshop(order, storage, tools, told, folder, beat, result)
        if order.kind != FIRST:
            for operation in order.operations:
                _REQUESTED[operation](shop)
        elif order.media_type == kinds.IMAGE:
            _picture(shop)
        elif not order.is_built:
            {kinds.VIDEO: _film, kinds.AUDIO: _sound, kinds.DOCUMENT: _document}[order.media_type](shop)
    return result


def _picture(shop: Workshop) -> None:
    if shop.order.step == 0:
        if not shop.order.is_built:
            _clean_picture(shop)
    elif not shop.order.has_variants:
        _variants(shop)


def _clean_picture(shop: Workshop) -> None:
    source = shop.fetch(shop.order.source)
    size = source.stat().st_size
    done = shop.paint("first", source)
    master = done["master"]
    key = shop.put(shop.folder / master["file"], content_type=master["content_type"])
    shop.result.master = {"storage_key": key, "size": master["file_size"], "content_type": master["content_type"]}
    shop.result.width, shop.result.height = master["width"], master["height"]
    shop.result.meta["source"] |= {"content_type": shop.order.content_type, "size": size}
    shop.result.meta |= {"stripped": list(variants.STRIPPED), "pipeline": variants.PIPELINE}


def _variants(shop: Workshop) -> None:
    shop.paint("variants", shop.fetch(shop.order.master or shop.order.source), avif=shop.told.media_avif)


def _film(shop: Workshop) -> None:
    source = _recorded(shop) if "source_url" in shop.order.options else shop.fetch(shop.order.source)
    film = shop.tools.probe(source, beat=shop.beat)
    if film is not None:
        if film.video is None:
            raise Broken("not_a_video", "The file holds no pictures.")
        _poster(shop, source, film)
        shop.result.width, shop.result.height, shop.result.duration = film.width, film.height, film.duration
        shop.result.meta |= {"video": film.video, "audio": film.audio}
    cleaned = shop.folder / f"cleaned{source.suffix}"
    if shop.tools.cleaned(source, cleaned, beat=shop.beat):
        size = cleaned.stat().st_size
        key = shop.put(cleaned, content_type=shop.order.content_type)
        shop.result.master = {"storage_key": key, "size": size, "content_type": shop.order.content_type}
    else:
        _keep_as_it_is(shop, source)


def _recorded(shop: Workshop) -> Path:
    """Fetch what a recorder on this host holds, and store it as the source."""
    url = shop.order.options["source_url"]
    if url is None:
        raise Broken("broken_file", "The recording lies where nothing is fetched from.")
    path = shop.folder / f"source.{kinds.STORED_AS.get(shop.order.content_type, 'mp4')}"
    fetch_from_loopback(url, path, bytes_max=RECORDING_BYTES_MAX)
    return path


def _poster(shop: Workshop, source: Path, film: Film) -> None:
    still = shop.folder / "still.png"
    if not shop.tools.poster(source, still, film=film, beat=shop.beat):
        return
    for task, name in (("thumbnail", None), ("transcode", variants.POSTER)):
        done = sandbox.paint(
            {
                "task": task,
                "source": str(still),
                "folder": str(shop.folder),
                "content_type": "image/png",
                "pixels_max": shop.told.media_max_pixels,
                "options": {"format": "webp"},
            },
            beat=shop.beat,
        )
        for one in done["versions"]:
            key = shop.put(shop.folder / one.pop("file"), content_type="image/webp")
            shop.result.versions.append({**one, "version_type": name or one["version_type"], "storage_key": key})


def _sound(shop: Workshop) -> None:
    source = shop.fetch(shop.order.source)
    film = shop.tools.probe(source, beat=shop.beat)
    if film is not None:
        if film.audio is None:
            raise Broken("not_audio", "The file holds no sound.")
        shop.result.duration = film.duration
        shop.result.meta["audio"] = film.audio
    _keep_as_it_is(shop, source)


def _document(shop: Workshop) -> None:
    source = shop.fetch(shop.order.source)
    command = shop.told.media_scan_command
    if command:
        outcome = sandbox.run(
            [*shlex.split(command), str(source)], cpu_seconds=60, deadline_seconds=SCAN_SECONDS, beat=shop.beat
        )
        if outcome.status == 1:
            raise Broken("infected", "The file holds something harmful.")
        if outcome.status != 0:
            raise OSError(f"the scanner ended with {outcome.status}")
    _keep_as_it_is(shop, source)


def _keep_as_it_is(shop: Workshop, source: Path) -> None:
    size = source.stat().st_size
    bucket, key = shop.order.source
    if bucket != shop.shown or key.startswith(("sources/", "inbox/")):
        key = shop.put(source, content_type=shop.order.content_type)
    shop.result.master = {"storage_key": key, "size": size, "content_type": shop.order.content_type}


def _again_thumbnail(shop: Workshop) -> None:
    source = shop.fetch(shop.order.master or shop.order.source)
    if shop.order.media_type == kinds.IMAGE:
        shop.paint("thumbnail", source)
        return
    film = shop.tools.probe(source, beat=shop.beat)
    if film is not None and film.video is not None:
        _poster(shop, source, film)


def _again_facts(shop: Workshop) -> None:
    source = shop.fetch(shop.order.master or shop.order.source)
    if shop.order.media_type == kinds.IMAGE:
        done = sandbox.paint(
            {
                "task": "facts",
                "source": str(source),
                "folder": str(shop.folder),
                "content_type": shop.order.content_type,
                "pixels_max": shop.told.media_max_pixels,
            },
            beat=shop.beat,
        )
        shop.result.meta |= done["meta"]
    elif shop.order.media_type in (kinds.VIDEO, kinds.AUDIO) and (film := shop.tools.probe(source, beat=shop.beat)):
        shop.result.width, shop.result.height, shop.result.duration = film.width, film.height, film.duration
        shop.result.meta |= {"video": film.video, "audio": film.audio}


def _resize(shop: Workshop) -> None:
    shop.paint("resize", shop.fetch(shop.order.master or shop.order.source), options=shop.order.options)


def _transcode(shop: Workshop) -> None:
    source = shop.fetch(shop.order.master or shop.order.source)
    if shop.order.media_type == kinds.IMAGE:
        shop.paint("transcode", source, options=shop.order.options)
        return
    wanted = shop.order.options["format"]
    target = shop.folder / f"transcoded.{wanted}"
    if not shop.tools.transcoded(source, target, beat=shop.beat):
        raise Broken("processing_failed", "The film could not be written in this format.")
    size = target.stat().st_size
    key = shop.put(target, content_type=variants.FORMAT_TYPES[wanted])
    shop.result.versions.append(
        {"version_type": variants.PREVIEW, "storage_key": key, "width": None, "height": None, "file_size": size}
        | {"format": wanted}
    )


_REQUESTED = {
    "thumbnail": _again_thumbnail,
    "optimize": _variants,
    "extract_metadata": _again_facts,
    "resize": _resize,
    "transcode": _transcode,
}
