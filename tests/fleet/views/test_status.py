"""``senza status``: counts, balancers, the web server of the version, and DNS."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from senza.sandbox.certificates import certificate
from senza.sandbox.embedded import EmbeddedSandbox
from tests.fleet.views.conftest import ZONE, Fleet, Run, rows
from tests.traffic.conftest import Apps

KEYS = [
    *("stack_name", "version", "status", "total_instances", "running_instances", "healthy_instances"),
    *("lb_status", "http_status", "main_dns"),
]


class Internet:
    """What this test's web consists of, reached through a proxy: status by host name. tls: None if nobody speaks it."""

    def __init__(self) -> None:
        self.tls: ssl.SSLContext | None = None
        self.hosts: dict[str, int] = {}
        self.asked: list[str] = []
        internet = self

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                if internet.tls is None:
                    self.send_error(502)
                    return
                self.send_response(200)
                self.end_headers()
                with suppress(OSError):  # a client that does not like the certificate hangs up
                    internet.tls.wrap_socket(self.connection, server_side=True).close()

            def do_GET(self) -> None:
                internet.asked.append(self.path)
                host = self.path.split("/")[2]
                self.send_response(internet.hosts[host])
                self.send_header("Location", "http://elsewhere.example.net/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    internet = Internet()
    monkeypatch.setattr("senza.fleet.health.PATIENCE", 300.0)  # a busy machine must not look like one that is down
    address = f"http://127.0.0.1:{internet.server.server_port}"
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, address)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    threading.Thread(target=internet.server.serve_forever, daemon=True).start()
    yield internet
    internet.server.shutdown()
    internet.server.server_close()


@pytest.mark.parametrize(
    ("balancers", "lb_status", "healthy"),
    [(["classic"], "IN_SERVICE", 2), (["application"], "HEALTHY", 2), (["network"], "HEALTHY", 2)],
)
def test_a_row_has_the_keys_of_the_classic_tool(
    fleet: Fleet, run: Run, internet: Internet, balancers: list[str], lb_status: str, healthy: int
) -> None:
    fleet.create("shop-1", balancers, instances=2, records=True)
    internet.hosts[f"shop-1.{ZONE}"] = 404
    (row,) = rows(run("status", "shop", "-o", "json"))
    assert list(row) == KEYS
    assert row == {
        "stack_name": "shop",
        "version": "1",
        "status": "CREATE_COMPLETE",
        "total_instances": 2,
        "running_instances": 2,
        "healthy_instances": healthy,
        "lb_status": lb_status,
        "http_status": "OK",
        "main_dns": True,
    }


def test_a_stack_without_balancer_instances_or_records_has_none(fleet: Fleet, run: Run, internet: Internet) -> None:
    fleet.create("shop-1", [], instances=2)
    fleet.create_stack("shop-2", {"Jobs": {"Type": "AWS::SQS::Queue"}})
    found = [list(row.values())[3:] for row in rows(run("status", "-o", "json"))]
    assert found == [[2, 2, None, "", None, None], [0, 0, None, "", None, None]]
    assert internet.asked == []


def test_instances_count_as_what_they_are(fleet: Fleet, run: Run, internet: Internet, sandbox: EmbeddedSandbox) -> None:
    fleet.create("shop-1", instances=3)
    ids = fleet.ids("shop-1")
    sandbox.settings.instance_health[ids[0]] = "OutOfService"
    (row,) = rows(run("status", "-o", "json"))
    assert (row["total_instances"], row["running_instances"], row["healthy_instances"]) == (3, 3, 2)
    assert row["lb_status"] == "IN_SERVICE, OUT_OF_SERVICE"


@pytest.mark.parametrize(
    ("status", "shown"), [(200, "OK"), (302, "OK"), (404, "OK"), (500, "ERROR"), (503, "ERROR"), (None, "ERROR")]
)
def test_the_domain_of_the_version_is_asked_once_and_nowhere_else(
    fleet: Fleet, run: Run, internet: Internet, status: int | None, shown: str
) -> None:
    fleet.create("shop-1", records=True)
    if status:
        internet.hosts[f"shop-1.{ZONE}"] = status
    else:
        internet.server.shutdown()
        internet.server.server_close()
    (row,) = rows(run("status", "-o", "json"))
    assert row["http_status"] == shown
    assert internet.asked == ([f"http://shop-1.{ZONE}/"] if status else [])


def test_a_certificate_that_cannot_be_trusted_is_an_error(
    fleet: Fleet, run: Run, internet: Internet, tmp_path: Path
) -> None:
    fleet.create("shop-1", records=True)
    internet.hosts[f"shop-1.{ZONE}"] = 200
    own = certificate((f"*.{ZONE}",))
    (tmp_path / "tls.pem").write_text(own.key + own.certificate)
    internet.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    internet.tls.load_cert_chain(tmp_path / "tls.pem")
    (row,) = rows(run("status", "-o", "json"))
    assert (row["http_status"], internet.asked) == ("ERROR", [])


def test_main_dns_follows_the_weights(fleet: Fleet, run: Run, internet: Internet) -> None:
    apps = Apps(fleet.aws)
    for version in "123":
        apps.create(f"shop-{version}", {"Main": f"shop.{ZONE}"})

    def main_dns() -> list[bool | None]:
        return [row["main_dns"] for row in rows(run("status", "-o", "json"))]

    assert main_dns() == [True, True, True]  # Route 53 answers with all of them where all weights are 0
    apps.set({"shop-2": 200}, f"shop.{ZONE}")
    assert main_dns() == [False, True, False]
    apps.set({"shop-2": 0, "by-hand": 10}, f"shop.{ZONE}")
    assert main_dns() == [False, False, False]


def test_a_missing_stack_is_an_error(run: Run, internet: Internet) -> None:
    result = run("status", "shop")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no stack shop" in result.stderr


def test_the_calls_on_two_versions(fleet: Fleet, run: Run, internet: Internet) -> None:
    for version in "12":
        fleet.create(f"shop-{version}", records=True)
        internet.hosts[f"shop-{version}.{ZONE}"] = 200
    assert fleet.counted(lambda: json.loads(run("status", "shop", "-o", "json").stdout)) == [
        "autoscaling:DescribeAutoScalingGroups",
        "cloudformation:ListStackResources",
        "cloudformation:ListStacks",
        "ec2:DescribeInstances",
        "elb:DescribeInstanceHealth",
        "elb:DescribeInstanceHealth",
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
    ]
