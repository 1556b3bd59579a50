"""Three encoders, one answer: construct, the flat code and kafka-python write the same bytes.

For every message at every version, with values that Hypothesis makes from the declaration. Reading
the bytes back, by construct and by the flat code, gives the value again.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from compat_tests.conftest import need
from compat_tests.wire.values import messages_of
from kafka_codecs import layout
from kafka_codecs.codegen import decoder
from kafka_codecs.messages import messages, modules
from kafka_codecs.schema import Field, Message, Struct
from kafka_codecs.types import ArrayType, StructType

EXAMPLES = 20  # of each message at each version

# kafka-python has no telemetry, and none of the consumer protocol of KIP-848.
NOT_IN_KAFKA_PYTHON = {68, 69, 71, 72}
# Which kafka-python shows in most messages as a set of bits, and then under another name.
AUTHORIZED_OPERATIONS = {
    "cluster_authorized_operations": "authorized_operations",
    "topic_authorized_operations": "authorized_operations",
}


def every_message(leave_out: set[int]) -> list[Any]:
    return [
        pytest.param(message, version, id=f"{message.__name__}-v{version}")
        for api_key in sorted(modules().keys() - leave_out)
        for message in messages(api_key)
        for version in message.VERSIONS
    ]


def judge(message: type[Message]) -> Any:
    """kafka-python's class of the same name."""
    for package in ("producer", "consumer", "metadata", "admin"):
        module = need(f"kafka.protocol.{package}")
        if hasattr(module, message.__name__):
            return getattr(module, message.__name__)
    raise LookupError(message.__name__)


def as_kafka_python(value: Struct, version: int, struct: Any, make: Any) -> Any:
    """The value as kafka-python's object."""
    values: dict[str, Any] = {}
    for f in value.FIELDS:
        if f.versions.holds(version):
            name = _their_name(struct, f)
            found = _their_value(f, getattr(value, f.name), version, struct.fields[name])
            if not _is_left_out(f, getattr(value, f.name), version):
                values[name] = found
    return make(**values)


def _their_name(struct: Any, f: Field) -> str:
    return f.name if f.name in struct.fields else AUTHORIZED_OPERATIONS[f.name]


def _is_left_out(f: Field, found: Any, version: int) -> bool:
    # kafka-python has None and "" where Kafka's default of a tagged field is a struct of defaults and
    # the zero UUID, and would write these; in Kafka's classes they are the default, and not written.
    defaults_differ = isinstance(f.type, StructType) or f.type.name == "UUID"
    return defaults_differ and f.is_tagged(version) and found == f.default


def _their_value(f: Field, found: Any, version: int, theirs: Any) -> Any:
    if getattr(theirs, "_type_str", "") == "bitfield":
        return {bit for bit in range(32) if found & 0xFFFFFFFF & 1 << bit}
    if found is None:
        return None
    if isinstance(f.type, StructType):
        return as_kafka_python(found, version, theirs, theirs.data_class)
    if isinstance(f.type, ArrayType) and not _is_scalar(f.type):
        return [as_kafka_python(item, version, theirs, theirs.data_class) for item in found]
    return found


def _is_scalar(type_: ArrayType) -> bool:
    return not isinstance(type_.item, type)


def fixed(examples: int) -> Any:
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize(("message", "version"), every_message(set()))
def test_construct_and_flat_code_agree(message: type[Message], version: int) -> None:
    @fixed(EXAMPLES)
    @given(messages_of(message, version, unknown_tags=True))
    def check(value: Message) -> None:
        raw = value.encode(version)
        assert layout.encode(value, version) == raw
        found, end = decoder(message, version)(memoryview(raw), 0)
        assert (found, end) == (value, len(raw))
        assert layout.decode(message, version, raw) == value

    check()


@pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated")  # kafka-python's own
@pytest.mark.parametrize(("message", "version"), every_message(NOT_IN_KAFKA_PYTHON))
def test_kafka_python_writes_the_same(message: type[Message], version: int) -> None:
    """Without unknown tagged fields: kafka-python does not write those it does not know."""
    theirs = judge(message)

    @fixed(EXAMPLES)
    @given(messages_of(message, version, unknown_tags=False))
    def check(value: Message) -> None:
        other = as_kafka_python(value, version, theirs._struct, theirs)
        other.API_VERSION = version
        assert value.encode(version) == bytes(other.encode(version=version))

    check()
