"""Gap: moto's load balancers and target groups do not get the tags of their stack nor those that CloudFormation adds;
the tagging API calls classic balancers by another type, knows neither listeners nor their rules, and ends a page after
100 tags where nobody asked for that. Only ten tags fit on a v2 balancer, and what does not exist has no tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from senza.sandbox.patches import rule_limits as limits
from senza.sandbox.patches.listener_rules import rules

CLOUDFORMATION = "aws:cloudformation:"
DEFAULT_TAGS_PER_PAGE = 100
MAX_TAGS = 50
MAX_DESCRIBED = 20
"""ARNs of one DescribeTags."""
Tag = Callable[[Any, dict[str, str]], None]
"""Gives a model tags; those that it has stay as they are."""


def tagged_by_stack(model: Any, tag: Tag) -> None:
    create_from = model.create_from_cloudformation_json.__func__
    update_from = model.update_from_cloudformation_json.__func__

    def create(cls: Any, /, *args: Any, **kwargs: Any) -> Any:
        made = create_from(cls, *args, **kwargs)
        made.senza_stack_tags = (kwargs.get("StackTags") or {}) | {
            f"{CLOUDFORMATION}stack-name": kwargs["StackId"].split("/")[1],
            f"{CLOUDFORMATION}stack-id": kwargs["StackId"],
            f"{CLOUDFORMATION}logical-id": kwargs["LogicalId"],
        }
        tag(made, made.senza_stack_tags)
        return made

    def update(cls: Any, /, original_resource: Any, *args: Any, **kwargs: Any) -> Any:
        made = update_from(cls, original_resource, *args, **kwargs)
        made.senza_stack_tags = original_resource.senza_stack_tags
        tag(made, made.senza_stack_tags)
        return made

    model.create_from_cloudformation_json = classmethod(create)
    model.update_from_cloudformation_json = classmethod(update)


def tag_classic(balancer: Any, tags: dict[str, str]) -> None:
    balancer.tags = tags | balancer.tags


def tag_modern(resource: Any, tags: dict[str, str]) -> None:
    from moto.elbv2.models import elbv2_backends

    region, account = resource.arn.split(":")[3:5]
    service = elbv2_backends[account][region].tagging_service
    own = service.get_tag_dict_for_resource(resource.arn)
    service.tag_resource(resource.arn, [{"Key": key, "Value": text} for key, text in tags.items() if key not in own])


def of_modern() -> None:
    from moto.core.resource_tagging import TaggedResource
    from moto.elbv2 import models
    from moto.elbv2.exceptions import TooManyTagsError

    backend = models.ELBv2Backend
    tagged, describe_tags = backend.iter_tagged_resources, backend.describe_tags

    def tagged_resources(self: Any) -> Iterator[Any]:
        yield from tagged(self)
        arns = [(arn, "listener") for one in self.load_balancers.values() for arn in one.listeners]
        arns += [(rule.arn, "listener-rule") for _, rule in rules(self) if not rule.is_default]
        for arn, kind in arns:
            tags = self.tagging_service.get_tag_dict_for_resource(arn)
            yield TaggedResource(arn=arn, tags=tags, resource_type=f"elasticloadbalancing:{kind}")

    def described_tags(self: Any, resource_arns: list[str]) -> Any:
        if len(resource_arns) > MAX_DESCRIBED:
            raise limits.refused(f"Up to {MAX_DESCRIBED} resources can be described in a single call")
        for arn in resource_arns:
            self._get_resource_by_arn(arn)
        return describe_tags(self, resource_arns)

    def add_tags(self: Any, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
        given = {one["Key"]: one.get("Value", "") for one in tags}
        if any(key.startswith("aws:") for key in given):
            raise limits.refused("aws: prefixed tag key names are not allowed for external use.", "InvalidTag")
        for arn in resource_arns:
            self._get_resource_by_arn(arn)
            there = self.tagging_service.get_tag_dict_for_resource(arn) | given
            if sum(not key.startswith("aws:") for key in there) > MAX_TAGS:
                raise TooManyTagsError()
        for arn in resource_arns:
            self.tagging_service.tag_resource(arn, tags)

    backend.iter_tagged_resources, backend.describe_tags = tagged_resources, described_tags
    backend.add_tags = add_tags


def apply() -> None:
    from dataclasses import replace

    from moto.elb import models as classic
    from moto.elbv2 import models as modern
    from moto.resourcegroupstaggingapi import models as tagging

    iter_tagged_resources = classic.ELBBackend.iter_tagged_resources
    get_resources = tagging.ResourceGroupsTaggingAPIBackend.get_resources

    def tagged_resources(self: Any) -> Iterator[Any]:
        for resource in iter_tagged_resources(self):
            yield replace(resource, resource_type="elasticloadbalancing:loadbalancer")

    def resources(self: Any, *args: Any, tags_per_page: int = DEFAULT_TAGS_PER_PAGE, **kwargs: Any) -> Any:
        limit = 10**9 if tags_per_page == DEFAULT_TAGS_PER_PAGE else tags_per_page
        return get_resources(self, *args, tags_per_page=limit, **kwargs)

    classic.ELBBackend.iter_tagged_resources = tagged_resources
    tagging.ResourceGroupsTaggingAPIBackend.get_resources = resources
    tagged_by_stack(classic.LoadBalancer, tag_classic)
    of_modern()
    for model in (modern.FakeLoadBalancer, modern.FakeTargetGroup):
        tagged_by_stack(model, tag_modern)
