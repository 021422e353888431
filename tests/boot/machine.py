"""A throw-away machine in namespaces of its own, on which user data is run as cloud-init would at the first boot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / ".venv" / "boot-tools"
COMMANDS = ("unshare", "nsenter", "ip", "mkfs.ext4", "losetup", "mount", "pivot_root", "curl", "setsid")
NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork")
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
ECR_ADDRESS = ("127.0.0.2", 80)
GATEWAY = 4566
REGISTRY = 5000


def missing() -> str:
    """Why no machine can be made here; empty where one can."""
    if os.geteuid() != 0:
        return "only root can mount a root file system"
    lacking = [command for command in COMMANDS if shutil.which(command) is None]
    if lacking:
        return f"there is no {', '.join(lacking)}"
    if not (TOOLS / "ready").exists():
        return "there is no Docker to boot with: run tests/boot/tools.sh (it fetches Debian packages)"
    if any(TOOLS.is_relative_to(place) for place in ("/usr", "/etc")):
        return f"{TOOLS} lies in what is to be laid under it"
    tried = subprocess.run(
        [*NAMESPACES, "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return f"namespaces cannot be made: {tried.stderr.strip()}" if tried.returncode else ""


@dataclass(frozen=True)
class Machine:
    """pid: of its first process, as the computer sees it."""

    pid: int
    cgroup: str

    def run(self, *command: str, timeout: float = 300, stdin: str | None = None) -> str:
        """What the command prints on the machine, as root; errors are shown."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", "-u", "-i", "-r", "-w", *command],
            input=stdin if stdin is not None else "",
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def write(self, path: str, text: str) -> None:
        self.run("sh", "-c", 'mkdir -p "${0%/*}" && cat >"$0"', path, stdin=text)

    def read(self, path: str) -> str:
        return self.run("cat", path)

    def exists(self, path: str) -> bool:
        return self.run("sh", "-c", '[ ! -e "$0" ] || echo yes', path) != ""

    def boot(self, user_data: str, timeout: float = 300) -> int:
        """Give it the user data, boot with cloud-init, and wait: the exit status of the unit."""
        self.write("/var/lib/cloud/seed/nocloud/user-data", user_data)
        self.write("/var/lib/cloud/seed/nocloud/meta-data", "instance-id: i-boot\n")
        self.run("cloud-init", "init", "--local")
        self.run("cloud-init", "init")
        self.run("cloud-init", "modules", "--mode=config")
        self.run("cloud-init", "modules", "--mode=final")
        return self.unit_status(timeout)

    def boot_again(self, timeout: float = 300) -> int:
        self.run("rm", "-f", "/run/unit.status")
        self.run("systemctl", "start", "senza-boot.service")
        return self.unit_status(timeout)

    def unit_status(self, timeout: float) -> int:
        return int(self.awaited("/run/unit.status", timeout))

    def awaited(self, path: str, timeout: float = 300) -> str:
        """The content of a file that is about to be written."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if text := self.run("sh", "-c", '[ ! -s "$0" ] || cat "$0"', path):
                return text
            time.sleep(0.1)  # what is waited for here is a real process
        raise AssertionError(f"{path} does not come\n{self.console()}")

    def console(self) -> str:
        return self.read("/dev/console")

    def add_volume(self, volume_id: str, loop: str) -> None:
        """Make a loop device look like the NVMe device of an EBS volume."""
        number = os.minor(os.stat(loop).st_rdev)
        link = f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"
        self.run("mknod", "-m", "660", f"/dev/nvme{number}n1", "b", "7", str(number))
        self.run("ln", "-s", f"../../nvme{number}n1", link)


def top_files(folder: Path, environment: Mapping[str, str]) -> Path:
    """What lies on top of the machine's root: the stand-in for systemctl, and settings of cloud-init and Docker."""
    texts = {
        "usr/local/sbin/systemctl": (HERE / "systemctl.sh").read_text(),
        "usr/local/sbin/systemd-run": "#!/bin/bash\nwhile [[ $1 == --* ]]; do shift; done\n"
        'setsid "$@" </dev/null >>/dev/console 2>&1 &\n',
        "usr/local/sbin/shutdown": '#!/bin/bash\necho "$*" >/run/shutdown\n',
        "etc/machine.env": "".join(f"{name}={value}\n" for name, value in environment.items()),
        # no network to set up, no users to make, no keys: this is not what is tested
        "etc/cloud/cloud.cfg": "datasource_list: [NoCloud]\nnetwork: {config: disabled}\ndisable_root: false\n"
        "cloud_init_modules: [write-files]\ncloud_config_modules: [runcmd]\ncloud_final_modules: [scripts-user]\n"
        "manual_cache_clean: false\n",
        "etc/docker/daemon.json": json.dumps(
            {
                # the limits of this computer are lower than what Docker would set
                "default-ulimits": {
                    "nofile": {"Name": "nofile", "Soft": 10000, "Hard": 10000},
                    "nproc": {"Name": "nproc", "Soft": 16384, "Hard": 16384},
                },
                "insecure-registries": [ECR],
                "log-driver": "awslogs",
                "log-opts": {
                    "awslogs-endpoint": f"http://127.0.0.1:{GATEWAY}",
                    "awslogs-group": "each container has its own",
                },
            }
        ),
        "etc/hosts": f"127.0.0.1 localhost\n{ECR_ADDRESS[0]} {ECR}\n",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for program in (folder / "usr/local/sbin").iterdir():
        program.chmod(0o755)
    (folder / "usr/sbin").mkdir(parents=True)
    (folder / "usr/sbin/iptables").symlink_to("xtables-legacy-multi")
    (folder / "usr/sbin/ip6tables").symlink_to("xtables-legacy-multi")
    (folder / "usr/local/bin").mkdir()
    (folder / "usr/local/bin/docker").symlink_to("/usr/bin/docker")  # not one of this computer
    for made in [folder, *folder.rglob("*")]:
        if made.is_dir():
            made.chmod(0o755)
    return folder


@contextmanager
def machine(scratch: Path) -> Iterator[Machine]:
    """A machine that ends with the block, and everything on it with its first process."""
    cgroup = f"/senza-boot-{os.getpid()}"
    environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{GATEWAY}", "CGROUP": cgroup}
    files, root = top_files(scratch / "files", environment), scratch / "root"
    root.mkdir()
    process = subprocess.Popen(
        [*NAMESPACES, "--kill-child=SIGKILL", "bash", HERE / "machine.sh", TOOLS / "root", root, files],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        if process.stdout.readline() != "ready\n":
            process.kill()
            raise AssertionError(f"the machine does not start: {process.communicate()[1]}")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        yield Machine(int(children.split()[0]), cgroup)
    finally:
        process.stdin.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)
        process.stdout.close()
        if process.stderr:
            process.stderr.close()
        leave_cgroups(cgroup)


def leave_cgroups(name: str) -> None:
    """Docker leaves its parent groups; empty ones go, the others are not ours to force."""
    for top in [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()]:
        group = top / name.lstrip("/")
        if group.is_dir():
            for folder in sorted((one for one in group.rglob("*") if one.is_dir()), reverse=True):
                try_rmdir(folder)
            try_rmdir(group)


def try_rmdir(folder: Path) -> None:
    for _ in range(20):
        try:
            return folder.rmdir()
        except OSError:
            time.sleep(0.05)  # its processes are just being killed


@contextmanager
def loop_device(file: Path, megabytes: int = 48) -> Iterator[str]:
    with file.open("wb") as out:
        out.truncate(megabytes * 2**20)
    device = subprocess.run(
        ["losetup", "--find", "--show", str(file)], capture_output=True, text=True, check=True, timeout=300
    ).stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=False, timeout=300)
