# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Objects that MessagePack has no type for, as the C++ side writes and reads them.

===================================  ========================================================
dataclass, NamedTuple                an array of its fields: a C++ aggregate
datetime (with a time zone)          nanoseconds since 1970: std::chrono::system_clock's points
timedelta                            nanoseconds: std::chrono::nanoseconds
Enum                                 its value
===================================  ========================================================
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import operator
import os
import types
import typing
from collections.abc import Callable
from typing import Any

from ._errors import EncodeError

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

Converter = Callable[[Any], Any]


def to_plain(obj: Any) -> Any:
    """The object that the native module writes instead of one that it does not know."""
    if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
        return [getattr(obj, field.name) for field in dataclasses.fields(obj)]
    if isinstance(obj, datetime.datetime):
        if obj.tzinfo is None:
            raise EncodeError(
                f"encode datetime: {obj!r} has no time zone, so it is no point in time: give it "
                "one, such as datetime.timezone.utc"
            )
        return _nanoseconds(obj - _EPOCH)
    if isinstance(obj, datetime.timedelta):
        return _nanoseconds(obj)
    if isinstance(obj, enum.Enum):
        return obj.value
    if isinstance(obj, os.PathLike):
        return os.fspath(obj)
    for base in (str, int, float):  # derived classes, and numbers of other libraries
        if isinstance(obj, base):
            return base(obj)
    if hasattr(obj, "__index__"):
        try:
            return operator.index(obj)
        except TypeError:
            pass  # an array has the method for the case that it has one element
    hint = "put what its tolist() gives" if hasattr(obj, "tolist") else "convert it first"
    raise EncodeError(
        f"encode {type(obj).__name__}: MessagePack has None, bool, int, float, str, bytes, list, "
        f"tuple and dict; dataclasses, datetimes and timedeltas become those; {hint}"
    )


def _nanoseconds(span: datetime.timedelta) -> int:
    return span // datetime.timedelta(microseconds=1) * 1000


def _from_nanoseconds(count: int) -> datetime.timedelta:
    return datetime.timedelta(microseconds=count // 1000)


def converter_to(wanted: Any) -> Converter:
    """A function that makes a `wanted` of an object of MessagePack, or raises TypeError.

    `wanted` is a type or an annotation: a dataclass or NamedTuple of annotated fields, list[...],
    tuple[...], dict[...], X | None, datetime, timedelta, an Enum, or a type of MessagePack.
    """
    origin = typing.get_origin(wanted)
    arguments = typing.get_args(wanted)
    if wanted is Any or wanted is object:
        return lambda value: value
    if origin in (typing.Union, types.UnionType):
        return _converter_to_optional(wanted, arguments)
    if origin is list or wanted is list:
        each = converter_to(arguments[0]) if arguments else converter_to(Any)
        return lambda value: [each(item) for item in _checked(value, list, wanted)]
    if origin is dict or wanted is dict:
        key, item = (converter_to(a) for a in arguments or (Any, Any))
        return lambda value: {
            key(k): item(v) for k, v in _checked(value, dict, wanted).items()
        }
    if origin is tuple or wanted is tuple:
        return _converter_to_tuple(wanted, arguments)
    if isinstance(wanted, type) and (fields := _fields_of(wanted)) is not None:
        return _converter_to_fields(wanted, fields)
    return _converter_to_simple(wanted)


def _checked(value: Any, kind: type, wanted: Any) -> Any:
    # A boolean is an int to Python, not to C++.
    if isinstance(value, kind) and not (kind is not bool and isinstance(value, bool)):
        return value
    name = getattr(wanted, "__name__", str(wanted))
    raise TypeError(f"expected {name}, found {type(value).__name__} {value!r}"[:300])


def _converter_to_optional(wanted: Any, arguments: tuple[Any, ...]) -> Converter:
    others = [a for a in arguments if a is not type(None)]
    if len(others) != 1 or len(arguments) != 2:
        raise TypeError(f"type {wanted!r}: of unions, only X | None is known here")
    inner = converter_to(others[0])
    return lambda value: None if value is None else inner(value)


def _converter_to_tuple(wanted: Any, arguments: tuple[Any, ...]) -> Converter:
    if not arguments or arguments[-1] is Ellipsis:
        each = converter_to(arguments[0] if arguments else Any)
        return lambda value: tuple(each(item) for item in _checked(value, list, wanted))
    makers = [converter_to(a) for a in arguments]

    def convert(value: Any) -> Any:
        if len(_checked(value, list, wanted)) != len(makers):
            raise TypeError(f"expected {wanted}, found {len(value)} elements")
        return tuple(make(item) for make, item in zip(makers, value))

    return convert


def _fields_of(wanted: type) -> list[tuple[str, Any]] | None:
    if dataclasses.is_dataclass(wanted):
        names = [field.name for field in dataclasses.fields(wanted)]
    elif issubclass(wanted, tuple) and hasattr(wanted, "_fields"):
        names = list(wanted._fields)
    else:
        return None
    hints = typing.get_type_hints(wanted)
    return [(name, hints.get(name, Any)) for name in names]


def _converter_to_fields(wanted: type, fields: list[tuple[str, Any]]) -> Converter:
    makers = [(name, converter_to(annotation)) for name, annotation in fields]

    def convert(value: Any) -> Any:
        if len(_checked(value, list, wanted)) != len(makers):
            raise TypeError(
                f"{wanted.__name__} has {len(makers)} fields, found {len(value)} elements"
            )
        made = {}
        for (name, make), item in zip(makers, value):
            try:
                made[name] = make(item)
            except TypeError as wrong:
                raise TypeError(f"{wanted.__name__}.{name}: {wrong}") from None
        return wanted(**made)

    return convert


def _converter_to_simple(wanted: Any) -> Converter:
    if wanted is datetime.datetime:
        return lambda value: _EPOCH + _from_nanoseconds(_checked(value, int, wanted))
    if wanted is datetime.timedelta:
        return lambda value: _from_nanoseconds(_checked(value, int, wanted))
    if isinstance(wanted, enum.EnumType):
        return wanted
    if wanted is float:
        # C++ writes a whole number as it likes.
        return lambda value: float(_checked(value, (int, float), wanted))  # type: ignore[arg-type]
    if wanted in (bool, int, str, bytes, type(None)):
        return lambda value: _checked(value, wanted, wanted)
    raise TypeError(f"type {wanted!r} is not one that MessagePack's objects can be made into")
