"""The documentation pages and their files, all served from here: nothing is asked of another host.

Swagger UI and ReDoc come from the wheel drf-spectacular-sidecar. Its files are found without importing it, because
importing it would import Django.
"""

import hashlib
import json
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from gateway.errors import Refusal
from gateway.page import Page
from gateway.settings import SERVICES

_FOREVER = "public, max-age=31536000, immutable"
_FILES = {
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js": "swagger-ui-dist/swagger-ui-standalone-preset.js",
    "favicon-32x32.png": "swagger-ui-dist/favicon-32x32.png",
    "redoc.standalone.js": "redoc/bundles/redoc.standalone.js",
}
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".png": "image/png"}
_SWAGGER_INIT = b"""SwaggerUIBundle({
  url: "../schema/",
  dom_id: "#page",
  deepLinking: true,
  persistAuthorization: true,
  filter: true,
  docExpansion: "none",
  tryItOutEnabled: true,
  displayRequestDuration: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout"
});
"""
# ReDoc draws all operations at once: those of one service in a second, all of them in eight.
_REDOC_INIT = """const services = SERVICES;
const asked = new URLSearchParams(location.search).get("service");
const shown = asked === "all" || services.includes(asked) ? asked : services[0];
const choice = document.createElement("nav");
choice.id = "services";
for (const name of [...services, "all"]) {
  const link = document.createElement("a");
  link.href = `?service=${name}`;
  link.textContent = name;
  if (name === shown) link.ariaCurrent = "page";
  choice.append(link);
}
document.body.prepend(choice);
const schema = shown === "all" ? "../../schema/" : `../../schema/?service=${shown}`;
Redoc.init(schema, { scrollYOffset: "#services" }, document.getElementById("page"));
""".replace("SERVICES", json.dumps(sorted(SERVICES))).encode()
_REDOC_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_NO_PICTURE = b"data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E"
# Swagger UI would show its button before it has read the operation: pressed then, it sends nothing, says so on the
# console alone, and takes no second press.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Estuary API</title>
<link rel="icon" href="{favicon}">
<style>
body {{ margin: 0; font-family: sans-serif; }}
#services {{ position: sticky; top: 0; z-index: 1; padding: 10px; background: #263238; }}
#services a {{ padding: 6px 10px; color: #fff; text-decoration: none; }}
#services a[aria-current] {{ border-bottom: 2px solid; font-weight: bold; }}
.opblock-body:has(> .opblock-loading-animation) .execute-wrapper {{ display: none; }}
</style>
{styles}
</head>
<body>
<div id="page"></div>
{scripts}
</body>
</html>
"""


class Assets:
    """Files under names that hold their content's hash, so that browsers may keep them for ever."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}

    @cached_property
    def _folder(self) -> Path:
        spec = find_spec("drf_spectacular_sidecar")
        if spec is None or not spec.submodule_search_locations:
            raise Refusal("not_found")
        return Path(spec.submodule_search_locations[0]) / "static" / "drf_spectacular_sidecar"

    @cached_property
    def _hashed(self) -> dict[str, str]:
        """Plain names of all files by their hashed names."""
        names = {}
        for name in (*_FILES, "swagger-init.js", "redoc-init.js"):
            stem, _, suffix = name.rpartition(".")
            names[f"{stem}.{hashlib.sha256(self._read(name)).hexdigest()[:10]}.{suffix}"] = name
        return names

    def file(self, hashed: str) -> Page:
        """Return a file. Raises Refusal: not_found."""
        page = self._pages.get(hashed)
        if page is None:
            name = self._hashed.get(hashed)
            if name is None:
                raise Refusal("not_found")
            kind, etag = _TYPES[Path(name).suffix], hashed.split(".")[-2]
            page = Page(body=self._read(name), content_type=kind, etag=etag, max_age=_FOREVER, docs=True)
            self._pages[hashed] = page
        return page

    def page(self, path: str) -> Page:
        """Return the Swagger UI (`/docs/`) or ReDoc page."""
        if path == "/docs/":
            scripts = ("swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-init.js")
            html = self._html("assets/", scripts, ("swagger-ui.css",))
        else:
            html = self._html("../assets/", ("redoc.standalone.js", "redoc-init.js"))
        return Page(body=html, content_type="text/html; charset=utf-8", max_age="no-cache", docs=True)

    def _html(self, folder: str, scripts: tuple[str, ...], styles: tuple[str, ...] = ()) -> bytes:
        hashed = {name: folder + full for full, name in self._hashed.items()}
        return _PAGE.format(
            favicon=hashed["favicon-32x32.png"],
            styles="\n".join(f'<link rel="stylesheet" href="{hashed[name]}">' for name in styles),
            scripts="\n".join(f'<script src="{hashed[name]}"></script>' for name in scripts),
        ).encode()

    def _read(self, name: str) -> bytes:
        if name == "swagger-init.js":
            return _SWAGGER_INIT
        if name == "redoc-init.js":
            return _REDOC_INIT
        content = (self._folder / _FILES[name]).read_bytes()
        # ReDoc would ask its maker's host for a picture: a page of ours asks nobody else.
        return content.replace(_REDOC_LOGO, _NO_PICTURE) if name == "redoc.standalone.js" else content
