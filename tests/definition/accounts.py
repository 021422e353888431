"""An account that says what it is asked for, and remembers that it was asked."""

from dataclasses import dataclass, field


@dataclass
class Account:
    """Every fact is its own name in angle brackets."""

    asked: list[str] = field(default_factory=list)
    secret: str = "not for templates"

    def __getattr__(self, name: str) -> str:
        self.asked.append(name)
        return f"<{name}>"
