"""The bootstrap as the instance runs it: real cloud-init, Docker, file systems and requests; AWS is the sandbox."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from senza.userdata.bootstrap import bootstrap
from tests.boot.conftest import ZONE, Boot
from tests.boot.image import Image
from tests.boot.machine import ECR, loop_device, machine
from tests.boot.services import LOGIN, SUBNET

Boots = Callable[..., Boot]


@pytest.fixture(autouse=True)
def _secrets(aws: Aws, _needs_a_machine: None) -> None:
    config = json.dumps({"auths": {"127.0.0.1:5000": {"auth": LOGIN}}})
    aws.call("secretsmanager", "create_secret", Name="registry", SecretString=config)
    aws.call("secretsmanager", "create_secret", Name="shop/db", SecretString='{"password": "s3cr$t \\"quoted\\""}')
    aws.call("ssm", "put_parameter", Name="/shop/key", Value="-----BEGIN\nline two\n", Type="SecureString")


def encrypted(aws: Aws, text: str) -> str:
    key = aws.call("kms", "create_key")["KeyMetadata"]["KeyId"]
    blob = aws.call("kms", "encrypt", KeyId=key, Plaintext=text.encode())["CiphertextBlob"]
    return f"aws:kms:{base64.b64encode(blob).decode()}"


def test_it_runs_the_container_with_secrets_disk_logs_and_tells_cloudformation(
    boot: Boots, aws: Aws, image: Image, tmp_path: Path
) -> None:
    volume = create_volume(aws, {"Name": "shop-data"})
    booted = boot(
        {
            "health_check_path": "/index.html",
            "environment": {
                "GREETING": {"Ref": "Greeting"},
                "PLAIN": "x: y # z $HOME",
                "DB_PASSWORD": "aws:secretsmanager:shop/db#password",
                "TOKEN": encrypted(aws, "decrypted by kms"),
                "PRIVATE_KEY": "aws:ssm:/shop/key",
            },
            "credentials": {"key.pem": "aws:ssm:/shop/key"},
            "read_only": True,
            "capabilities_drop": ["NET_RAW"],
            "volumes": {"ebs": {"/dev/sdf": "shop-data"}},
            "mounts": {"/data": {"partition": "/dev/xvdf"}},
            "dockercfg": None,
            "healthcheck": {"type": "elb", "loadbalancer_name": "shop-1"},
            "nat_gateways": {SUBNET: "10.9.0.1"},
            "sysctl": {"net.ipv4.ip_default_ttl": 63},
        },
        image=f"{ECR}/team/app@{image.digest}",
    )
    for command in ("link add eth0 type bridge", "address add 10.9.0.5/24 dev eth0", "link set eth0 up"):
        booted.machine.run("ip", *command.split())
    booted.machine.run("useradd", "ubuntu")
    balance(aws, booted.instance)
    with loop_device(tmp_path / "volume") as loop:
        booted.machine.add_volume(volume, loop)
        status = booted.start()
        assert status == 0, booted.machine.console()
        seen_by_container(booted)
        seen_by_aws(booted, aws, volume)
        seen_on_the_machine(booted)
        rebooted(booted, tmp_path / "volume", loop)


def create_volume(aws: Aws, tags: dict[str, str]) -> str:
    tagged = {"ResourceType": "volume", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    volume = aws.call("ec2", "create_volume", AvailabilityZone=ZONE, Size=1, TagSpecifications=[tagged])
    return str(volume["VolumeId"])


def balance(aws: Aws, instance: str) -> None:
    listener = {"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 8080}
    aws.call("elb", "create_load_balancer", LoadBalancerName="shop-1", Listeners=[listener], AvailabilityZones=[ZONE])
    aws.call(
        "elb", "register_instances_with_load_balancer", LoadBalancerName="shop-1", Instances=[{"InstanceId": instance}]
    )


def seen_by_container(booted: Boot) -> None:
    report = booted.http("/cgi-bin/report")
    assert "uid=999" in report
    assert 'DB_PASSWORD=s3cr$t "quoted"' in report
    assert "TOKEN=decrypted by kms" in report
    assert "PLAIN=x: y # z $HOME" in report
    assert "APPLICATION_VERSION=1.0" in report
    assert "GREETING=\"; touch /owned; $(touch /owned) '\nEOF\n`touch /owned` ä\n" in report
    assert "PRIVATE_KEY=-----BEGIN\nline two\n\n" in report
    assert "file /meta/credentials/key.pem: -----BEGIN\nline two\n" in report
    assert "data: kept" in report
    assert "can be written" not in report


def seen_by_aws(booted: Boot, aws: Aws, volume: str) -> None:
    assert booted.stack_status() == "CREATE_COMPLETE"
    assert booted.signals() == [f"Received SUCCESS signal with UniqueId {booted.instance}"]
    assert "starting as 999" in booted.lines_of_container()
    log = "\n".join(booted.lines(f"boot/{booted.instance}"))
    assert "-e PLAIN=… " in log
    assert "healthy" in log
    attached = aws.call("ec2", "describe_volumes", VolumeIds=[volume])["Volumes"][0]["Attachments"][0]
    assert (attached["InstanceId"], attached["Device"]) == (booted.instance, "/dev/sdf")


def seen_on_the_machine(booted: Boot) -> None:
    assert not booted.machine.exists("/owned")
    assert not booted.machine.exists("/run/senza/secrets")
    assert booted.machine.run("ip", "route", "show", "default").startswith("default via 10.9.0.1 dev eth0")
    assert booted.machine.read("/proc/sys/net/ipv4/ip_default_ttl") == "63\n"
    assert booted.machine.run("getent", "shadow", "ubuntu").split(":")[7] == "1"
    everything = booted.machine.read("/var/log/senza-boot.log") + booted.machine.console()
    for secret in ("s3cr$t", "decrypted by kms", "line two", "let me in"):
        assert secret not in everything
    meta = json.loads(booted.machine.read("/meta/taupage.yaml"))
    assert meta["application_version"] == "1.0"
    assert "dockercfg" not in meta
    assert booted.machine.run("stat", "-c", "%a", "/meta/taupage.yaml") == "444\n"
    leftovers = booted.machine.run("sh", "-c", "grep -rlF 'decrypted by kms' /run /etc /opt /tmp /var/log /meta || :")
    assert leftovers == ""


def rebooted(booted: Boot, volume: Path, loop: str) -> None:
    """Everything is there still, and is left as it is, but for the larger disk; nobody is told twice."""
    container = booted.machine.run("docker", "inspect", "-f", "{{.Id}}", "taupageapp")
    booted.machine.run("docker", "stop", "-t", "1", "taupageapp")
    booted.machine.run("umount", "/mounts/data", "/meta/credentials")
    os.truncate(volume, 96 * 2**20)
    subprocess.run(["losetup", "--set-capacity", loop], check=True, timeout=300)
    assert booted.machine.boot_again() == 0, booted.machine.console()
    assert booted.machine.run("docker", "inspect", "-f", "{{.Id}}", "taupageapp") == container
    report = booted.http("/cgi-bin/report")
    assert "data: kept kept" in report
    assert "file /meta/credentials/key.pem: -----BEGIN\nline two\n" in report
    kilobytes = booted.machine.run("df", "--output=size", "/mounts/data").split()[1]
    assert int(kilobytes) > 80_000
    assert len(booted.signals()) == 1


def test_an_image_that_is_not_there_fails_the_stack_at_once(boot: Boots) -> None:
    booted = boot({}, image=f"127.0.0.1:5000/team/app@sha256:{'0' * 64}")
    assert booted.start() == 1
    assert booted.stack_status() == "CREATE_FAILED"
    (signal,) = booted.signals()
    assert signal.startswith(f"Received FAILURE signal with UniqueId {booted.instance} pull: ")
    assert "manifest unknown" in "\n".join(booted.lines(f"boot/{booted.instance}"))


def test_a_failing_health_check_fails_the_stack_and_shows_what_the_container_said(boot: Boots) -> None:
    booted = boot(
        {
            "health_check_path": "/nowhere",
            "health_check_timeout_seconds": 3,
            "environment": {"DB_PASSWORD": "aws:secretsmanager:shop/db#password"},
        }
    )
    assert booted.start() == 1
    assert booted.stack_status() == "CREATE_FAILED"
    assert booted.signals() == [f"Received FAILURE signal with UniqueId {booted.instance} health check: HTTP 404"]
    log = "\n".join(booted.lines(f"boot/{booted.instance}"))
    assert "starting as 999" in log
    assert "the password is ****" in log


def test_a_container_that_does_not_stay_up_fails_the_stack(boot: Boots) -> None:
    booted = boot({"environment": {"MODE": "crash"}})
    assert booted.start() == 1
    assert booted.signals() == [f"Received FAILURE signal with UniqueId {booted.instance} container exits with 3"]


def test_a_job_that_ends_well_is_a_success_and_shuts_the_instance_down(boot: Boots, aws: Aws, tmp_path: Path) -> None:
    booted = boot(
        {
            "environment": {"MODE": "job"},
            "shutdown": "on-success",
            "mounts": {"/scratch": {"partition": "/dev/xvdg", "options": "noatime"}},
        }
    )
    # as the launch template attaches it: the volume is found by its device, and its tag has it erased
    volume = create_volume(aws, {"Taupage:erase-on-boot": "True"})
    aws.call("ec2", "attach_volume", VolumeId=volume, InstanceId=booted.instance, Device="/dev/sdg")
    # jq comes from the distribution here
    booted.machine.run("mv", "/usr/bin/jq", "/opt/jq")
    installs = '#!/bin/bash\n[[ "$* " != *" install jq "* ]] || mv /opt/jq /usr/bin/jq\n'
    booted.machine.write("/usr/local/sbin/apt-get", installs)
    booted.machine.run("chmod", "755", "/usr/local/sbin/apt-get")
    with loop_device(tmp_path / "volume") as loop:
        subprocess.run(["mkfs.ext4", "-q", loop], check=True, timeout=300)
        booted.machine.add_volume(volume, loop)
        assert booted.start() == 0, booted.machine.console()
        assert "installing jq" in booted.machine.console()
        assert "/dev/xvdg (/dev/nvme" in booted.machine.console()
        assert ": making ext4" in booted.machine.console()
        assert "/mounts/scratch ext4 rw,noatime" in booted.machine.read("/proc/mounts")
        assert booted.signals() == [f"Received SUCCESS signal with UniqueId {booted.instance}"]
        assert booted.machine.awaited("/run/shutdown") == "-h +1\n"
        booted.machine.run("umount", "/mounts/scratch")


def test_a_secret_that_the_role_may_not_read_fails_the_stack_and_names_it(
    boot: Boots, sandbox: EmbeddedSandbox
) -> None:
    booted = boot({"environment": {"KEY": "aws:ssm:/shop/key"}})
    sandbox.settings.denied = ["ssm:GetParameter"]
    assert booted.start() == 1
    assert booted.stack_status() == "CREATE_FAILED"
    expected = f"Received FAILURE signal with UniqueId {booted.instance} KEY: ssm AccessDeniedException"
    assert booted.signals() == [expected]
    assert booted.machine.run("docker", "ps", "-aq") == ""


@pytest.mark.parametrize("os_name", ["AmazonLinux2023", "Ubuntu"])
def test_cloud_init_finds_nothing_wrong_with_it(os_name: str, tmp_path: Path) -> None:
    text = bootstrap(
        {"runtime": "Docker", "source": "x/y:1", "application_id": "a", "nat_gateways": {SUBNET: "10.9.0.1"}},
        os=os_name,
        image="x/y:1",
        is_function=lambda value: False,
    )
    with machine(tmp_path) as made:
        made.write("/tmp/user-data", text)
        assert "Valid" in made.run("cloud-init", "schema", "--config-file", "/tmp/user-data")
