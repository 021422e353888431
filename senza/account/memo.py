"""Each fact is looked up at most once, also when two threads ask for it at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Memo:
    """Remembers answers by key. A look-up that failed fails again in the same way, without another call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: dict[Hashable, Future[Any]] = {}

    def get(self, key: Hashable, look_up: Callable[[], T]) -> T:
        with self._lock:
            future = self._facts.get(key)
            asked_first = future is None
            if future is None:
                future = self._facts[key] = Future()
        if asked_first:
            try:
                future.set_result(look_up())
            except BaseException as error:
                future.set_exception(error)
                raise
        answer: T = future.result()
        return answer
