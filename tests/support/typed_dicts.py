"""Typed dicts whose annotations are mere texts when they are made."""

from __future__ import annotations

from typing import Annotated, NotRequired, Required, TypedDict

import typing_extensions


class Base(TypedDict):
    always: int
    sometimes: NotRequired[int]


class Loose(Base, total=False):
    must: Required[Annotated[int, "a count"]]
    noted: Annotated[Required[int], "a note"]
    may: str


class Extended(typing_extensions.TypedDict, total=False):
    must: typing_extensions.Required[typing_extensions.ReadOnly[int]]
    seen: typing_extensions.ReadOnly[typing_extensions.Required[int]]
    may: typing_extensions.ReadOnly[int]
