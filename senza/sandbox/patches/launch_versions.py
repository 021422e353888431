"""Gap: moto's CreateLaunchTemplateVersion ignores SourceVersion, and cannot launch what it was given user data for."""

from __future__ import annotations

from typing import Any


def apply() -> None:
    from moto.ec2.responses import launch_templates as responses
    from moto.ec2.utils import parse_user_data

    create_version = responses.LaunchTemplates.create_launch_template_version

    def create_launch_template_version(self: Any) -> Any:
        source = self._get_param("SourceVersion")
        data = dict(self._get_param("LaunchTemplateData", {}))
        if "UserData" in data:
            data["UserData"] = parse_user_data(data["UserData"])
        if source:
            name, ident = self._get_param("LaunchTemplateName"), self._get_param("LaunchTemplateId")
            backend = self.ec2_backend
            template = backend.get_launch_template_by_name(name) if name else backend.get_launch_template(ident)
            data = template.get_version(source).data | data
        get_param = self._get_param

        def given(name: str, *args: Any) -> Any:
            return data if name == "LaunchTemplateData" else get_param(name, *args)

        self._get_param = given
        try:
            return create_version(self)
        finally:
            del self._get_param

    responses.LaunchTemplates.create_launch_template_version = create_launch_template_version
