"""Docker, by its command line: whether it is there, where containers find this machine, and containers of an image.

A container here is an execution environment of the function as Lambda gives it: the root file system cannot be written,
`/tmp` can, the user is nobody in particular, memory ends where it is said to.
"""

import http.client
import json
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, Final

from infra.container import FunctionError, post
from infra.place import HOST
from infra.processes import LocalError

CONTAINER_HOST: Final = "host.docker.internal"
"""What containers call this machine, on Linux, macOS and Windows alike."""
ADD_HOST: Final = f"{CONTAINER_HOST}:host-gateway"
"""Docker's flag that makes that name known; Docker Desktop knows it by itself, and takes the flag too."""
_USER: Final = "993:990"
"""Any that owns nothing: Lambda's user is none of the image's."""
_PORT: Final = "8080"
"""Where the emulator in AWS's base image listens."""
_COMMAND_SECONDS: Final = 60
_START_SECONDS: Final = 30


def require() -> None:
    """Raise `LocalError`, which says how to get it, where no Docker engine can be used."""
    if shutil.which("docker") is None:
        raise LocalError(
            "Docker is missing: install Docker Desktop (macOS, Windows) or Docker Engine "
            "(Debian and Ubuntu: apt-get install docker.io), start it, and try again"
        )
    try:
        docker("info", "--format", "{{.ServerVersion}}")
    except LocalError as error:
        raise LocalError(
            f"Docker is installed, but its engine does not answer ({error}): "
            "start Docker Desktop or the docker service, and check that you may use it"
        ) from error


def docker(*arguments: str, seconds: int = _COMMAND_SECONDS) -> str:
    """What a docker command prints; `LocalError` with its last word where it fails or takes longer than `seconds`."""
    command = ["docker", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds)  # noqa: S603  # docker, with arguments of ours
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "").strip().splitlines()
        raise LocalError(said[-1] if said else f"docker {arguments[0]} ended with status {error.returncode}") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalError(f"docker {arguments[0]}: {error}") from error
    return done.stdout.strip()


def bridge_host(say: Callable[[str], None]) -> str:
    """The address of this machine that its containers reach.

    On Linux that is the gateway of Docker's bridge, which other containers reach too, and other machines that route to
    the bridge, unless a firewall drops it; Docker Desktop forwards from loopback, so there it is that. Where a Linux
    machine has no such bridge, `say` is told so.
    """
    try:
        gateway = gateway_of(json.loads(docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}")))
        with socket.create_server((gateway, 0)):
            return gateway
    except (LocalError, OSError, LookupError, ValueError, TypeError) as error:
        if platform.system() == "Linux":
            say(
                f"Docker's bridge is no address of this machine ({error}), so S3 listens at {HOST}: containers of "
                "Docker Desktop reach it there, those of a rootless or remote engine perhaps not"
            )
        return HOST


def gateway_of(networks: Sequence[Mapping[str, str]]) -> str:
    """The gateway of the first IPv4 network, which some engines leave out: it is the first address then.

    Raises `LookupError` where there is none.
    """
    for network in networks:
        subnet = ip_network(network["Subnet"])
        if subnet.version == 4:  # noqa: PLR2004  # IPv4
            return str(ip_address(network.get("Gateway") or next(subnet.hosts())))
    raise LookupError("Docker's bridge has no IPv4 network")


def image_bytes(image: str) -> int:
    """The size of an image, all its layers included."""
    return int(docker("image", "inspect", "--format", "{{.Size}}", image))


def labels(image: str) -> Mapping[str, str]:
    """The labels of an image, those of the one that it is built on included."""
    return json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", image)) or {}


@dataclass(frozen=True, slots=True)
class Environment:
    """A running container of the function: one execution environment, warm from its first invocation on."""

    name: str
    port: int
    timeout: int
    begun: float
    """When the container's process started, on the clock of `time.time`."""

    def invoke(self, event: object) -> Any:  # noqa: ANN401  # a function may reply anything
        """What the function replies to an event; `FunctionError` where it fails or its container ends."""
        try:
            return post(self.port, event, self.timeout)
        except (OSError, http.client.HTTPException) as error:
            raise FunctionError(f"no answer from the function's container: {error!r}") from error

    def kill(self) -> None:
        """End it at once, as a machine that goes away would."""
        docker("kill", self.name)

    def peak_bytes(self) -> int:
        """The largest memory that any of its processes has had so far (VmHWM of proc(5))."""
        lines = docker("exec", self.name, "sh", "-c", "grep -h VmHWM /proc/[0-9]*/status").splitlines()
        return max(int(line.split()[1]) * 1024 for line in lines)

    def log(self) -> str:
        """All that it wrote."""
        done = subprocess.run(["docker", "logs", self.name], capture_output=True, text=True, check=False)  # noqa: S603, S607  # docker, wherever it is
        return done.stdout + done.stderr

    def state(self) -> dict[str, Any]:
        """What Docker knows of it, such as `Running`, `OOMKilled`, and `ExitCode`."""
        found: dict[str, Any] = json.loads(docker("inspect", "--format", "{{json .State}}", self.name))
        return found


@contextmanager
def environment(
    image: str, variables: Mapping[str, str], memory_mb: int, timeout: int, *, options: Sequence[str] = ()
) -> Iterator[Environment]:
    """A container of `image` under the emulator that the image has, gone at the end of the `with`."""
    told = dict(variables) | {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
    }
    name = docker(
        "create",
        *("--read-only", "--mount", "type=volume,destination=/tmp", "--user", _USER),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--memory", f"{memory_mb}m", "--memory-swap", f"{memory_mb}m"),
        *("--publish", f"{HOST}::{_PORT}", "--add-host", ADD_HOST),
        *(part for pair in told.items() for part in ("--env", "=".join(pair))),
        *options,
        image,
    )
    try:
        docker("start", name)
        port = int(docker("port", name, _PORT).splitlines()[0].rpartition(":")[2])
        begun = datetime.fromisoformat(docker("inspect", "--format", "{{.State.StartedAt}}", name)).timestamp()
        _await(port)
        yield Environment(name, port, timeout, begun)
    except BaseException:
        with suppress(LocalError):  # what failed first is what is told
            docker("rm", "--force", "--volumes", name)
        raise
    docker("rm", "--force", "--volumes", name)


def _await(port: int) -> None:
    """Until the emulator listens; Docker's own forwarding takes a connection before, and drops it."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        try:
            with socket.create_connection((HOST, port), 1) as connection:
                connection.settimeout(0.01)
                if connection.recv(1) != b"":
                    return
        except TimeoutError:
            return  # it is held open: somebody listens, and waits for a request
        except OSError:
            pass
        time.sleep(0.005)
    raise LocalError(f"the emulator in the container does not listen after {_START_SECONDS} s")
