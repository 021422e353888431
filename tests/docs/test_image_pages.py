"""The pages about images and policies say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from senza.account.machine_images import STOCK_IMAGES
from senza.components.docker_permissions import permissions
from senza.provenance import read_policy
from senza.provenance.reading import KEYS
from senza.sandbox.published import REPOSITORY, TAGS

DOCS = Path(__file__).parents[2] / "docs"
EVERYTHING = {
    "source": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1",
    "environment": {"A": "aws:ssm:a", "B": "aws:secretsmanager:b", "C": "aws:kms:AAAA"},
    "cloudwatch_logs": {"/var/log/messages": "host"},
    "enhanced_cloudwatch_metrics": True,
    "volumes": {"ebs": {"/dev/xvdf": "data"}},
    "mounts": {"/data": {"partition": "/dev/xvdf"}},
    "healthcheck": {"type": "elb", "loadbalancer_name": "lb"},
}


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text()


def test_the_policy_on_the_page_is_one_and_has_every_key(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", page("policy"), re.DOTALL)
    whole = read_policy(str(tmp_path / "policy.yaml"), lambda place: blocks[0])
    assert whole.repositories == ("https://github.com/acme/*",)
    assert read_policy("keyless.yaml", lambda place: blocks[1]).signature
    for section, keys in KEYS.items():
        if section != "signature":
            assert [key for key in keys if not re.search(rf"^ *{key}:", blocks[0], re.MULTILINE)] == []


def test_every_permission_is_on_the_page() -> None:
    given = {action for one in permissions(EVERYTHING, "LogGroup", ["alias/a"]) for action in one.actions}
    assert {action for action in given if f"`{action}`" not in page("images")} == set()
    named = set(re.findall(r"`([a-z0-9]+:[A-Z][A-Za-z]+)`", page("images").partition("## What instances may do")[2]))
    assert named - given == {"iam:GetRole", "iam:SimulatePrincipalPolicy"}


def test_every_image_is_on_the_page() -> None:
    for name, image in STOCK_IMAGES.items():
        assert f"| `{name}`" in page("images")
        assert name == "Bottlerocket" or f"`{image.parameter.replace('{}', '…')}`" in page("images")
    assert f"`{REPOSITORY}` in versions {' and '.join(TAGS)}" in page("images")
