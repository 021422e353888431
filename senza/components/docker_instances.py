"""Instances of a stock image that run one container: the image by its id, the bootstrap, the log group, the profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import iam, logs

from senza.account.role_permissions import missing_permissions
from senza.components.docker_permissions import Permission, example_arn, permissions, policy, secrets
from senza.components.functions import get_att, is_function, ref
from senza.components.image_tags import tag, tag_image
from senza.components.instance_profiles import EC2_TRUST
from senza.components.model import Container, Fragment, Site
from senza.components.settings import Settings
from senza.components.shapes import Shaper
from senza.errors import NotFound, SenzaError
from senza.userdata.bootstrap import Problem, bootstrap, check, log_group_of

RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Days that CloudWatch Logs knows (API reference, PutRetentionPolicy)."""
METADATA = {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 2}
"""A container is one network hop away from its instance (EC2 user guide, "Instance metadata options")."""


class DockerInstances:
    """stock: name of the image. config: TaupageConfig as given; complete: with everything that is added to it."""

    def __init__(
        self,
        settings: Settings,
        site: Site,
        *,
        stock: str,
        architecture: str,
        config: Settings,
        complete: Mapping[str, Any],
    ) -> None:
        self._settings = settings
        self._site = site
        self._stock = stock
        self._architecture = architecture
        self._config = config
        self._complete = complete
        self._shaper = Shaper(settings, site.tolerate)

    def adjust(self, data: dict[str, Any], fragment: Fragment) -> None:
        """Put it all into the data of the launch template and the fragment.

        Raises DefinitionError, NotFound, Refused and what a registry that cannot be asked raises.
        """
        self._check_config()
        image = self._image()
        self._site.containers.append(Container(self._settings.name, self._complete, image))
        if "ImageId" not in self._settings:
            data["ImageId"] = self._machine_image()
        data["MetadataOptions"] = {**METADATA, **_mapping(self._settings.get("MetadataOptions"))}
        log_group = self._log_group(fragment)
        self._profile(data, fragment, log_group)
        with self._config.blaming():
            text = bootstrap(
                self._complete,
                os=self._stock,
                image=image,
                is_function=is_function,
                log_group=ref(log_group) if log_group else None,
            )
        data["UserData"] = {"Fn::Base64": text}

    def _check_config(self) -> None:
        problems = check(self._complete, os=self._stock, is_function=is_function)
        for problem in problems:
            if not problem.fatal:
                hint = f". {problem.hint}" if problem.hint else ""
                place = self._config.where(*self._known_path(problem.path))
                self._site.warn(f"{place}: {said(problem)}{hint}")
        fatal = [problem for problem in problems if problem.fatal]
        if fatal:
            message = "\nAnd: ".join(map(said, fatal))
            if not fatal[0].path and "Image" in self._settings:
                raise self._settings.wrong(message, "Image", hint=fatal[0].hint)
            raise self._config.wrong(message, *self._known_path(fatal[0].path), hint=fatal[0].hint)

    def _known_path(self, path: tuple[str | int, ...]) -> tuple[Any, ...]:
        """The key path as the definition has it: keys may be numbers there."""
        node: Any = self._config.values
        found: list[Any] = []
        for part in path:
            if isinstance(node, Mapping):
                part = next((key for key in node if str(key) == str(part)), part)
                node = node.get(part)
            elif isinstance(node, list) and isinstance(part, int) and part < len(node):
                node = node[part]
            else:
                break
            found.append(part)
        return tuple(found)

    def _image(self) -> Any:
        """The container image by its digest, or as it was written where the digest is not known."""
        source = self._complete["source"]
        if is_function(source):
            self._site.warn(
                f"{self._config.where('source')}: the image is a function, so that it is not pinned to a digest, "
                "and no policy is applied to it"
            )
            return source
        with self._config.blaming("source"):
            checked = self._site.check_image(str(source), self._architecture, pin=True)
        if checked is None:
            return str(source)
        tag_image(self._site, self._settings.name, checked)
        return checked.pinned or checked.written

    def _machine_image(self) -> str:
        with self._settings.blaming(*(["Image"] if "Image" in self._settings else [])):
            images = self._site.account.stock_images([self._stock])
            found = images.get((self._stock, self._architecture))
            if found is None:
                raise NotFound(
                    f"there is no image of {self._stock} for {self._architecture} in {self._site.account.region}",
                    hint="Give the ImageId of one, and leave Image as it is.",
                )
        tag(self._site, self._settings.name, "ami", f"{self._stock} {self._architecture} {found}")
        return found

    def _log_group(self, fragment: Fragment) -> str:
        """The logical id of the log group, "" where the definition names another one."""
        if log_group_of(self._complete) is not None:
            return ""
        days = self._settings.integer("LogRetention", RETENTIONS[5])
        if not is_function(days) and days not in RETENTIONS:
            near = min(RETENTIONS, key=lambda known: abs(known - days))
            raise self._settings.wrong(f"LogRetention cannot be {days} days", "LogRetention", hint=f"Write {near}.")
        name = f"{self._settings.name}LogGroup"
        # The first part of the stack's own id: a stack of that name that was deleted has left its logs behind.
        ident = {"Fn::Select": [2, {"Fn::Split": ["/", ref("AWS::StackId")]}]}
        short = {"Fn::Select": [0, {"Fn::Split": ["-", ident]}]}
        full_name = {"Fn::Join": ["/", ["/senza", ref("AWS::StackName"), self._settings.name, short]]}
        group = self._shaper.resource(logs.LogGroup, name, {"LogGroupName": full_name, "RetentionInDays": days})
        group.resource.update(DeletionPolicy="Retain", UpdateReplacePolicy="Retain")
        fragment.resources[name] = group
        return name

    def _profile(self, data: dict[str, Any], fragment: Fragment, log_group: str) -> None:
        keys = self._settings.items("KmsKeys")
        wanted = permissions(self._complete, log_group, keys)
        if "IamInstanceProfile" in self._settings:
            return
        if "IamRoles" in self._settings:
            self._tell_what_is_missing(wanted)
            return
        self._check_secrets(keys)
        role, profile = f"{self._settings.name}Role", f"{self._settings.name}InstanceProfile"
        fragment.resources[role] = self._shaper.resource(
            iam.Role,
            role,
            {
                "AssumeRolePolicyDocument": EC2_TRUST,
                "Path": "/",
                "Policies": [{"PolicyName": "instance", "PolicyDocument": policy(wanted)}],
            },
        )
        fragment.resources[profile] = self._shaper.resource(
            iam.InstanceProfile, profile, {"Path": "/", "Roles": [ref(role)]}
        )
        data["IamInstanceProfile"] = {"Arn": get_att(profile, "Arn")}

    def _check_secrets(self, keys: list[Any]) -> None:
        for path, value in secrets(self._complete):
            if is_function(value):
                self._site.warn(
                    f"{self._config.where(*path)}: which secret this is becomes known to CloudFormation only, so that "
                    "the instance profile does not allow it. Give IamRoles with a role that does."
                )
            elif str(value).startswith("aws:kms:") and not keys:
                raise self._settings.wrong(
                    f"{'.'.join(path)} is encrypted with a key of KMS that the instances may not use",
                    hint="Name the key, e.g. KmsKeys: [alias/my-key].",
                )

    def _tell_what_is_missing(self, wanted: list[Permission]) -> None:
        """A role of the definition's is not changed; what it lacks would show when the instances start."""
        role = self._settings.items("IamRoles")
        name = role[0] if len(role) == 1 and isinstance(role[0], str) else None
        if name is None:
            return
        try:
            missing = missing_permissions(
                self._site.account.aws,
                name,
                {one.sid: (one.actions, one.resources) for one in wanted if one.condition is None},
                lambda partition, account, one: example_arn(partition, account, self._site.account.region, one),
            )
        except SenzaError:
            return  # who may not look into roles learns from the instance's log
        if missing:
            self._site.warn(
                f"{self._settings.where('IamRoles')}: the role {name} does not seem to allow what instances need: "
                f"{', '.join(missing)}. Without IamRoles, {self._settings.name} gets a role of its own that does."
            )


def said(problem: Problem) -> str:
    """With the key in front, as a definition has it."""
    return f"{'.'.join(map(str, problem.path))} {problem.message}".strip()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) and not is_function(value) else {}
