"""Templates of running stacks, and the weights they carry."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from senza.aws import Aws
from senza.errors import AwsError, NotFound, OperationFailed

RECORD_SET = "AWS::Route53::RecordSet"
SUB_VARIABLE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")


def deployed_template(aws: Aws, stack: str) -> dict[str, Any]:
    """The template of the stack of that name or id, parsed. Raises NotFound."""
    return parse(deployed_body(aws, stack), stack)


def deployed_body(aws: Aws, stack: str) -> str | Mapping[str, Any]:
    """As AWS gives it: botocore parses JSON, anything else is the text as it was sent."""
    try:
        body: str | Mapping[str, Any] = aws.call("cloudformation", "get_template", StackName=stack)["TemplateBody"]
    except AwsError as error:
        if error.code == "ValidationError" and "does not exist" in error.message:
            raise NotFound(f"there is no stack {stack}", hint="senza list shows the stacks of this region.") from error
        raise
    return body


def parse(body: str | Mapping[str, Any], stack: str) -> dict[str, Any]:
    if not isinstance(body, str):
        return json.loads(json.dumps(body))  # type: ignore[no-any-return]  # plain dicts instead of OrderedDicts
    from senza.definition.yamltree import parse as parse_yaml

    tree = parse_yaml(body, f"template of {stack}", lenient=True).value
    if not isinstance(tree, dict):
        raise OperationFailed(f"the template of {stack} is not a mapping")
    return tree


def weighted_resources(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Logical id to properties of the weighted record sets of a template."""
    return {
        logical_id: resource.get("Properties") or {}
        for logical_id, resource in (template.get("Resources") or {}).items()
        if isinstance(resource, dict)
        and resource.get("Type") == RECORD_SET
        and "Weight" in (resource.get("Properties") or {})
    }


def with_weights(template: Mapping[str, Any], weights: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the template whose weighted records, by logical id, say these weights."""
    changed = copy.deepcopy(dict(template))
    for logical_id, weight in weights.items():
        changed["Resources"][logical_id]["Properties"]["Weight"] = weight
    return changed


def references(node: Any) -> set[str]:
    """The names that ``Ref``, ``Fn::GetAtt`` and ``Fn::Sub`` in this part of a template mention."""
    if isinstance(node, list):
        return {name for one in node for name in references(one)}
    if not isinstance(node, dict):
        return set()
    found = {name for value in node.values() for name in references(value)}
    if isinstance(node.get("Ref"), str):
        found.add(node["Ref"])
    attribute = node.get("Fn::GetAtt")
    if attribute:
        found.add(str(attribute).split(".")[0] if isinstance(attribute, str) else str(attribute[0]))
    text = node.get("Fn::Sub")
    text = text[0] if isinstance(text, list) and text else text
    if isinstance(text, str):
        found |= {name.split(".")[0] for name in SUB_VARIABLE.findall(text)}
    return found
