"""Bound definition + facts about the account -> template.

Every component is first asked what it needs to know, all of that is looked up at the same time, and then each adds its
fragment to the plain CloudFormation of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from troposphere import BaseAWSObject

from senza.account import Account, Needs
from senza.components import senza_info
from senza.components.capabilities import capabilities_of
from senza.components.compiled import Compiled, weighted_records_of, weighted_targets_of
from senza.components.model import Balanced, ComponentType, Fragment, Images, Network, Site
from senza.components.registry import component_class
from senza.components.settings import Settings
from senza.components.shapes import plain, section_of
from senza.definition.model import Bound
from senza.definition.suggest import did_you_mean
from senza.errors import DefinitionError

FORMAT_VERSION = "2010-09-09"
SECTIONS = {"Resources", "Mappings", "Metadata", "Parameters", "Outputs", "Conditions"}
"""Of a template; all of them are mappings."""
RESOURCE_ATTRIBUTES = frozenset(
    ("CreationPolicy", "UpdatePolicy", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Condition")
)
"""Of CloudFormation resources. The classic tool took and ignored them in components, and files that have them work."""


def compile(
    bound: Bound,
    account: Account,
    *,
    force: bool = False,
    extra_tags: Mapping[str, str] | None = None,
    tolerated: Callable[[DefinitionError], None] | None = None,
    images: Images | None = None,
) -> Compiled:
    """The template of a stack and everything else that CloudFormation wants to know with it.

    force: unknown properties are warnings.
    extra_tags: of the command line; they win over ``SenzaInfo.Tags``.
    images: finds out about container images and judges them. Without it none are looked for.
    tolerated: told of the errors that ``force`` makes warnings of, instead of raising them, to know of all at once.
    Raises DefinitionError with its place, NotFound, UsageError and AwsError. Changes nothing.
    """
    warnings: list[str] = list(bound.warnings)
    template = dict(plain(bound.template))
    for name in sorted(SECTIONS & template.keys()):
        section_of(template, name, bound.source)
    secrets = senza_info.decrypted(bound, account)
    given_secrets = senza_info.decrypted_parameters(bound, account)
    parameters = {key: name for key, (name, _) in secrets.items()}
    site = Site(bound, account, force, warnings.append, parameters, tolerated=tolerated, images=images)
    components = _components(site)
    account.warm(_needs(components, bound))
    template["AWSTemplateFormatVersion"] = str(template.get("AWSTemplateFormatVersion", FORMAT_VERSION))
    makers: dict[str, str] = {}
    for component in components:
        _add(template, component.build(), component.settings, site, makers)
    tags = senza_info.stack_tags(bound, {**site.own_tags, **site.tags}, extra_tags or {})
    if secrets or given_secrets:
        ciphertexts = {bound.info[key]: name for key, (name, _) in secrets.items()}
        ciphertexts |= {bound.arguments[name]: name for name in given_secrets}
        template = senza_info.referring(template, ciphertexts)
    senza_info.add_to(template, bound, tags, secrets)
    topic = site.operator_topic()
    arguments = {**bound.arguments, **given_secrets}
    values = {name: arguments[name] for name in _declared(bound) if name in (template.get("Parameters") or ())}
    return Compiled(
        template=template,
        stack_name=bound.stack_name,
        version=bound.version,
        tags=tags,
        parameters={**values, **dict(secrets.values())},
        capabilities=capabilities_of(template),
        notification_arns=(topic,) if topic else (),
        warnings=tuple(dict.fromkeys(warnings)),
        weighted_records=weighted_records_of(template, account),
        weighted_targets=weighted_targets_of(template, site.listeners),
        made_by=makers,
        images=tuple(site.checked_images),
        containers=tuple(site.containers),
        bound=bound,
    )


def _declared(bound: Bound) -> list[str]:
    return [parameter.name for parameter in bound.parameters]


def _components(site: Site) -> list[ComponentType]:
    components: list[ComponentType] = []
    names: set[str] = set()
    for component in site.bound.components:
        kind = component_class(component, site.bound.source)
        settings = Settings.of(component, site.bound.source)
        if component.name in names:
            hint = "Rename one of them: the names of components are the names of their resources."
            raise settings.wrong(f"there are two components called {component.name}", hint=hint)
        names.add(component.name)
        _check_names(kind, settings, site)
        made = kind(settings, site)
        components.append(made)
        if site.network is None and isinstance(made, Network):
            site.network = made
        if isinstance(made, Balanced):
            site.balanced[component.name] = made
    return components


def _check_names(kind: type[ComponentType], settings: Settings, site: Site) -> None:
    known = kind.known_properties()
    for name in settings.values:
        if name in RESOURCE_ATTRIBUTES and name not in known:
            site.warn(f"{settings.where(name)}: {name} belongs to plain resources; it has no effect in a component")
        elif name not in known:
            error = settings.wrong(
                f"{kind.type_names[0]} has no property {name}", name, hint=did_you_mean(str(name), known)
            )
            site.tolerate(error)


def _needs(components: list[ComponentType], bound: Bound) -> Needs:
    topic = str(bound.info.get("OperatorTopicId") or "arn:")
    needs = Needs(topics=not topic.startswith("arn:"))
    for component in components:
        needs |= component.needs()
    return needs


def _add(template: dict[str, Any], fragment: Fragment, settings: Settings, site: Site, makers: dict[str, str]) -> None:
    """Add what a component makes. makers: resource -> the component that made it."""
    source = site.bound.source
    resources = section_of(template, "Resources", source) if fragment.resources else {}
    for name, resource in fragment.resources.items():
        made = _as_dict(resource, settings)
        if name in makers and resources[name] != made:  # one subnet group serves any number of Redis components
            message = f"{settings.name} and {makers[name]} both make a resource {name}"
            site.tolerate(settings.wrong(message, hint="Make two stacks of them, or rename one of the components."))
        elif name in resources and name not in makers:
            site.warn(
                f"{source.where('Resources', name)}: {name} is made by the component {settings.name}, "
                "and what stands here is not used. Give the component its properties, or rename one of the two."
            )
        makers[name] = settings.name
        resources[name] = made
    for mapping, regions in fragment.mappings.items():
        for region, entries in regions.items():
            by_region = section_of(section_of(template, "Mappings", source), mapping, source, "Mappings")
            section_of(by_region, region, source, "Mappings", mapping).update(plain(entries))
    for name, parameter in fragment.parameters.items():
        section_of(template, "Parameters", source)[name] = plain(parameter)
    for name, output in fragment.outputs.items():
        section = section_of(template, "Outputs", source)
        if name in section:
            hint = "Rename the one under Outputs, or make two stacks of the components that have it."
            raise settings.wrong(f"{settings.name} makes an output {name}, and there is one already", hint=hint)
        section[name] = plain(output)
    if fragment.description:
        template.setdefault("Description", fragment.description)


def _as_dict(resource: Any, settings: Settings) -> Any:
    if not isinstance(resource, BaseAWSObject):
        return plain(resource)
    try:
        return plain(resource.to_dict())
    except (ValueError, TypeError) as error:
        raise settings.wrong(f"{settings.name} makes no valid {resource.resource_type}: {error}") from error
