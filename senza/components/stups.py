"""``Senza::StupsAutoConfiguration``: the network, and the newest Taupage images."""

from __future__ import annotations

from typing import ClassVar

from senza.account import Needs
from senza.account.images import CHANNELS, newest
from senza.components.model import Fragment
from senza.components.network import SubnetAutoConfiguration
from senza.errors import NotFound


class StupsAutoConfiguration(SubnetAutoConfiguration):
    type_names: ClassVar[tuple[str, ...]] = ("StupsAutoConfiguration",)
    summary: ClassVar[str] = (
        "SubnetAutoConfiguration, and the newest Taupage images as LatestTaupageImage, "
        "LatestTaupageStagingImage and LatestTaupageDevImage."
    )
    example: ClassVar[str] = """\
Configuration:
  Type: Senza::StupsAutoConfiguration
"""

    def needs(self) -> Needs:
        return super().needs() | Needs(images=True)

    def build(self) -> Fragment:
        fragment = super().build()
        found = self.site.account.taupage_images()
        images = {name: newest(prefix, found) for name, prefix in CHANNELS.items()}
        stable = images["LatestTaupageImage"]
        if stable is None:
            raise NotFound(
                "there is no Taupage image (Taupage-AMI-*) in this account and region",
                hint="Share one with the account, or use Senza::SubnetAutoConfiguration and an Image of your own.",
                where=self.settings.where(),
            )
        if stable.public:
            self.site.warn(
                f"the Taupage image {stable.id} ({stable.name}) is a public image of account {stable.owner}: "
                "make sure that you trust that account"
            )
        names = fragment.mappings.setdefault("Images", {}).setdefault(self.site.account.region, {})
        names.update({name: image.id for name, image in images.items() if image})
        return fragment
