"""What application load balancers have in common, their own or shared: attributes, TLS policy, redirect from HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import elasticloadbalancingv2 as alb

from senza.components.balancer_options import TLS_POLICY, with_access_logs
from senza.components.functions import ref
from senza.components.model import Property
from senza.components.modern_balancers import ModernLoadBalancer

HTTPS = (
    Property("Redirect", "boolean", "A listener on port 80 that sends everybody to HTTPS.", True),
    Property("Policy", "text", "The security policy: which TLS versions and ciphers are spoken.", TLS_POLICY),
)
LOAD_BALANCER_NAME = Property(
    "LoadBalancerName", "text", "Instead of StackName-Version-NameSuffix; cut to 32 characters."
)
WEB_ACL = Property("WebACL", "ARN or function", "A web ACL of AWS WAF that looks at every request.")
IP_ADDRESS_TYPE = Property(
    "IpAddressType", "ipv4 or dualstack", "dualstack also makes AAAA records for all domains.", "ipv4"
)


class ApplicationLoadBalancer(ModernLoadBalancer):
    """A load balancer that knows requests."""

    def load_balancer(self) -> dict[str, Any]:
        """Properties of the load balancer itself."""
        scheme = self.scheme()
        defaults: dict[str, Any] = {
            "Scheme": scheme,
            "SecurityGroups": None,
            "Subnets": self.subnets(scheme),
            "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}],
            "IpAddressType": None,
            "Tags": self.tags(),
        }
        own = {"Name": self.balancer_name, "SecurityGroups": self.security_groups()}
        properties = {**defaults, **self.given(alb.LoadBalancer, defaults), **own}
        if "AccessLogs" in self.settings:
            attributes = self.settings.items("LoadBalancerAttributes") or defaults["LoadBalancerAttributes"]
            properties["LoadBalancerAttributes"] = with_access_logs(attributes, self.settings, self.site)
        return properties

    def further(self, certificates: list[Any]) -> dict[str, Any]:
        """A listener itself takes one certificate, the others are added to it ("Add certificates" in the guide)."""
        if not certificates:
            return {}
        name = f"{self.name}Certificates"
        added = [{"CertificateArn": arn} for arn in certificates]
        properties = {"ListenerArn": ref(f"{self.name}Listener"), "Certificates": added}
        return {name: self.shaper().resource(alb.ListenerCertificate, name, properties)}

    def redirecting(self) -> dict[str, Any]:
        """The listener on port 80 that leads to HTTPS, by its logical id. Raises DefinitionError where there is one."""
        for number, listener in enumerate(self.settings.items("Listeners")):
            if isinstance(listener, Mapping) and str(listener.get("Properties", listener).get("Port")) == "80":
                hint = "Remove it, or write HTTPS: {Redirect: false}."
                raise self.settings.wrong("HTTPS adds a listener on port 80 itself", "Listeners", number, hint=hint)
        to = {"Protocol": "HTTPS", "Port": str(self.settings.get("Port", 443)), "StatusCode": "HTTP_301"}
        properties = {
            "LoadBalancerArn": ref(self.name),
            "Port": 80,
            "Protocol": "HTTP",
            "DefaultActions": [{"Type": "redirect", "RedirectConfig": to}],
        }
        name = f"{self.name}RedirectListener"
        return {name: self.shaper().resource(alb.Listener, name, properties)}
