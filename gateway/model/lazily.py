"""A property that is made when it is first asked for, and kept: without a lock.

functools.cached_property of Python 3.11 takes a lock each time, about a microsecond, which twenty
of them a message make noticeable. What is made here is pure and of one message: two threads that
made it at once would make the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

_Made = TypeVar("_Made")


class lazily(Generic[_Made]):  # noqa: N801 - a decorator, written as `property` is
    """Makes a value of an instance once; from then on it is an attribute like any other."""

    def __init__(self, make: Callable[[Any], _Made]) -> None:
        """Wrap the method that makes the value."""
        self.make = make
        self._name = ""
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn under which name the value is kept."""
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> lazily[_Made]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _Made: ...
    def __get__(self, instance: object | None, owner: type) -> lazily[_Made] | _Made:
        """Return the value, made now; the next time the instance's own attribute is found first."""
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self.make(instance)
        return value
