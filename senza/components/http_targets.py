"""Target groups of application load balancers: how instances are asked for requests and for their health."""

from __future__ import annotations

from typing import Any

from troposphere import elasticloadbalancingv2 as alb

from senza.components.model import Property
from senza.components.modern_balancers import ModernLoadBalancer
from senza.components.sections import one_of

PROTOCOL_VERSIONS = ("HTTP1", "HTTP2", "GRPC")
GRPC_HEALTH = "/grpc.health.v1.Health/Check"
"""The method of the gRPC health checking protocol; it answers with code 0 where all is well."""
PROTOCOL_VERSION = Property("ProtocolVersion", "HTTP1, HTTP2 or GRPC", "What instances speak.", "HTTP1")


class HttpTargets(ModernLoadBalancer):
    """What requests are forwarded to."""

    def target_groups(self) -> list[str]:
        return [f"{self.name}TargetGroup"]

    def encrypted(self) -> bool:
        """Whether clients come by HTTPS."""
        return True

    def target_group(self) -> dict[str, Any]:
        """Properties of the target group."""
        defaults = {
            "HealthCheckIntervalSeconds": 10,
            "HealthCheckPath": None,
            "HealthCheckPort": None,
            "HealthCheckProtocol": None,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            "Port": self.http_port(),
            "Protocol": "HTTP",
            "VpcId": self.vpc(),
            "Tags": self.tags(),
            "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}],
        }
        checked = {
            "Name": self.balancer_name,
            "HealthCheckPath": self.health_check_path(),
            "HealthCheckPort": str(self.health_check_port()),
            "HealthCheckProtocol": self.health_check_protocol(),
            **self._protocol_version(),
        }
        return {**defaults, **self.given(alb.TargetGroup, defaults), **checked}

    def _protocol_version(self) -> dict[str, Any]:
        """HTTP/2 and gRPC take encrypted listeners only; a gRPC server is asked for its health as it expects it."""
        settings = self.settings
        if "ProtocolVersion" not in settings:
            return {}
        version = one_of(settings, "ProtocolVersion", PROTOCOL_VERSIONS)
        if version != "HTTP1" and "Listeners" not in settings and not self.encrypted():
            raise settings.wrong(f"ProtocolVersion {version} needs an HTTPS listener", "ProtocolVersion")
        checks: dict[str, Any] = {"ProtocolVersion": version}
        if version == "GRPC":
            checks["Matcher"] = settings.get("Matcher", {"GrpcCode": "0"})
            if "HealthCheckPath" not in settings:
                checks["HealthCheckPath"] = GRPC_HEALTH
        return checks
