"""The one question that is asked of every container image before a stack is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from senza.account.oci import BrokenRegistry, FoundImage, ImageReference, Origin, RegistryUnavailable, WrongArchitecture
from senza.errors import NotFound, Refused, SenzaError
from senza.provenance.cosign import Signature, verify
from senza.provenance.judging import Facts, Finding, judge
from senza.provenance.model import NO_POLICY, Policy, SignatureRule


@dataclass(frozen=True)
class CheckedImage:
    """written: as in the definition. pinned: by digest, "" where that is not known. verdict: see :meth:`Gate.check`."""

    written: str
    pinned: str
    digest: str
    origin: Origin | None
    verdict: str
    policy: str = ""
    """Name and fingerprint of the policy, "" without one."""
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What a person would like to know about an image that may run."""
        origin = f" comes from {self.origin} (says its {self.origin.said_by})" if self.origin else ""
        digest = f" is {self.digest}" if self.digest and not ImageReference.parse(self.written).digest else ""
        return f"{self.written}{digest}{' and' if origin and digest else ''}{origin}" if origin or digest else ""


class LooksUp(Protocol):
    """:class:`senza.account.oci.Registries`, or a stand-in."""

    def look_up(self, image: str, architecture: str = "") -> FoundImage:
        """Raises NotFound, WrongArchitecture, RegistryUnavailable, BrokenRegistry, UsageError."""


class Gate:
    """Finds out about images and holds them against a policy.

    account: the id of the account, asked for only where the policy makes a difference between accounts.
    force: what would be refused is a warning. tolerant: registries that cannot be reached are a warning (the sandbox).
    pins: image as written -> the same by the digest that it is to have, whatever its tag names by now.
    """

    def __init__(
        self,
        registries: LooksUp,
        policy: Policy = NO_POLICY,
        *,
        account: Callable[[], str] = lambda: "",
        force: bool = False,
        tolerant: bool = False,
        signature: Callable[[SignatureRule, str], Signature] = verify,
        pins: Mapping[str, str] | None = None,
    ) -> None:
        self._registries = registries
        self._policy = policy
        self._account = account
        self._force = force
        self._tolerant = tolerant
        self._verify = signature
        self._pins = pins or {}

    @cached_property
    def _enforced(self) -> bool:
        if self._policy.advisory:
            return False
        return not self._policy.production or self._account() in self._policy.production

    def check(self, image: str, architecture: str = "", *, pin: bool) -> CheckedImage:
        """Find the image and judge it.

        architecture: which it must have, "" for any. pin: whether it has to be known by its digest: an image that
        Taupage starts stays as it was written, and one without a registry is not even looked for without a policy.
        The verdict is ``passed``, ``warned`` (not production, or no policy) or ``forced``.
        Raises Refused where the policy objects, NotFound, WrongArchitecture and RegistryUnavailable.
        """
        written = ImageReference.parse(image)
        warnings: list[str] = []
        found = None
        given = self._pins.get(image, "") if pin else ""
        if pin or written.host or self._policy is not NO_POLICY:
            found = self._found(image, architecture, pin, warnings, given)
        signature = None
        if self._policy.signature and found:
            signature = self._verify(self._policy.signature, found.reference.located().pinned(found.digest))
        digest = found.digest if found else ImageReference.parse(given).digest
        origin = found.origin if found else None
        findings = judge(Facts(written, digest, origin, signature), self._policy)
        verdict = self._verdict(findings, warnings)
        pinned = (found.pinned if found else given) if pin else ""
        return CheckedImage(
            image, pinned, digest, origin, verdict, self._policy.title, findings, tuple(dict.fromkeys(warnings))
        )

    def _found(
        self, image: str, architecture: str, pin: bool, warnings: list[str], given: str = ""
    ) -> FoundImage | None:
        try:
            return self._registries.look_up(given or image, architecture if pin else "")
        except (NotFound, WrongArchitecture) as error:
            if not self._force:
                raise
            warnings.append(error.message)
        except BrokenRegistry as error:  # for Taupage it need only exist, and that it does
            if pin and not self._force:
                raise
            warnings.append(error.message)
        except RegistryUnavailable as error:
            if not pin:
                warnings.append(f"could not find out whether the container image {image} exists: {error.message}")
            elif given and (self._force or self._tolerant or self._policy is NO_POLICY):
                warnings.append(f"{error.message}: nobody knows whether {given} is still there")
            elif self._force or self._tolerant:
                warnings.append(
                    f"{error.message}: {image} is not pinned, and a tag that is moved changes what instances start"
                )
            else:
                raise _with_hint(error, "Or use --force: the image is then not pinned to its digest.") from error
        return None

    def _verdict(self, findings: tuple[Finding, ...], warnings: list[str]) -> str:
        if not findings:
            return "passed"
        if self._enforced and not (self._force and self._policy.may_be_forced):
            raise _refusal(findings, self._policy)
        warnings.extend(str(finding) for finding in findings)
        return "forced" if self._enforced else "warned"


def _refusal(findings: tuple[Finding, ...], policy: Policy) -> Refused:
    first, *rest = findings
    more = "".join(f"\nAnd: {finding.message}" for finding in rest)
    hint = first.hint + (" --force makes a warning of it, and the stack's tags say so." if policy.may_be_forced else "")
    return Refused(f"the policy {policy.name} ({policy.location}) refuses it: {first.message}{more}", hint=hint.strip())


def _with_hint(error: SenzaError, hint: str) -> SenzaError:
    return type(error)(error.message, hint=f"{error.hint} {hint}".strip())
