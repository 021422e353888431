"""What Taupage instances are told."""

from __future__ import annotations

import pytest
import yaml

from senza.account.oci import FoundImage, ImageReference, RegistryUnavailable
from senza.errors import DefinitionError, NotFound
from senza.provenance import Gate
from tests.components.conftest import Compiles, definition

APP = "- App: {Type: Senza::TaupageAutoScalingGroup, InstanceType: t3.nano, TaupageConfig: {%s}%s}"


def user_data(compiles: Compiles, config: str, *, before: str = "", more: str = "") -> dict[str, object]:
    compiled = compiles.component(before + APP % (config, more))
    text = compiled["AppConfig"]["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]
    first, _, rest = text.partition("\n")
    assert first == "#taupage-ami-config"
    parsed: dict[str, object] = yaml.safe_load(rest)
    return parsed


def test_what_is_added(compiles: Compiles) -> None:
    assert user_data(compiles, "runtime: Docker, source: 'redis'") == {
        "runtime": "Docker",
        "source": "redis",
        "notify_cfn": {"stack": "my-app-1", "resource": "App"},
        "application_id": "my-app",
        "application_version": "1",
    }


def test_what_is_given_stays(compiles: Compiles) -> None:
    found = user_data(
        compiles,
        "runtime: Docker, source: 'a/b@sha256:0', application_id: other, application_version: '1.10',"
        " notify_cfn: {stack: s, resource: r}, ports: {8080: 8080, 53/udp: 53}",
    )
    assert found["application_version"] == "1.10"
    assert found["application_id"] == "other"
    assert found["notify_cfn"] == {"stack": "s", "resource": "r"}
    assert found["ports"] == {8080: 8080, "53/udp": 53}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("runtime: Docker", "needs source"),
        ("source: 'a'", "runtime must be Docker, and it is missing"),
        ("runtime: Rocket, source: 'a'", "runtime must be Docker, not 'Rocket'"),
        (
            "runtime: Docker, source: 'a', application_id: 'A_B'",
            "application_id 'A_B'",
        ),
        ("runtime: Docker, source: 'a', application_version: '-1'", "application_version '-1'"),
    ],
)
def test_mistakes(config: str, message: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        user_data(compiles, config)
    assert caught.value.where is not None
    assert "TaupageConfig" in caught.value.where.path


def test_config_is_needed(compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match="App needs TaupageConfig"):
        compiles.component("- App: {Type: Senza::TaupageAutoScalingGroup, InstanceType: t3.nano}")


@pytest.mark.parametrize(
    ("network", "more", "expected"),
    [
        ("PublicOnly: true", "", True),
        ("PublicOnly: true", ", AssociatePublicIpAddress: true", False),
        ("PublicOnly: false", "", False),
    ],
)
def test_the_way_out_of_a_public_network(
    network: str, more: str, expected: bool, compiles: Compiles, labels: dict[str, str]
) -> None:
    before = f"- C: {{Type: Senza::StupsAutoConfiguration, {network}}}\n"
    found = user_data(compiles, "runtime: Docker, source: 'a'", before=before, more=more).get("nat_gateways")
    if not expected:
        assert found is None
        return
    assert isinstance(found, dict)
    assert {labels[key]: labels[value] for key, value in found.items()} == {
        "<subnet:dmz-eu-central-1a>": "<nat-ip:dmz-eu-central-1a>"
    }


class Registry:
    """A registry that has one image, or cannot be asked."""

    def __init__(self, has: str = "", *, broken: bool = False) -> None:
        self.has = has
        self.broken = broken
        self.asked: list[str] = []

    def look_up(self, image: str, architecture: str = "") -> FoundImage:
        self.asked.append(image)
        if self.broken:
            raise RegistryUnavailable("no connection")
        if image != self.has:
            raise NotFound(f"there is no container image {image}")
        return FoundImage(ImageReference.parse(image), "sha256:" + "0a" * 32, ("amd64",), None)


NAME = "registry.example.org/team/app:1"
IMAGE = APP % (f"runtime: Docker, source: '{NAME}'", "")


def test_the_image_is_looked_for(compiles: Compiles) -> None:
    registry = Registry()
    with pytest.raises(NotFound, match="no container image") as caught:
        compiles(definition(IMAGE), images=Gate(registry))
    assert registry.asked == [NAME]
    assert caught.value.where is not None
    assert caught.value.where.path[-1] == "source"
    assert compiles(definition(IMAGE), images=Gate(Registry(NAME))).warnings == ()
    forced = compiles(definition(IMAGE), images=Gate(registry, force=True), force=True)
    assert forced.warnings == (f"there is no container image {NAME}",)
    assert "could not find out" in compiles(definition(IMAGE), images=Gate(Registry(broken=True))).warnings[0]
