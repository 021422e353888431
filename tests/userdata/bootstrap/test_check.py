"""What is said about configurations that a stock image cannot run as they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.errors import UsageError
from senza.userdata.bootstrap import OSES, bootstrap, check
from senza.userdata.bootstrap.keys import KEYS
from tests.userdata.bootstrap.functions import is_function

BASE: dict[str, Any] = {"runtime": "Docker", "source": "example/app:1", "ports": {80: 8080}}


def said(config: dict[str, Any], os: str = "AmazonLinux2023") -> list[str]:
    return [str(problem) for problem in check({**BASE, **config}, os=os, is_function=is_function)]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"enviroment": {}}, "enviroment: is not known Did you mean environment?"),
        ({"scalyr_account_key": "x"}, "scalyr_account_key: does not exist on stock images"),
        ({"scalyr_agent": "x"}, "Instead: cloudwatch_logs, or a sidecar of your log vendor"),
        ({"mint_bucket": "x"}, "Instead: values such as aws:secretsmanager:NAME in environment"),
        ({"application_logrotate_interval": "daily"}, "has no effect on stock images"),
        ({"ports": [80]}, "ports: must be a mapping, not a list"),
        ({"ports": {"http": 80}}, "ports.http: 'http' is no port of the host"),
        ({"ports": {80: 70000}}, "ports.80: must be a port, not 70000"),
        ({"root": "maybe"}, "root: must be a boolean"),
        ({"root": {"Ref": "Root"}}, "root: must be known when the template is made"),
        ({"environment": {"A": [1]}}, "environment.A: must be a text, not a list"),
        ({"environment": {"A=B": 1}}, "'A=B' is no variable name"),
        ({"mounts": {"/data": {}}}, "mounts./data.partition: is missing"),
        ({"mounts": {"data": {"partition": "/dev/sdf"}}}, "mounts.data: 'data' is no absolute path"),
        ({"mounts": {"/d": {"partition": "/dev/sdf", "file_system": "xfs"}}}, "Did you mean filesystem?"),
        ({"mounts": {"/d": {"partition": "/dev/sdf; reboot"}}}, "must be a device"),
        (
            {"volumes": {"raid": {"/dev/md0": {"level": 7, "devices": []}}}},
            "volumes.raid./dev/md0.level: must be a one",
        ),
        ({"health_check_path": "/", "ports": {"53/udp": 53}}, "there is no TCP port to ask"),
        ({"healthcheck": {"type": "alb", "loadbalancer_name": "x"}}, "healthcheck.type: must be a one of elb"),
        ({"capabilities_add": [{"a": 1}]}, "capabilities_add[0]: must be a text, not a mapping"),
        ({"credentials": {"db": "plain"}}, "credentials.db: must be a reference"),
        ({"credentials": {"../db": "aws:ssm:db"}}, "is no file name"),
        ({"dockercfg": {"auths": {}}}, "is readable for everybody who may read the stack's template"),
        ({"dockercfg": 7}, "must be credentials in Docker's format"),
        ({"source": ""}, "source: must be a text"),
        ({"shutdown": "always"}, "shutdown: must be a one of never, on-exit, on-success"),
    ],
)
def test_what_is_wrong_is_named(config: dict[str, Any], words: str) -> None:
    (problem,) = said(config)
    assert words in problem


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(said({"mint_bucket": "x", "root": "?", "foo": 1})) == 3


@pytest.mark.parametrize(
    ("os", "config", "words"),
    [
        ("Ubuntu", {"enhanced_cloudwatch_metrics": True}, "cannot be had on Ubuntu"),
        ("Flatcar", {"cloudwatch_logs": {"/var/log/messages": "x"}}, "cannot be had on Flatcar"),
        ("Flatcar", {"customlog_logrotate_interval": "daily"}, "cannot be had on Flatcar"),
        ("Flatcar", {"ssh_ports": 2222}, "systemd listens"),
        ("Bottlerocket", {}, "Bottlerocket runs the containers of ECS and Kubernetes"),
        ("AmazonLinux2024", {}, "Did you mean"),
    ],
)
def test_what_an_image_cannot_do_is_said(os: str, config: dict[str, Any], words: str) -> None:
    (problem,) = said(config, os)
    assert words in problem


@pytest.mark.parametrize("os", OSES)
def test_what_asks_for_nothing_is_no_problem(os: str) -> None:
    assert said({"enhanced_cloudwatch_metrics": False, "cloudwatch_logs": {"/var/log/application.log": "x"}}, os) == []
    assert said(dict.fromkeys(KEYS.keys() - BASE.keys()), os) == []


def test_values_are_not_repeated_since_they_may_be_secrets() -> None:
    assert "hunter2" not in "".join(said({"credentials": {"a": "hunter2"}, "root": "hunter2", "ports": "hunter2"}))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(KEYS)) | st.text(max_size=6), JUNK, max_size=4), st.sampled_from(OSES))
def test_whatever_passes_the_check_becomes_user_data(config: dict[str, Any], os: str) -> None:
    merged = {**BASE, **config}
    wrong = [problem for problem in check(merged, os=os, is_function=is_function) if problem.fatal]
    if wrong:
        with pytest.raises(UsageError):
            bootstrap(merged, os=os, image="example/app", is_function=is_function)
    else:
        assert bootstrap(merged, os=os, image="example/app", is_function=is_function)
