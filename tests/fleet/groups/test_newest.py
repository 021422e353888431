"""``--image latest``: the newest image of the family that a group runs, and never one of another family."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.errors import NotFound, UsageError
from senza.fleet.patch import Wish, plan_patch
from senza.fleet.wishes import Newest, image_wish
from senza.sandbox.embedded import EmbeddedSandbox
from tests.fleet.groups.conftest import Fleet

AMAZON_LINUX, AMAZON_LINUX_ARM, UBUNTU, FLATCAR, FLATCAR_OLD, TAUPAGE, TAUPAGE_OLD, TAUPAGE_STAGING, BOTTLEROCKET = (
    f"ami-0a0000000000000{number}" for number in ("51", "52", "61", "42", "41", "02", "01", "11", "71")
)
ON_TAUPAGE = base64.b64encode(b"#taupage-ami-config\nruntime: Docker\n").decode()
ELSEWHERE = base64.b64encode(b"#cloud-config\n{}\n").decode()


def published(aws: Aws, name: str, *, public: bool = True) -> str:
    """An older image of that name."""
    from moto.ec2.models import ec2_backends

    image = str(aws.call("ec2", "register_image", Name=name, Architecture="x86_64")["ImageId"])
    ec2_backends["123456789012"]["eu-central-1"].amis[image].architecture = "x86_64"  # which moto forgets
    if public:
        everybody = {"Add": [{"Group": "all"}]}
        aws.call("ec2", "modify_image_attribute", ImageId=image, LaunchPermission=everybody)
    return image


@pytest.mark.parametrize(
    ("name", "newest"),
    [
        ("al2023-ami-2023.5.20250101.0-kernel-6.1-x86_64", AMAZON_LINUX),
        ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250101", UBUNTU),
        ("Flatcar-stable-9000.1.0-hvm", FLATCAR),
        ("Taupage-AMI-20240101-090000", TAUPAGE),
    ],
)
def test_each_family_has_its_own(aws: Aws, name: str, newest: str) -> None:
    older = published(aws, name)
    assert Newest(aws, Account(aws), "latest")({"ImageId": older, "UserData": ELSEWHERE}) == newest


@pytest.mark.parametrize(
    ("wish", "data", "newest"),
    [
        ("latest", {"ImageId": TAUPAGE_OLD, "UserData": ON_TAUPAGE}, TAUPAGE),
        ("staging", {"ImageId": TAUPAGE, "UserData": ON_TAUPAGE}, TAUPAGE_STAGING),
        ("latest", {"ImageId": "ami-0123456789abcdef0", "UserData": ON_TAUPAGE}, TAUPAGE),  # gone
        ("latest", {"ImageId": TAUPAGE_STAGING}, TAUPAGE),
        ("latest", {"ImageId": AMAZON_LINUX_ARM, "UserData": ELSEWHERE}, AMAZON_LINUX_ARM),
        ("latest", {"ImageId": FLATCAR_OLD, "UserData": "!"}, FLATCAR),
    ],
)
def test_what_a_group_runs_says_which(aws: Aws, wish: str, data: Mapping[str, str], newest: str) -> None:
    assert Newest(aws, Account(aws), wish)(data) == newest


@pytest.mark.parametrize(
    ("wish", "image", "said"),
    [
        ("latest", BOTTLEROCKET, f"newest one like {BOTTLEROCKET} (bottlerocket-aws-ecs-2-x86_64-v1.50.0)"),
        ("latest", "ami-0123456789abcdef0", "newest one like ami-0123456789abcdef0$"),
        ("latest", "resolve:ssm:/my/image", "newest one like resolve:ssm:/my/image$"),
        ("latest", "", "newest one like no image$"),
        ("staging", AMAZON_LINUX, f"{AMAZON_LINUX} is AmazonLinux2023, which has no channel staging"),
    ],
)
def test_where_nobody_can_tell_it_is_refused(aws: Aws, wish: str, image: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Newest(aws, Account(aws), wish)({"ImageId": image, "UserData": ELSEWHERE})
    assert f"{caught.value.message}$".find(said) >= 0, caught.value.message


def test_a_copy_has_the_name_but_may_have_been_changed(aws: Aws) -> None:
    copy = published(aws, "al2023-ami-2023.5.20250101.0-kernel-6.1-x86_64", public=False)
    with pytest.raises(UsageError, match=f"newest one like {copy}"):
        Newest(aws, Account(aws), "latest")({"ImageId": copy})


def test_a_region_without_the_image(aws: Aws, sandbox: EmbeddedSandbox) -> None:
    from moto.ssm.models import ssm_backends

    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    del ssm_backends["123456789012"]["eu-central-1"]._parameters[name]
    with pytest.raises(NotFound, match="there is no AmazonLinux2023 image in eu-central-1"):
        Newest(aws, Account(aws), "latest")({"ImageId": AMAZON_LINUX})


def test_groups_of_several_families_are_patched_at_once(fleet: Fleet, sandbox: EmbeddedSandbox) -> None:
    older = published(fleet.aws, "al2023-ami-2023.5.20250101.0-kernel-6.1-x86_64")
    fleet.create("app-1", ImageId=TAUPAGE_OLD)
    fleet.create("app-2", user_data="#cloud-config\n{}\n", ImageId=older)
    fleet.create("app-3", user_data="#cloud-config\n{}\n", ImageId=older)
    wish = Wish(image=image_wish(fleet.aws, Account(fleet.aws), "latest"))
    sandbox.log.clear()
    steps = [
        step for name in ("app-1", "app-2", "app-3") for step in plan_patch(fleet.aws, fleet.groups(name)[0], wish)
    ]
    assert [step.changes for step in steps] == [{"ImageId": image} for image in (TAUPAGE, AMAZON_LINUX, AMAZON_LINUX)]
    looked = [str(call) for call in sandbox.log if str(call).startswith(("ec2:DescribeImages", "ssm:"))]
    assert looked == ["ec2:DescribeImages", "ec2:DescribeImages", "ssm:GetParameters"], "each family once"
    fleet.create("app-4", user_data="#cloud-config\n{}\n", ImageId=BOTTLEROCKET)
    with pytest.raises(UsageError, match="app-4 AppServer: nobody can tell"):
        plan_patch(fleet.aws, fleet.groups("app-4")[0], wish)
