"""The JSON schemas of what goes in and out, by name; each stands in the OpenAPI description once."""

from __future__ import annotations

from collections.abc import Mapping

from kafkashim.http_api.route import Schema

LONGEST = 2**63 - 1

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
YES_OR_NO: Schema = {"type": "boolean"}
OR_NULL_TEXT: Schema = {"type": ["string", "null"]}
OR_NULL_INTEGER: Schema = {"type": ["integer", "null"]}
TIME: Schema = {"type": "integer", "description": "Milliseconds since the epoch, by the broker."}


def thing(about: str, optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An object; all of its properties are there but the optional ones."""
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def many(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def by_name(values: Schema, about: str) -> Schema:
    """An object whose keys are free."""
    return {"type": "object", "additionalProperties": values, "description": about}


def ref(name: str) -> Schema:
    """One of :data:`SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def whole(low: int, high: int = LONGEST) -> Schema:
    """A whole number from ``low`` to ``high``."""
    return {"type": "integer", "minimum": low, "maximum": high}


_BYTES: Schema = {
    "type": ["string", "null"],
    "contentEncoding": "base64",
    "description": "Bytes, in base64.",
}
_HEX: Schema = {
    "type": ["string", "null"],
    "contentEncoding": "base16",
    "description": "Bytes, in hexadecimal.",
}

_RECORD = thing(
    "A record of a batch.",
    offset=INTEGER,
    timestamp=INTEGER,
    key=_BYTES,
    value=_BYTES,
    headers=many(thing("A header of a record.", key=TEXT, value=_BYTES)),
)

_BATCH = thing(
    "A record batch (magic 2). What cannot be read has 'unreadable' in the place of 'records'.",
    ("records", "unreadable"),
    base_offset=INTEGER,
    last_offset=INTEGER,
    partition_leader_epoch=INTEGER,
    attributes=INTEGER,
    compression=TEXT,
    base_timestamp=INTEGER,
    max_timestamp=INTEGER,
    producer_id=INTEGER,
    producer_epoch=INTEGER,
    base_sequence=INTEGER,
    last_sequence=INTEGER,
    records_count=INTEGER,
    size=COUNT,
    records=many(ref("Record")),
    unreadable=TEXT,
)

_RECORD_SET = thing(
    "A record set: its batches, and what does not make a whole batch any more.",
    batches=many(ref("Batch")),
    rest={**_BYTES, "description": "Bytes after the last whole batch, in base64."},
)

_MESSAGE: Schema = {
    "type": ["object", "null"],
    "description": (
        "A message of the protocol with its fields by Kafka's names in snake case: bytes are base64, "
        "UUIDs are Kafka's 22 characters, numbers that are none of JSON are texts, and record sets are "
        "opened (RecordSet). null when there is none or it cannot be read."
    ),
    "additionalProperties": True,
}

_DECISION = thing(
    "What was decided about one batch of an idempotent producer.",
    entry=COUNT,
    at_ms=TIME,
    client_id=OR_NULL_TEXT,
    topic=TEXT,
    partition=INTEGER,
    producer_id=INTEGER,
    producer_epoch=INTEGER,
    first_sequence=INTEGER,
    last_sequence=INTEGER,
    verdict={"enum": ["append", "duplicate", "reject"]},
    rule=COUNT,
    rule_name=TEXT,
    expected={**OR_NULL_INTEGER, "description": "The sequence, or the epoch for rule 4."},
    got=OR_NULL_INTEGER,
    error={**OR_NULL_TEXT, "description": "Kafka's name of the error that was answered."},
    offset={"type": "integer", "description": "The base offset that was answered, or -1."},
)

_ENTRY_PROPERTIES: Mapping[str, Schema] = {
    "number": COUNT,
    "at_ms": TIME,
    "answered_at_ms": OR_NULL_INTEGER,
    "broker": {**OR_NULL_INTEGER, "description": "The id of the broker that was asked."},
    "connection": INTEGER,
    "client_id": OR_NULL_TEXT,
    "api": TEXT,
    "api_key": INTEGER,
    "version": INTEGER,
    "correlation_id": INTEGER,
    "fault": {**OR_NULL_TEXT, "description": "The fault that acted on it."},
    "ended": {**OR_NULL_TEXT, "description": "Why the connection was closed over it."},
    "decisions": many(ref("Decision")),
    "request_bytes": COUNT,
    "answer_bytes": {**COUNT, "description": "Size included; 0 while there is no answer."},
}

_FAULT_WORDS: Schema = {
    "type": "object",
    "description": "A fault as docs/faults.md describes it: its action, and the conditions.",
    "properties": {"action": TEXT},
    "required": ["action"],
    "additionalProperties": {"type": ["string", "number", "boolean", "array", "null"]},
}

_FAULT = thing(
    "A fault that was set, and what came of it.",
    number=COUNT,
    words=ref("FaultWords"),
    told={"type": "string", "description": "What came of it, in a sentence."},
    looked_at={**COUNT, "description": "Requests it was asked about."},
    matched={**COUNT, "description": "Those its conditions about requests hold for."},
    fired={**COUNT, "description": "How often it acted."},
    missed=by_name(COUNT, "How often each condition did not hold."),
)

_LISTENER = thing(
    "A listener, and the address that its clients are told to come back to.",
    name=TEXT,
    host=TEXT,
    port=INTEGER,
    advertised_host=TEXT,
    advertised_port=INTEGER,
)

_BROKER = thing(
    "A broker.",
    id=INTEGER,
    cluster_id=TEXT,
    state={
        "enum": ["running", "isolated", "stopped"],
        "description": "What it does; isolated: clients reach it, but it reaches no other broker.",
    },
    fenced={**YES_OR_NO, "description": "Whether the controller holds it for dead."},
    host=TEXT,
    port=INTEGER,
    listeners=many(ref("Listener")),
    connections=many(
        thing("An open connection.", number=COUNT, host=TEXT, port=INTEGER, listener=TEXT)
    ),
    rules={"type": "string", "description": "The rule book for idempotent producers."},
    uptime_ms={**COUNT, "description": "Since it listens, in milliseconds of the machine."},
)

_PARTITION = thing(
    "A partition.",
    partition=COUNT,
    leader={"type": "integer", "description": "The id of a broker; -1 while none leads it."},
    leader_epoch=COUNT,
    replicas={**many(INTEGER), "description": "The preferred leader first."},
    isr={**many(INTEGER), "description": "Those in sync."},
    elr={**many(INTEGER), "description": "Those that may lead without being in sync (KIP-966)."},
    log_start_offset=COUNT,
    high_watermark=COUNT,
    log_end_offset=COUNT,
    bytes=COUNT,
)

_TOPIC = thing(
    "A topic.",
    name=TEXT,
    topic_id=TEXT,
    internal=YES_OR_NO,
    configs=by_name(OR_NULL_TEXT, "The configurations that were set for it."),
    partitions=many(ref("Partition")),
)

_NEW_TOPIC = thing(
    "A topic to be created.",
    ("partitions", "replication_factor", "configs"),
    name=TEXT,
    partitions={
        "type": "integer",
        "minimum": -(2**31),
        "maximum": 2**31 - 1,
        "default": -1,
        "description": "-1: num.partitions of the broker.",
    },
    replication_factor={
        "type": "integer",
        "minimum": -(2**15),
        "maximum": 2**15 - 1,
        "default": -1,
        "description": "-1: default.replication.factor of the broker.",
    },
    configs=by_name(
        {"type": ["string", "integer", "boolean"]}, "Topic configurations by Kafka's names."
    ),
)

_MOVE = thing(
    "Who is to lead a partition; unless it is unclean, the broker is preferred from now on.",
    ("unclean", "lose"),
    to={"type": "integer", "description": "The id of a broker that has a replica."},
    unclean={
        **YES_OR_NO,
        "default": False,
        "description": "The replica need not be in sync: what it has not is lost.",
    },
    lose={
        "type": ["integer", "null"],
        "minimum": 0,
        "default": None,
        "description": "With unclean: how many records it has not. Batches are lost as a whole.",
    },
)

_PRODUCER = thing(
    "What a partition remembers of a producer.",
    topic=TEXT,
    partition=COUNT,
    producer_id=INTEGER,
    producer_epoch=INTEGER,
    last_sequence={"type": "integer", "description": "-1: none."},
    last_timestamp=INTEGER,
    expires_at_ms={
        "type": "integer",
        "description": "By the broker's clock; it is forgotten at the next check after that.",
    },
    batches=many(
        thing(
            "A remembered batch.",
            first_sequence=INTEGER,
            last_sequence=INTEGER,
            first_offset=INTEGER,
            last_offset=INTEGER,
            timestamp=INTEGER,
        )
    ),
)

_STEP: Schema = {"type": "number", "minimum": 0, "default": 0}

SCHEMAS: Mapping[str, Schema] = {
    "Error": thing(
        "What went wrong.",
        ("key", "kafka_error"),
        error=TEXT,
        key={"type": "string", "description": "The word of the request that is wrong."},
        kafka_error={"type": "string", "description": "Kafka's name of the error."},
    ),
    "Health": thing(
        "Whether any broker serves.",
        status={"enum": ["ok", "down"]},
        version=TEXT,
        uptime_ms=OR_NULL_INTEGER,
    ),
    "FaultWords": _FAULT_WORDS,
    "Fault": _FAULT,
    "Faults": thing("The faults, in the order in which they were set.", faults=many(ref("Fault"))),
    "NewFaults": {"oneOf": [ref("FaultWords"), many(ref("FaultWords"))]},
    "Set": {"oneOf": [ref("Fault"), ref("Faults")]},
    "Clock": thing("The broker's time.", now_ms=TIME),
    "Step": thing(
        "How far to move on: the sum of it.",
        ("days", "hours", "minutes", "seconds", "milliseconds"),
        days=_STEP,
        hours=_STEP,
        minutes=_STEP,
        seconds=_STEP,
        milliseconds=_STEP,
    ),
    "Listener": _LISTENER,
    "Broker": _BROKER,
    "Brokers": thing("The brokers, by their ids.", brokers=many(ref("Broker"))),
    "Stop": thing(
        "How a broker stops.",
        ("clean",),
        clean={
            **YES_OR_NO,
            "default": True,
            "description": "As after a controlled shutdown; otherwise as after a crash.",
        },
    ),
    "Partition": _PARTITION,
    "Topic": _TOPIC,
    "Move": _MOVE,
    "Topics": thing("The topics.", topics=many(ref("Topic"))),
    "NewTopic": _NEW_TOPIC,
    "Producer": _PRODUCER,
    "Producers": thing("The producers.", producers=many(ref("Producer"))),
    "Decision": _DECISION,
    "Decisions": thing(
        "Decisions, the oldest first.",
        decisions=many(ref("Decision")),
        more={**YES_OR_NO, "description": "Whether there are more than were asked for."},
        forgotten={**COUNT, "description": "Journal entries there was no room for any more."},
    ),
    "Entry": thing("A request and what came of it.", **_ENTRY_PROPERTIES),
    "Entries": thing(
        "Journal entries, the oldest first.",
        entries=many(ref("Entry")),
        more={**YES_OR_NO, "description": "Whether there are more than were asked for."},
        forgotten={**COUNT, "description": "Entries there was no room for any more."},
    ),
    "Record": _RECORD,
    "Batch": _BATCH,
    "RecordSet": _RECORD_SET,
    "Message": _MESSAGE,
    "WholeEntry": thing(
        "A journal entry with what was sent.",
        **_ENTRY_PROPERTIES,
        request=ref("Message"),
        response=ref("Message"),
        request_frame={**_HEX, "description": "The request without its size, in hexadecimal."},
        answer_frame={**_HEX, "description": "What was sent, size included, in hexadecimal."},
    ),
    "OpenApi": {"type": "object", "additionalProperties": True},
}
