"""User data that makes a stock image run the container of a ``TaupageConfig``.

Amazon Linux 2023 and Ubuntu read a cloud-config, Flatcar reads Ignition. Either brings the same files: the bootstrap
``boot`` (the scripts in ``machine/``, compressed), its ``config.json``, and the unit that starts it at every boot.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from senza.errors import UsageError
from senza.userdata.bootstrap.arguments import log_group_of
from senza.userdata.bootstrap.check import check
from senza.userdata.bootstrap.document import Document, document
from senza.userdata.bootstrap.model import IsFunction
from senza.userdata.text import MAX_BYTES, joined, literal_bytes

DISKS = "30-disks.sh"
UNIT = "senza-boot.service"
UNIT_TEXT = """\
[Unit]
Description=Run the container that senza's user data describes
Wants=network-online.target
After=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash /opt/senza/boot
StandardOutput=journal+console
TimeoutStartSec=55min
[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class File:
    """content: text, or a function in the place of its base64. compressed: whether it travels that way."""

    path: str
    content: Any
    mode: int = 0o600
    compressed: bool = False


def bootstrap(config: Mapping[str, Any], *, os: str, image: Any, is_function: IsFunction, log_group: Any = None) -> Any:
    """The user data, a text or ``Fn::Join`` of texts and functions, for ``Fn::Base64``.

    config: TaupageConfig with application_id, application_version and, for a signal, notify_cfn and nat_gateways added.
    image: the container's, best with its digest. log_group: of the container's output, unless the configuration
    names one for /var/log/application.log; without either Docker keeps it on the instance.
    Raises UsageError for the first thing that is wrong with the configuration.
    """
    wrong = [problem for problem in check(config, os=os, is_function=is_function) if problem.fatal]
    if wrong:
        raise UsageError(str(wrong[0]))
    group = log_group_of(config)
    made = document(
        config, os=os, image=image, log_group=log_group if group is None else group, is_function=is_function
    )
    plain = user_data(os, made, compressed=False)
    # what can be read is easier to compare, what is small gets in
    return plain if literal_bytes(plain) <= MAX_BYTES - 2048 else user_data(os, made, compressed=True)


def user_data(os: str, made: Document, compressed: bool) -> Any:
    brought = [
        File("/opt/senza/boot", boot_script(made.disks), 0o700, compressed=True),
        File("/opt/senza/config.json", made.config, compressed=compressed),
        File("/opt/senza/values", {"Fn::Base64": joined(lines(made.values))}),
    ]
    if made.routes:
        brought.append(File("/opt/senza/routes", made.routes))
    return ignition(brought) if os == "Flatcar" else cloud_config(brought)


def lines(values: tuple[Any, ...]) -> list[Any]:
    return [part for value in values for part in (value, "\n")]


@lru_cache(maxsize=2)
def boot_script(disks: bool) -> str:
    """The scripts in order as one, without comments and indentation; without what no disk needs."""
    folder = files("senza.userdata.bootstrap") / "machine"
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".sh"))
    text = "".join((folder / name).read_text("utf-8") for name in names if disks or name != DISKS)
    kept = [line.strip() for line in text.splitlines()]
    return "#!/bin/bash\n" + "".join(f"{line}\n" for line in kept if line and not line.startswith("#"))


@lru_cache(maxsize=8)
def packed(text: str) -> str:
    """Base64 of gzip, the same for the same text (of one zlib): no time, no name in it."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def base64_of(content: Any) -> Any:
    if isinstance(content, str):
        return base64.b64encode(content.encode()).decode()
    argument = content["Fn::Base64"]
    return base64_of(argument) if isinstance(argument, str) else content


def cloud_config(brought: list[File]) -> Any:
    """cloud-config (cloud-init documentation, modules "Write Files" and "Runcmd")."""
    parts: list[Any] = ["#cloud-config\nwrite_files:\n"]
    for file in brought:
        parts.append(f"- path: {file.path}\n  permissions: '{file.mode:04o}'\n")
        if file.compressed:
            parts.append(f"  encoding: gz+b64\n  content: '{packed(file.content)}'\n")
        elif isinstance(file.content, str):
            parts.append(f"  content: |\n{indented(file.content)}")
        else:
            parts += ["  encoding: b64\n  content: '", base64_of(file.content), "'\n"]
    parts.append(f"- path: /etc/systemd/system/{UNIT}\n  permissions: '0644'\n  content: |\n{indented(UNIT_TEXT)}")
    # not waited for: the unit waits for the network, and cloud-init is to end
    parts.append(
        f"runcmd:\n- [systemctl, daemon-reload]\n- [systemctl, enable, {UNIT}]\n"
        f"- [systemctl, start, --no-block, {UNIT}]\n"
    )
    return joined(parts)


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def ignition(brought: list[File]) -> Any:
    """Ignition configuration 3.3.0 (its specification on coreos.github.io/ignition)."""
    placeholder = "\N{REPLACEMENT CHARACTER}"
    functions: list[Any] = []
    written = []
    for file in brought:
        contents = {"source": f"data:;base64,{placeholder}"}
        if file.compressed:
            contents = {"compression": "gzip", **contents}
        functions.append(packed(file.content) if file.compressed else base64_of(file.content))
        written.append({"path": file.path, "mode": file.mode, "overwrite": True, "contents": contents})
    tree = {
        "ignition": {"version": "3.3.0"},
        "storage": {"files": written},
        "systemd": {"units": [{"name": UNIT, "enabled": True, "contents": UNIT_TEXT}]},
    }
    texts = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).split(placeholder)
    parts: list[Any] = [texts[0]]
    for function, text in zip(functions, texts[1:], strict=True):
        parts += [function, text]
    return joined(parts)
