"""``Senza::CoreosAutoConfiguration``: the network, and the newest image of CoreOS' successor."""

from __future__ import annotations

from typing import ClassVar

from senza.components.model import Fragment
from senza.components.network import SubnetAutoConfiguration

FLATCAR = "/aws/service/flatcar/stable/amd64"
"""Public SSM parameter with the image id of Flatcar Container Linux, to which CoreOS' own release feed gave way."""


class CoreosAutoConfiguration(SubnetAutoConfiguration):
    type_names: ClassVar[tuple[str, ...]] = ("CoreosAutoConfiguration", "CoreOSAutoConfiguration")
    summary: ClassVar[str] = "SubnetAutoConfiguration, and the newest stable Flatcar image as LatestCoreOSImage."
    example: ClassVar[str] = """\
Configuration:
  Type: Senza::CoreosAutoConfiguration
"""

    def build(self) -> Fragment:
        fragment = super().build()
        with self.settings.blaming():
            image = self.site.account.flatcar_image(FLATCAR)
        names = fragment.mappings.setdefault("Images", {}).setdefault(self.site.account.region, {})
        names["LatestCoreOSImage"] = image
        return fragment
