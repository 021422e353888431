"""What a component type is: a small class with data beside it, properties in, resources out.

The data (names, summary, properties, example) is what the reference documentation is made of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from senza.account import Account, Needs
from senza.components.settings import Settings
from senza.definition.model import Bound
from senza.errors import DefinitionError, SenzaError
from senza.provenance import CheckedImage


@dataclass(frozen=True)
class Property:
    """One property of a component, as documented.

    type: in words, e.g. ``integer``, ``list of security groups``.
    default: as written in a definition; None where there is none.
    """

    name: str
    type: str
    doc: str
    default: Any = None
    required: bool = False


@dataclass
class Fragment:
    """What one component adds to the template. Resources are troposphere objects or plain CloudFormation."""

    resources: dict[str, Any] = field(default_factory=dict)
    mappings: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    description: str = ""
    """The stack's description, where the definition gives none."""


@runtime_checkable
class Network(Protocol):
    """What the component that detects the network tells the others."""

    @property
    def public_only(self) -> bool: ...

    def vpc_id(self) -> str: ...

    def server_subnets(self) -> list[str]: ...


@runtime_checkable
class Balanced(Protocol):
    """What a component that passes requests to targets tells the groups that it names."""

    def target_groups(self) -> list[str]:
        """The logical ids of its target groups."""

    def request_label(self) -> Any:
        """What CloudWatch calls its requests: ``app/NAME/ID/targetgroup/NAME/ID``, as a function; None without."""

    def listeners(self) -> list[str]:
        """The logical ids of the listeners that connect its target groups with it."""


@dataclass(frozen=True)
class Container:
    """What the instances of one group run."""

    component: str
    config: Mapping[str, Any]
    """TaupageConfig with everything that is added to it; it may hold functions."""
    image: Any
    """By its digest where that is known; a function where the definition has one."""


class Images(Protocol):
    """What tells about container images: :class:`senza.provenance.Gate`, or a stand-in."""

    def check(self, image: str, architecture: str = "", *, pin: bool) -> CheckedImage:
        """What is known of the image. Raises SenzaError where no stack is to be made of it."""


@dataclass
class Site:
    """What every component of one compilation is told.

    warn: tells the user something that does not stop the work.
    secrets: key of ``SenzaInfo`` -> NoEcho parameter that carries its decrypted value.
    network: set once the component that detects the network is known.
    balanced: the components with target groups by name, set once all components are known.
    images: finds out about container images, and judges them; None where none are looked up.
    checked_images: what it said. own_tags: tags of the stack that components add. containers: what instances run.
    listeners: ARN of the shared listener by the logical id of each target group that shares one of its domains.
    hosts: by ARN of a shared listener and host, the component whose requests those are.
    group_names: by the name of a target group at a shared load balancer, the component that makes it.
    tolerated: told of errors that ``--force`` makes warnings of, where all of them are to be known.
    """

    bound: Bound
    account: Account
    force: bool
    warn: Callable[[str], None]
    secrets: Mapping[str, str] = field(default_factory=dict)
    network: Network | None = None
    tolerated: Callable[[DefinitionError], None] | None = None
    images: Images | None = None
    checked_images: list[CheckedImage] = field(default_factory=list)
    own_tags: dict[str, str] = field(default_factory=dict)
    containers: list[Container] = field(default_factory=list)
    listeners: dict[str, str] = field(default_factory=dict)
    hosts: dict[tuple[str, str], str] = field(default_factory=dict)
    group_names: dict[str, str] = field(default_factory=dict)
    balanced: dict[str, Balanced] = field(default_factory=dict)

    def tolerate(self, error: DefinitionError) -> None:
        """Raise the error, or with ``--force`` only warn of it."""
        if self.tolerated is not None:
            self.tolerated(error)
            return
        if not self.force:
            raise error
        self.warn(str(error))

    @property
    def tags(self) -> dict[str, str]:
        """The three tags that every resource of the stack gets."""
        bound = self.bound
        return {"Name": bound.full_name, "StackName": bound.stack_name, "StackVersion": bound.version}

    def operator_topic(self) -> str:
        """The ARN of the topic that operators listen to, "" without one. Raises NotFound with its place."""
        topic = self.bound.info.get("OperatorTopicId")
        if not topic:
            return ""
        try:
            return self.account.topic(str(topic))
        except SenzaError as error:
            error.where = error.where or self.bound.source.where("SenzaInfo", "OperatorTopicId")
            raise

    def check_image(self, image: str, architecture: str = "", *, pin: bool = False) -> CheckedImage | None:
        """What is known of a container image, None where nobody is to be asked; warnings are passed on.

        architecture: which it must have. pin: whether its digest is needed. Raises NotFound where the registry says
        that there is no such image, Refused where the policy does not want it, and what :class:`Gate` raises.
        """
        if self.images is None:
            return None
        checked = self.images.check(image, architecture, pin=pin)
        for warning in checked.warnings:
            self.warn(warning)
        self.checked_images.append(checked)
        return checked

    def vpc_id(self) -> str:
        """The VPC the stack goes to. Raises NotFound, UsageError."""
        return self.network.vpc_id() if self.network else self.account.vpc().id


class ComponentType(ABC):
    """One entry of ``SenzaComponents``, about to become resources."""

    type_names: ClassVar[tuple[str, ...]]
    """How it may be called after the ``Senza::``; the first is its proper name."""
    summary: ClassVar[str]
    """One sentence for the reference documentation."""
    properties: ClassVar[tuple[Property, ...]]
    sections: ClassVar[Mapping[str, tuple[Property, ...]]] = {}
    """Property that is a mapping -> what may be given inside it."""
    passes_on: ClassVar[tuple[str, ...]] = ()
    """CloudFormation types whose properties may be given too and go to the resources it makes."""
    example: ClassVar[str] = ""
    """YAML of one entry of ``SenzaComponents``; a test compiles it."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self.settings = settings
        self.site = site

    @property
    def name(self) -> str:
        return self.settings.name

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        """Every property that may be given."""
        return frozenset(item.name for item in cls.properties)

    def needs(self) -> Needs:
        """The facts that building will ask for."""
        return Needs()

    @abstractmethod
    def build(self) -> Fragment:
        """The resources. Raises DefinitionError with its place, and what the account raises."""
