"""Gap: moto's load balancers and target groups do not get the tags of their stack nor those that CloudFormation adds;
the tagging API calls classic balancers by another type, and ends a page after 100 tags where nobody asked for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

CLOUDFORMATION = "aws:cloudformation:"
DEFAULT_TAGS_PER_PAGE = 100
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
    for model in (modern.FakeLoadBalancer, modern.FakeTargetGroup):
        tagged_by_stack(model, tag_modern)
