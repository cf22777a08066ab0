"""A private RabbitMQ broker: found, started beside any other, stopped, given its users and their rights.

It has a node name, a cookie, a port mapper and folders of its own, and loads its users, permissions and policies
from a definitions file when it starts, so that nothing has to be asked of it afterwards.
"""

import base64
import hashlib
import json
import os
import signal
import subprocess
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from deploy.local.accounts import Account, server_folder
from deploy.local.credentials import Credentials
from deploy.local.problems import Problem
from deploy.local.profiles import BROKER_USERS, Profile, checkout_key
from deploy.local.programs import RABBITMQ_OLDEST, find_epmd, find_rabbitmq
from deploy.local.system import SERVER_MARKER, is_alive, listens, require_free
from deploy.local.topology import topology

ADMINISTRATOR = "administrator"
START_SECONDS = 90

SETTINGS = """
listeners.tcp.default = 127.0.0.1:{port}
load_definitions = {definitions}
heartbeat = 30
log.console = false
log.file = {log}
log.file.level = info
log.file.rotation.size = 10485760
log.file.rotation.count = 3
vm_memory_high_watermark.relative = 0.4
disk_free_limit.absolute = 200MB
"""


class RabbitMQ:
    """The broker of one profile."""

    def __init__(self, profile: Profile, credentials: Credentials) -> None:
        self._profile = profile
        self._credentials = credentials
        self._account = Account.for_servers()
        self.port = profile.port("rabbitmq")

    @cached_property
    def folder(self) -> Path:
        """Where its data, log and settings lie."""
        return server_folder(self._profile, self._account, "rabbitmq")

    def url(self, *, user: str) -> str:
        """Return a connection address with its password."""
        password = self._credentials.password(f"rabbitmq.{user}")
        return f"amqp://{user}:{password}@127.0.0.1:{self.port}/%2F"

    def is_running(self) -> bool:
        """Whether this profile's own broker is alive and takes connections."""
        return self._process("broker") is not None and listens(self.port)

    def begin(self) -> None:
        """Start the broker without waiting for it. Raises Problem."""
        if self._process("broker") is not None:
            return
        programs = find_rabbitmq()
        if programs is None:
            raise Problem(f"RabbitMQ {'.'.join(map(str, RABBITMQ_OLDEST))} or newer is missing: 'make up' installs it.")
        require_free(self.port, "RabbitMQ", "ESTUARY_PORT_RABBITMQ")
        folder = self.folder
        self._write(folder / "definitions.json", json.dumps(self.definitions()))
        self._write(folder / "enabled_plugins", "[].\n")
        self._write(
            folder / "rabbitmq.conf",
            SETTINGS.format(port=self.port, definitions=folder / "definitions.json", log=folder / "rabbitmq.log"),
        )
        self._begin_port_mapper()
        # The script then becomes the Erlang machine itself, so the process id we keep is the broker's.
        self._spawn("broker", [programs / "rabbitmq-server"], {"RUNNING_UNDER_SYSTEMD": "true"})

    def finish(self) -> None:
        """Wait until the broker that was begun takes connections and holds what this code needs. Raises Problem."""
        deadline = time.monotonic() + START_SECONDS
        while not listens(self.port):
            if self._process("broker") is None:
                raise Problem(f"RabbitMQ stopped while starting: see {self.folder / 'broker.out'}.")
            if time.monotonic() > deadline:
                raise Problem(f"RabbitMQ did not start within {START_SECONDS} s: see {self.folder / 'rabbitmq.log'}.")
            time.sleep(0.1)
        self._apply_definitions()

    def start(self) -> None:
        """Start the broker and wait until it takes connections. Raises Problem."""
        self.begin()
        self.finish()

    def is_alive(self) -> bool:
        """Whether the broker's process lives, ready or not."""
        return self._process("broker") is not None

    def ask_to_stop(self) -> None:
        """Tell the broker to stop, without waiting for it."""
        pid = self._process("broker")
        if pid is not None:
            os.kill(pid, signal.SIGTERM)

    def stop(self, *, kill: bool = False) -> None:
        """Stop the broker and its port mapper; with `kill`, the broker alone and as a crash would."""
        self._end("broker", kill=kill, patience=30)
        if not kill:
            self._end("epmd", kill=True, patience=5)

    def definitions(self) -> dict[str, Any]:
        """Return the users, their rights, and all that each virtual host must hold."""
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        held = topology(self._profile)
        return {
            **held,
            "vhosts": [{"name": "/"}],
            "users": [self._user(name) for name in (ADMINISTRATOR, *BROKER_USERS)],
            "permissions": [
                *held["permissions"],
                {"user": ADMINISTRATOR, "vhost": "/", **everything},
            ],
        }

    def _user(self, name: str) -> dict[str, Any]:
        """Return a user with its password as RabbitMQ keeps it: salted and hashed.

        The salt follows from the password, so that the same definition is made each time.
        Source: RabbitMQ's guide to credentials and passwords, "Computing password hash".
        """
        password = self._credentials.password(f"rabbitmq.{name}").encode()
        salt = hashlib.sha256(b"estuary" + password).digest()[:4]
        return {
            "name": name,
            "password_hash": base64.b64encode(salt + hashlib.sha256(salt + password).digest()).decode(),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": "",
            "limits": {},
        }

    def _apply_definitions(self) -> None:
        """Give a broker that ran before what has been added since, and take away bindings that nobody handles now."""
        wanted = self.definitions()
        sum_, note = hashlib.sha256(json.dumps(wanted).encode()).hexdigest(), self.folder / "applied"
        if note.exists() and note.read_text() != sum_:
            # Reads SQLAlchemy and more, which every start would otherwise wait for.
            from shared.messaging.administration import ControlTool, apply

            programs = find_rabbitmq()
            assert programs is not None
            tool = ControlTool(programs / "rabbitmqctl", environment=self.environment())
            try:
                apply(wanted, tool, admin_url=self.url(user=ADMINISTRATOR))
            except subprocess.CalledProcessError as refused:
                raise Problem(f"RabbitMQ refused its new definitions: {refused.stderr or refused.stdout}") from refused
        note.write_text(sum_)

    def _begin_port_mapper(self) -> None:
        if self._process("epmd") is not None:
            return
        program = find_epmd()
        assert program is not None, "the broker's scripts are only found where this is"
        port = self._profile.port("rabbitmq_epmd")
        require_free(port, "Erlang's port mapper", "ESTUARY_PORT_RABBITMQ_EPMD")
        self._spawn("epmd", [program, "-address", "127.0.0.1", "-port", str(port)], {})

    def _spawn(self, name: str, command: list[Path | str], extra: dict[str, str]) -> None:
        folder = self.folder
        with (folder / f"{name}.out").open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=folder,
                env={**self.environment(), **extra},
                **self._account.options,
            )
        (folder / f"{name}.pid").write_text(str(process.pid))
        # It outlives the object. Whoever started it may go on for long: it is reaped by its id as soon as it has ended,
        # or it would look alive.
        process.returncode = 0
        _children.add(process.pid)

    def environment(self) -> dict[str, str]:
        """Return what the broker's programs must be told to find this broker and no other."""
        folder = self.folder
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": folder.as_posix(),
            SERVER_MARKER: self._profile.folder.as_posix(),
            "RABBITMQ_NODENAME": f"estuary_{self._profile.name}_{checkout_key()}@localhost",
            "RABBITMQ_BASE": folder.as_posix(),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONFIG_FILES": f"{folder}/none",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/none.config",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/none.conf",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{folder}/config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_PID_FILE": f"{folder}/rabbitmq.pid",
            "RABBITMQ_DIST_PORT": str(self._profile.port("rabbitmq_distribution")),
            "ERL_EPMD_PORT": str(self._profile.port("rabbitmq_epmd")),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # Schedulers that spin for long while idle would take a small machine's cores from everything else; those
            # that never do sleep and wake for each file read, which made half of the time that a start takes.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +sbwt very_short +sbwtdcpu none +sbwtdio very_short"
            ),
        }

    def _process(self, name: str) -> int | None:
        """Return the id of the living process that `name` was started as, or None."""
        _reap()
        try:
            pid = int((self.folder / f"{name}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if is_alive(pid) and _is_ours(pid, self._profile) else None

    def _end(self, name: str, *, kill: bool, patience: float) -> None:
        pid = self._process(name)
        if pid is None:
            return
        os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
        deadline = time.monotonic() + patience
        while self._process(name) is not None:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                deadline += patience
            time.sleep(0.05)

    def _write(self, path: Path, content: str) -> None:
        path.write_text(content)
        path.chmod(0o600)
        if self._account.switches:
            os.chown(path, self._account.uid, self._account.gid)


_children: set[int] = set()


def _reap() -> None:
    for pid in tuple(_children):
        try:
            ended, _ = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            ended = pid
        if ended:
            _children.discard(pid)


def _is_ours(pid: int, profile: Profile) -> bool:
    """Whether a process is of this installation: after a restart of the machine its number may be another's."""
    if not Path("/proc/self/environ").exists():
        return True
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        # It has just ended, or it is somebody else's.
        return False
    return f"{SERVER_MARKER}={profile.folder}".encode() in environment.split(b"\0")
