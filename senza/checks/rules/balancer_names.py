"""What load balancers and target groups are called: names that AWS refuses, now or for the next version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from senza.checks.model import Hit, Resource, Rule, Subject, literal, mapping
from senza.checks.rules.availability import TARGET_GROUP
from senza.checks.rules.balancers import MODERN

_INTERNAL = "internal-"
SHARED = "SharedLoadBalancer"


def wrong_names(subject: Subject) -> Iterator[Hit]:
    for kind in (MODERN, TARGET_GROUP):
        owners: dict[str, list[Resource]] = defaultdict(list)
        for resource in subject.of(kind):
            name = literal(resource.properties.get("Name"))
            if not name:
                continue
            owners[name.lower()].append(resource)
            if kind == MODERN and name.lower().startswith(_INTERNAL):
                message = f"the load balancer would be called {name}, and AWS keeps names with {_INTERNAL} to itself"
                hint = "Give it a LoadBalancerName, with the version in it: {{SenzaInfo.StackVersion}}."
                yield Hit(message, resource.id, ("Name",), ("LoadBalancerName",), hint=hint)
        for several in owners.values():
            if len(several) > 1 and not conditional(subject, *(resource.id for resource in several)):
                names = " and ".join(resource.id for resource in several)
                message = f"{names} would both be called {literal(several[0].properties.get('Name'))}"
                hint = "Give one of the components a NameSuffix."
                yield Hit(message, several[-1].id, ("Name",), ("NameSuffix",), hint=hint)


def lasting_names(subject: Subject) -> Iterator[Hit]:
    """Names that components were given, and that the next version would have, too. Of shared ones there is but one."""
    for resource in subject.of(MODERN):
        component = subject.component_of(resource.id)
        if component is None or "LoadBalancerName" not in component.settings or component.type.endswith(SHARED):
            continue
        name = literal(resource.properties.get("Name"))
        if name and subject.bound.version not in name:
            message = f"{name} does not tell the version, so the next one could not be created beside this one"
            hint = "Put {{SenzaInfo.StackVersion}} near its beginning (after 32 characters it is cut), or leave it out."
            yield Hit(message, resource.id, ("Name",), ("LoadBalancerName",), hint=hint)


def conditional(subject: Subject, *names: str) -> bool:
    """Whether one of the resources is only there on a condition, which may keep the other one away."""
    resources = mapping(subject.compiled.template.get("Resources"))
    return any("Condition" in mapping(resources.get(name)) for name in names)


BALANCER_NAME = Rule(
    id="SZ306",
    severity="error",
    title="A load balancer or target group cannot be called like this",
    why="Names are unique in a region, and AWS itself begins those of internal load balancers with internal-.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html",
    find=wrong_names,
    bad="""\
SenzaInfo: {StackName: internal-api}
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
""",
    good="""\
SenzaInfo: {StackName: internal-api}
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      LoadBalancerName: api-{{SenzaInfo.StackVersion}}
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
""",
)
LASTING = Rule(
    id="SZ320",
    severity="warning",
    title="A load balancer is called the same in every version",
    why="Names are unique in a region: AWS refuses the next version as long as this one is there.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html",
    find=lasting_names,
    bad="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      LoadBalancerName: shop
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
""",
    good="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      LoadBalancerName: shop-{{SenzaInfo.StackVersion}}
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
""",
)
