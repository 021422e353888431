"""A container image made on the spot: busybox and a web server that tells what it sees."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

START = """\
#!/bin/sh
echo "starting as $(id -u)"
echo "the password is $DB_PASSWORD"
[ "$MODE" != crash ] || exit 3
[ "$MODE" != job ] || exit 0
exec httpd -f -p 8080 -h /www
"""
REPORT = """\
#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
echo "uid=$(id -u)"
env
for file in $(find /meta -type f); do echo "file $file: $(cat $file)"; done
echo x 2>/dev/null >/meta/written && echo "meta can be written"
echo x 2>/dev/null >/meta/credentials/written && echo "credentials can be written"
echo kept 2>/dev/null >>/data/file && echo "data: $(cat /data/file | tr '\\n' ' ')"
"""
APPLETS = ("sh", "id", "echo", "httpd", "cat", "env", "find", "printf", "tr", "sleep", "grep")


@dataclass(frozen=True)
class Image:
    """digest: of the manifest. blobs: by digest, the manifest included."""

    digest: str
    manifest: bytes
    blobs: dict[str, bytes]


MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def build(busybox: Path) -> Image:
    """Image specification of the OCI, with Docker's media types (schema 2), which every version of Docker pulls."""
    layer = layer_of(busybox.read_bytes())
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/start"], "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer)]},
        }
    ).encode()
    prefix = "application/vnd.docker"
    parts = [
        {"mediaType": f"{prefix}.container.image.v1+json", "size": len(config), "digest": sha256(config)},
        {"mediaType": f"{prefix}.image.rootfs.diff.tar", "size": len(layer), "digest": sha256(layer)},
    ]
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": parts[0], "layers": parts[1:]}
    ).encode()
    return Image(sha256(manifest), manifest, {sha256(config): config, sha256(layer): layer})


def layer_of(busybox: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:

        def add(name: str, content: bytes | None = None, mode: int = 0o755, link: str = "") -> None:
            info = tarfile.TarInfo(name)
            info.mode = mode
            info.size = len(content or b"")
            info.type = tarfile.SYMTYPE if link else tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            info.linkname = link
            tar.addfile(info, io.BytesIO(content or b""))

        for folder in ("bin", "www", "www/cgi-bin", "data", "tmp"):
            add(folder)
        add("bin/busybox", busybox)
        for applet in APPLETS:
            add(f"bin/{applet}", link="busybox")
        add("start", START.encode())
        add("www/index.html", b"here\n", 0o644)
        add("www/cgi-bin/report", REPORT.encode())
    return out.getvalue()
