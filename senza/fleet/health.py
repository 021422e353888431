"""Whether versions are well: how many instances run and get traffic, and whether the version's domain answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies, proxy_bypass

from senza.fleet.balancers import HEALTHY
from senza.fleet.instances import Instance

if TYPE_CHECKING:
    import urllib3

OK, ERROR = "OK", "ERROR"
PATIENCE = 3.0
"""Seconds for a connection, and for the answer."""
AT_ONCE = 32
"""Domains asked at the same time: more than calls to AWS, as each is another server and most of it is waiting."""


@dataclass(frozen=True)
class Count:
    """The instances of a stack.

    healthy: how many get traffic from their balancers; None where no balancer has an opinion. lb_states: what
    the balancers say of any of them, sorted.
    """

    total: int
    running: int
    healthy: int | None
    lb_states: tuple[str, ...]


def count(instances: Iterable[Instance], lb_states: Mapping[str, str]) -> dict[str, Count]:
    """The counts by the stacks' full names."""
    of_stack: dict[str, list[Instance]] = {}
    for instance in instances:
        of_stack.setdefault(instance.stack, []).append(instance)
    return {stack: counted(members, lb_states) for stack, members in of_stack.items()}


def counted(instances: Sequence[Instance], lb_states: Mapping[str, str]) -> Count:
    states = [lb_states[instance.id] for instance in instances if instance.id in lb_states]
    return Count(
        total=len(instances),
        running=sum(instance.state == "RUNNING" for instance in instances),
        healthy=sum(state in HEALTHY for state in states) if states else None,
        lb_states=tuple(sorted(set(states))),
    )


class Web:
    """Asks domains over HTTPS, else HTTP, without following redirects; through the proxies of the environment."""

    def __init__(self) -> None:
        self._proxies = getproxies()
        self._managers: dict[str, urllib3.PoolManager] = {}

    def answers(self, domains: Iterable[str]) -> dict[str, str]:
        """``OK`` where something answers that is no server error (5xx), else ``ERROR``: each domain is asked once."""
        wanted = sorted(set(domains))
        if not wanted:
            return {}
        for scheme in ("https", "http"):  # made here, so that no two threads make the same one
            self._manager(self._proxies.get(scheme, ""))
        self._manager("")
        with ThreadPoolExecutor(max_workers=min(len(wanted), AT_ONCE)) as pool:
            return dict(zip(wanted, pool.map(self._answer, wanted), strict=True))

    def _answer(self, domain: str) -> str:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError, ProxyError, SSLError

        timeout = Timeout(connect=PATIENCE, read=PATIENCE)
        for scheme in ("https", "http"):
            proxy = "" if proxy_bypass(domain) else self._proxies.get(scheme, "")
            wanted: dict[str, Any] = {"redirect": False, "retries": False, "timeout": timeout}
            try:
                answer = self._manager(proxy).request("GET", f"{scheme}://{domain}/", preload_content=False, **wanted)
            except SSLError:
                return ERROR  # it speaks TLS, and what it says cannot be trusted: HTTP would only hide that
            except (HTTPError, ProxyError, OSError):
                continue
            answer.close()  # whatever the page holds, nobody reads it
            return ERROR if answer.status >= 500 else OK
        return ERROR

    def _manager(self, proxy: str) -> urllib3.PoolManager:
        import urllib3

        if proxy not in self._managers:
            address = proxy if "://" in proxy else f"http://{proxy}"
            self._managers[proxy] = (
                urllib3.ProxyManager(address, maxsize=AT_ONCE) if proxy else urllib3.PoolManager(maxsize=AT_ONCE)
            )
        return self._managers[proxy]
