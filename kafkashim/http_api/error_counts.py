"""Which errors an answer has, as Apache Kafka counts them (``AbstractResponse.errorCounts``).

It counts what its answers have in every version, also where an old one does not tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafka_codecs.schema import Response, Struct
from kafka_codecs.types import ArrayType

ERROR_CODE = "error_code"
# Of these the error of the answer as a whole counts in every version, or in none.
ALWAYS_AS_A_WHOLE = frozenset({"Fetch", "DescribeLogDirs", "ElectLeaders"})
NEVER_AS_A_WHOLE = frozenset(
    {"Metadata", "DescribeUserScramCredentials", "AlterUserScramCredentials"}
)
# The arrays whose errors do not count.
NOT_COUNTED = frozenset({"matching_acls"})


class _Places(NamedTuple):
    """Where a struct has errors: itself, and in the items of its arrays, by their names."""

    own: bool
    arrays: Mapping[str, _Places]


@cache
def _places(struct: type[Struct], version: int) -> _Places:
    own = False
    arrays: dict[str, _Places] = {}
    for field in struct.FIELDS:
        if not field.versions.holds(version) or field.name in NOT_COUNTED:
            continue
        if field.name == ERROR_CODE:
            own = True
        elif isinstance(field.type, ArrayType) and isinstance(field.type.item, type):
            below = _places(field.type.item, version)
            if below.own or below.arrays:
                arrays[field.name] = below
    if issubclass(struct, Response):
        own = struct.NAME in ALWAYS_AS_A_WHOLE or (own and struct.NAME not in NEVER_AS_A_WHOLE)
    return _Places(own, arrays)


def error_counts(response: Response, version: int) -> Mapping[str, int]:
    """How often each error stands in an answer, by its name; ``NONE`` counts too."""
    codes: list[int] = []
    _collect(response, _places(type(response), version), codes)
    return {_name(code): codes.count(code) for code in set(codes)}


def _collect(struct: Struct, places: _Places, codes: list[int]) -> None:
    if places.own:
        codes.append(getattr(struct, ERROR_CODE))
    for name, below in places.arrays.items():
        for item in getattr(struct, name) or ():
            _collect(item, below, codes)


@cache
def _name(code: int) -> str:
    try:
        return ErrorCode(code).name
    except ValueError:
        # Errors.forCode
        return ErrorCode.UNKNOWN_SERVER_ERROR.name
