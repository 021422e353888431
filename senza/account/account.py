"""Facts about an AWS account and region: read-only, lazy, each looked up at most once per run."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

from senza.account import certificates as tls
from senza.account import dns, images, machine_images, network, shared, stacks
from senza.account.info import AccountInfo
from senza.account.memo import Memo
from senza.account.needs import Needs
from senza.aws import Aws
from senza.errors import AwsError, DefinitionError, NotFound, SenzaError


class Account:
    """Safe to use from several threads. Every method may raise AwsError and what its docstring names."""

    made_up = False
    """Whether region and number say nothing, because nobody was asked."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._memo = Memo()
        self._security_groups = network.SecurityGroups(aws)
        self._stock_images: dict[str, dict[str, str]] = {}
        self._architectures: dict[str, str] = {}

    @cached_property
    def info(self) -> AccountInfo:
        return AccountInfo(self)

    @property
    def aws(self) -> Aws:
        """For look-ups that are made once, for one place."""
        return self._aws

    @property
    def region(self) -> str:
        return self._aws.region

    def warm(self, needs: Needs) -> None:
        """Look up all of this at the same time. What fails here fails again, with its place, for whoever uses it."""
        wanted: dict[str, tuple[bool, Callable[[], object]]] = {
            "vpcs": (needs.network or needs.vpc, self.vpcs),
            "subnets": (needs.network, self.all_subnets),
            "images": (needs.images, self.taupage_images),
            "zones": (needs.zones, self.zones),
            "certificates": (needs.certificates, self.certificates),
            "topics": (needs.topics, self.topics),
            "route tables": (needs.route_tables, self.route_tables),
            "stock images": (bool(needs.stock_images), lambda: self.stock_images(needs.stock_images)),
            "architectures": (bool(needs.instance_types), lambda: self.architectures(needs.instance_types)),
            "security groups": (bool(needs.security_groups), lambda: self.security_groups(needs.security_groups)),
            **{name: (True, partial(self._warm_shared, name)) for name in needs.shared_balancers},
        }

        def quietly(look_up: Callable[[], object]) -> Callable[[], None]:
            def job() -> None:
                with suppress(SenzaError):
                    look_up()

            return job

        self._aws.parallel({name: quietly(look_up) for name, (needed, look_up) in wanted.items() if needed})

    def _warm_shared(self, stack: str) -> None:
        self.listener_rules(self.shared_balancer(stack).listener)

    # -- network

    def vpcs(self) -> tuple[network.Vpc, ...]:
        return self._memo.get("vpcs", lambda: network.look_up_vpcs(self._aws))

    def vpc(self, vpc_id: str | None = None) -> network.Vpc:
        """The VPC of that id, else the default one, else the only one. Raises NotFound, UsageError."""
        return network.choose_vpc(self.vpcs(), vpc_id)

    def all_subnets(self) -> tuple[network.Subnet, ...]:
        return self._memo.get("subnets", lambda: network.look_up_subnets(self._aws))

    def subnets(self, vpc: network.Vpc) -> tuple[network.Subnet, ...]:
        """The subnets of a VPC, by zone and id. Raises NotFound where it has none."""
        found = tuple(subnet for subnet in self.all_subnets() if subnet.vpc_id == vpc.id)
        if not found:
            raise NotFound(f"VPC {vpc.id} has no subnets", hint="Create some, or give VpcId of another VPC.")
        return found

    def route_tables(self) -> tuple[network.RouteTable, ...]:
        return self._memo.get("route tables", lambda: network.look_up_route_tables(self._aws))

    def nat_gateways(self) -> dict[str, str]:
        """Subnet id -> private IP address of its NAT gateway."""
        return self._memo.get("nat gateways", lambda: network.look_up_nat_gateways(self._aws))

    def security_groups(self, names: Iterable[str]) -> dict[str, tuple[network.SecurityGroup, ...]]:
        """All groups of each name (Name tag, else group name)."""
        return self._security_groups.named(names)

    def security_group(self, name: str, vpc_id: str | None) -> network.SecurityGroup:
        """The group of that name, told by the VPC where there are several. Raises NotFound, UsageError."""
        return network.choose_group(name, self.security_groups([name])[name], vpc_id)

    # -- images, names, certificates

    def taupage_images(self) -> tuple[images.Image, ...]:
        return self._memo.get("images", lambda: images.look_up_taupage_images(self._aws))

    def flatcar_image(self, parameter: str) -> str:
        """The image that the public SSM parameter names, else the publisher's newest stable one. Raises NotFound."""

        def look_up() -> str:
            try:
                return self.ssm_parameter(parameter)
            except (NotFound, AwsError) as unknown:  # not in this region, or we may not read parameters
                image = images.look_up_flatcar_image(self._aws)
                if image is None:
                    raise NotFound(f"there is no Flatcar image in {self.region}") from unknown
                return image

        return self._memo.get(("flatcar", parameter), look_up)

    def stock_images(self, names: Iterable[str]) -> dict[tuple[str, str], str]:
        """``(name, architecture)`` -> ``ami-…`` of the images of these names that there are in this region."""
        new = [name for name in names if name not in self._stock_images]
        if new:
            found = machine_images.look_up_stock_images(self._aws, new)
            self._stock_images.update({name: {} for name in new})
            for (name, architecture), image in found.items():
                self._stock_images[name][architecture] = image
        return {(name, kind): image for name in names for kind, image in self._stock_images[name].items()}

    def architectures(self, instance_types: Iterable[str]) -> dict[str, str]:
        """Instance type -> ``x86_64`` or ``arm64``. Raises NotFound for types that do not exist."""
        new = [name for name in instance_types if name not in self._architectures]
        if new:
            self._architectures.update(machine_images.look_up_architectures(self._aws, new))
        return {name: self._architectures[name] for name in instance_types}

    def zones(self) -> tuple[dns.HostedZone, ...]:
        return self._memo.get("zones", lambda: dns.look_up_zones(self._aws))

    def zone(self) -> dns.HostedZone:
        """The account's hosted zone where nothing names one. Raises NotFound, UsageError."""
        return dns.account_zone(self.zones())

    def zone_for(self, domain: str) -> dns.HostedZone | None:
        """The hosted zone with the longest name that the domain lies in."""
        return dns.zone_of(domain, self.zones())

    def certificates(self) -> tuple[tls.Certificate, ...]:
        """ACM certificates of any status, newest first."""
        return self._memo.get("certificates", lambda: tls.look_up_certificates(self._aws))

    def server_certificates(self) -> tuple[tls.Certificate, ...]:
        """IAM server certificates, newest first."""
        return self._memo.get("iam certificates", lambda: tls.look_up_server_certificates(self._aws))

    def certificate_for(self, domain: str, zone: str) -> tls.Certificate | None:
        """The newest valid ACM certificate for the domain, else the newest IAM certificate named after the zone."""
        return tls.acm_certificate_for(
            domain, self.certificates(), self._certificate_names
        ) or tls.server_certificate_for(zone, self.server_certificates())

    def _certificate_names(self, arn: str) -> tuple[str, ...]:
        return self._memo.get(("certificate", arn), lambda: tls.look_up_names(self._aws, arn))

    def certified(self, domain: str, arns: Iterable[str]) -> bool:
        """Whether one of these certificates is good for the domain, or one is not of ACM, so that nobody can tell."""
        known = {item.arn: item for item in self.certificates()}
        wanted = [known.get(arn) for arn in arns]
        of_acm = [item for item in wanted if item is not None]
        unknown = len(of_acm) < len(wanted) or not wanted
        return unknown or tls.acm_certificate_for(domain, of_acm, self._certificate_names) is not None

    # -- shared load balancers

    def shared_balancer(self, stack: str) -> shared.SharedBalancer:
        """Of another, complete stack. Raises NotFound."""
        return shared.balancer_of(self._stack(stack))

    def shared_balancers(self) -> tuple[str, ...]:
        """The names of the stacks that have one."""
        return self._memo.get("shared balancers", lambda: shared.look_up_names(self._aws))

    def listener_rules(self, listener: str) -> tuple[shared.ListenerRule, ...]:
        """By priority, the default one left out. listener: ARN."""
        return self._memo.get(("rules", listener), lambda: shared.look_up_rules(self._aws, listener))

    def balancer_room(self) -> tuple[int, int]:
        """How many rules and target groups a load balancer may have."""
        return self._memo.get("balancer room", lambda: shared.look_up_quotas(self._aws))

    def target_group_tags(self, arns: Iterable[str]) -> dict[str, dict[str, str]]:
        """By ARN."""
        wanted = tuple(sorted(set(arns)))
        return self._memo.get(("tags", wanted), lambda: shared.look_up_tags(self._aws, wanted)) if wanted else {}

    # -- identity and IAM

    @property
    def identity(self) -> str:
        """The account id, 12 digits."""
        return self._memo.get("identity", lambda: str(self._aws.call("sts", "get_caller_identity")["Account"]))

    @property
    def alias(self) -> str:
        """The account's alias, "" without one."""
        return self._memo.get(
            "alias", lambda: next(iter(self._aws.pages("iam", "list_account_aliases", "AccountAliases")), "")
        )

    def role_policies(self, role: str) -> tuple[dict[str, Any], ...]:
        """The inline policies of a role as ``{PolicyName, PolicyDocument}``. Raises NotFound."""
        return self._memo.get(("role", role), lambda: self._look_up_role_policies(role))

    def _look_up_role_policies(self, role: str) -> tuple[dict[str, Any], ...]:
        try:
            names = list(self._aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=role))
        except AwsError as error:
            if error.code != "NoSuchEntity":
                raise
            raise NotFound(
                f'there is no IAM role "{role}" in this account', hint="Correct the name or create the role."
            ) from error

        def document(name: str) -> Callable[[], dict[str, Any]]:
            return lambda: self._aws.call("iam", "get_role_policy", RoleName=role, PolicyName=name)

        answers = self._aws.parallel({name: document(name) for name in names})
        return tuple({"PolicyName": name, "PolicyDocument": answers[name]["PolicyDocument"]} for name in names)

    # -- other services

    def topics(self) -> tuple[str, ...]:
        """The ARNs of the SNS topics."""
        return self._memo.get(
            "topics", lambda: tuple(item["TopicArn"] for item in self._aws.pages("sns", "list_topics", "Topics"))
        )

    def topic(self, name: str) -> str:
        """The ARN of a topic given by name or ARN. Raises NotFound."""
        if name.startswith("arn:"):
            return name
        for arn in self.topics():
            if arn.rsplit(":", 1)[-1] == name:
                return arn
        raise NotFound(
            f'there is no SNS topic "{name}" in this account and region',
            hint=f"Create it (aws sns create-topic --name {name}) or correct OperatorTopicId.",
        )

    def decrypt(self, ciphertext: str) -> str:
        """The plaintext of base64 KMS ciphertext. Raises DefinitionError where it is no such thing."""

        def look_up() -> str:
            try:
                blob = base64.b64decode(ciphertext, validate=True)
            except binascii.Error as error:
                raise DefinitionError(
                    "what follows senza:kms: is not base64", hint="aws kms encrypt prints what belongs there."
                ) from error
            plaintext: bytes = self._aws.call("kms", "decrypt", CiphertextBlob=blob)["Plaintext"]
            return plaintext.decode()

        return self._memo.get(("kms", ciphertext), look_up)

    def stack_resource(self, stack: str, logical_id: str) -> str:
        """The physical id of a resource of another, complete stack. Raises NotFound."""
        self._stack(stack)
        return self._memo.get(
            ("resource", stack, logical_id), lambda: stacks.look_up_resource(self._aws, stack, logical_id)
        )

    def stack_output(self, stack: str, output: str) -> str:
        """The value of an output of another, complete stack. Raises NotFound."""
        return stacks.output_of(self._stack(stack), output)

    def _stack(self, name: str) -> dict[str, Any]:
        return self._memo.get(("stack", name), lambda: stacks.look_up_stack(self._aws, name))

    def ssm_parameter(self, name: str) -> str:
        """The value of an SSM parameter, public ones (``/aws/service/...``) included. Raises NotFound."""

        def look_up() -> str:
            try:
                return str(self._aws.call("ssm", "get_parameter", Name=name)["Parameter"]["Value"])
            except AwsError as error:
                if error.code != "ParameterNotFound":
                    raise
                raise NotFound(f"there is no SSM parameter {name} in this region") from error

        return self._memo.get(("ssm", name), look_up)
