"""Each image holds what its processes need, and nothing of the others."""

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.docker.packages import IMAGES, SERVICES, copy_code, part_of, wanted
from deploy.docker.suite import gateway, stripe_sandbox, told_to
from deploy.docker.tests.interpolating import ROOT, example, interpolated
from deploy.local.launching import SHARED_LIBRARIES

LOCK, PYPROJECT = (ROOT / "requirements.lock").read_text(), (ROOT / "pyproject.toml").read_text()
# Starts what images run, each in a process that has only the image's code and is refused every other package. What
# all of them hold is loaded once, before they part.
START = """
import importlib, json, os, sys, traceback
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
told = json.load(sys.stdin)
def refuse(absent):
    class Present(PathFinder):
        @classmethod
        def find_spec(cls, name, path=None, target=None):
            return None if name.partition(".")[0] in absent else super().find_spec(name, path, target)
    sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Present]
def start(image):
    refuse(image["absent"])
    os.chdir(image["code"])
    sys.path.insert(0, image["code"])
    os.environ.clear()
    os.environ.update(image["environment"])
    for module, maker in image["starts"]:
        made = importlib.import_module(module)
        if maker:
            getattr(made, maker)()
refuse({package for image in told["images"].values() for package in image["absent"]})
for module in told["loaded"]:
    importlib.import_module(module)
for name, image in told["images"].items():
    child = os.fork()
    if not child:
        try:
            start(image)
        except BaseException:
            print(name, traceback.format_exc(), flush=True)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(name, "does not start", flush=True)
"""
# Of the gateway and the sandboxes it is not known what both hold.
TOGETHER = (SERVICES, ("gateway",), ("sandbox",))


def locked(image: str) -> set[str]:
    text = part_of(LOCK, wanted(PYPROJECT, image))
    return {re.split(r"[=\[]", line)[0] for line in text.splitlines() if line[:1].isalnum()}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def starts(image: str) -> list[tuple[str, str]]:
    if image == "gateway":
        return [("gateway.serve", ""), ("gateway.app", ""), ("gateway.redis_store", "")]
    if image == "sandbox":
        names = [path.parent.name for path in (ROOT / "deploy" / "sandbox").glob("*/__main__.py")]
        return [(f"deploy.sandbox.{name}.__main__", "") for name in names]
    found = [(f"services.{image}.app", "create_app"), (f"services.{image}.worker", "create_worker")]
    optional = ("seed", "commands") + (("realtime",) if image == "notifications" else ())
    for name in optional:
        if any((ROOT / "services" / image).glob(f"{name}*")):
            found.append((f"services.{image}.{name}", ""))
    return found


def told(image: str) -> dict[str, str]:
    from deploy.docker.compose import filled

    asked = gateway().told if image == "gateway" else stripe_sandbox().told if image == "sandbox" else told_to(image)
    return {name: interpolated(filled(value), example()) for name, value in asked.items()}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("images", TOGETHER, ids=lambda images: images[0])
def test_every_image_starts_with_its_own_packages_and_code_alone(images: tuple[str, ...], tmp_path: Path) -> None:
    belongs = importlib.metadata.packages_distributions()

    def given(image: str) -> dict[str, Any]:
        copy_code(image, ROOT, tmp_path / image)
        mine = {*locked(image), "estuary"}
        absent = [top for top, owners in belongs.items() if not {normal(owner) for owner in owners} & mine]
        return {
            "code": str(tmp_path / image),
            "absent": absent,
            "environment": told(image),
            "starts": starts(image),
        }

    libraries = [name for name in SHARED_LIBRARIES if not name.startswith("shared.")] if images == SERVICES else []
    asked = {"loaded": libraries, "images": {image: given(image) for image in images}}
    done = subprocess.run(
        [sys.executable, "-I", "-c", START], input=json.dumps(asked), capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-1500:]


def test_together_are_all_images() -> None:
    assert sorted(image for images in TOGETHER for image in images) == sorted(IMAGES)


def test_a_package_that_an_image_lacks_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import stripe")
    image = {"code": str(tmp_path), "absent": ["stripe"], "environment": {}, "starts": [["app", ""]]}
    asked = {"loaded": ["flask"], "images": {"reviews": image}}

    done = subprocess.run(
        [sys.executable, "-I", "-c", START], input=json.dumps(asked), capture_output=True, text=True, check=False
    )

    assert "No module named 'stripe'" in done.stdout
    assert "reviews does not start" in done.stdout


@pytest.mark.parametrize(
    ("image", "there", "absent"),
    [
        ("payments", "stripe", "boto3"),
        ("media", "boto3", "stripe"),
        ("gateway", "uvloop", "argon2-cffi"),
        ("reviews", "sqlalchemy", "pillow"),
    ],
)
def test_a_service_has_its_own_group_and_no_other(image: str, there: str, absent: str) -> None:
    assert there in locked(image)
    assert absent not in locked(image)


@pytest.mark.parametrize("image", IMAGES)
def test_no_image_holds_tools_for_tests_or_building(image: str) -> None:
    assert not locked(image) & {"pytest", "hypothesis", "mypy", "ruff", "moto", "setuptools", "import-linter", "uv"}


def test_every_package_keeps_its_hashes() -> None:
    text = part_of(LOCK, wanted(PYPROJECT, "auth"))

    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=[a-z0-9])", text))


def test_an_unknown_package_is_refused() -> None:
    with pytest.raises(KeyError, match="left-pad"):
        part_of(LOCK, {"left-pad"})


def test_code_of_other_services_and_tests_stays_out(tmp_path: Path) -> None:
    copy_code("bookings", ROOT, tmp_path)

    assert {path.name for path in (tmp_path / "services").iterdir() if path.is_dir()} == {"bookings"}
    assert not list(tmp_path.rglob("tests"))
    assert set(SERVICES) & {path.name for path in tmp_path.iterdir()} == set()
