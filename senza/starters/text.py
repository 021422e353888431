"""Filling a template without any answer being able to change its structure. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import yaml

NAME = re.compile(r"<<([a-z0-9_]+)>>")
ALONE = re.compile(r"( *)<<([a-z0-9_]+)>>")


def scalar(text: str) -> str:
    """A text as YAML: plain where it would be read back as it is, in quotes otherwise. Whole numbers are numbers."""
    if re.fullmatch("0|[1-9][0-9]*", text):
        return text
    if re.fullmatch("[A-Za-z/][A-Za-z0-9./_-]*", text) and yaml.safe_load(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False)


def fill(template: str, answers: Mapping[str, str], words: Mapping[str, str]) -> str:
    """Replace each ``<<name>>``, by an answer as a scalar, or by one of the words, which are YAML already.

    A word that has a line for itself is indented like it; an empty one takes its line away.
    """
    values = {**{key: scalar(answer) for key, answer in answers.items()}, **words}
    lines = []
    for line in template.splitlines():
        alone = ALONE.fullmatch(line)
        if alone and "\n" in values[alone[2]]:
            lines += [f"{alone[1]}{part}" if part else "" for part in values[alone[2]].splitlines()]
        elif not alone or values[alone[2]]:
            lines.append(NAME.sub(lambda match: values[match[1]], line))
    return "\n".join(lines) + "\n"
