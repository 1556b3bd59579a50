"""``/api/journal`` and ``/api/decisions``: what happened, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kafka_codecs.errors import ErrorCode
from kafka_codecs.schema import MalformedMessage, Response
from kafkashim.faults.conditions import Conditions, FaultError
from kafkashim.faults.past import held_for, read_again
from kafkashim.http_api.plain import plain_struct
from kafkashim.http_api.route import Call, Problem, Reply, World
from kafkashim.journal import Entry
from kafkashim.state import Decision

DEFAULT_LIMIT = 1000


def _shown_decision(entry: Entry, decision: Decision) -> dict[str, object]:
    batch, reason = decision.batch, decision.verdict.reason
    return {
        "entry": entry.number,
        "at_ms": entry.at_ms,
        "client_id": decision.client_id,
        "topic": decision.topic,
        "partition": decision.partition,
        "producer_id": batch.producer_id,
        "producer_epoch": batch.producer_epoch,
        "first_sequence": batch.base_sequence,
        "last_sequence": batch.last_sequence,
        "verdict": type(decision.verdict).__name__.lower(),
        "rule": reason.rule.number,
        "rule_name": reason.rule.name,
        "expected": reason.expected,
        "got": reason.got,
        "error": ErrorCode(decision.error).name if decision.error else None,
        "offset": decision.offset,
    }


def get_decisions(world: World, call: Call) -> Reply:
    """The decisions of whole entries, until there are as many as were asked for."""
    topic = call.query.get("topic")
    limit = call.query.get("limit", DEFAULT_LIMIT)
    shown: list[dict[str, object]] = []
    more = False
    for entry in _after(world, call):
        found = [d for d in entry.decisions if topic in (None, d.topic)]
        if found and len(shown) >= limit:
            more = True
            break
        shown += [_shown_decision(entry, decision) for decision in found]
    return Reply({"decisions": shown, "more": more, "forgotten": world.journal.forgotten})


def _after(world: World, call: Call) -> list[Entry]:
    after = call.query.get("after", 0)
    return [entry for entry in world.journal if entry.number > after]


def _shown(entry: Entry) -> dict[str, object]:
    return {
        "number": entry.number,
        "at_ms": entry.at_ms,
        "answered_at_ms": entry.answered_at_ms,
        "broker": entry.broker,
        "connection": entry.connection,
        "client_id": entry.client_id,
        "api": entry.api,
        "api_key": entry.api_key,
        "version": entry.version,
        "correlation_id": entry.correlation_id,
        "fault": entry.fault,
        "ended": entry.ended,
        "decisions": [_shown_decision(entry, decision) for decision in entry.decisions],
        "request_bytes": len(entry.frame),
        "answer_bytes": len(entry.answer or b""),
    }


def get_entries(world: World, call: Call) -> Reply:
    """The entries that all conditions hold for."""
    asked = _conditions({k: v for k, v in call.query.items() if k not in ("after", "limit")})
    limit = call.query.get("limit", DEFAULT_LIMIT)
    shown: list[dict[str, object]] = []
    more = False
    for entry in _after(world, call):
        if held_for(asked, entry, world.broker):
            if len(shown) >= limit:
                more = True
                break
            shown.append(_shown(entry))
    return Reply({"entries": shown, "more": more, "forgotten": world.journal.forgotten})


def _conditions(words: Mapping[str, Any]) -> Conditions:
    api = words.get("api", "")
    try:
        # In a query a key is a text like the names.
        return Conditions.read({**words, "api": int(api)} if api.isdecimal() else words)
    except FaultError as error:
        raise Problem(400, str(error), key=error.key) from None


def clear_journal(world: World, call: Call) -> Reply:
    """Forget all entries; what is counted for the metrics stays."""
    world.journal.clear()
    return Reply(status=204)


def get_entry(world: World, call: Call) -> Reply:
    """One by its number, with what was sent."""
    number = call.path["number"]
    entry = next((entry for entry in world.journal if entry.number == number), None)
    if entry is None:
        raise Problem(404, f"the journal has no entry {number}, or no more")
    request, response = read_again(entry), _response(entry)
    answer = entry.answer
    return Reply(
        {
            **_shown(entry),
            "request": None if request is None else plain_struct(request, entry.version),
            "response": None if response is None else plain_struct(response, entry.version),
            "request_frame": entry.frame.hex(),
            "answer_frame": None if answer is None else answer.hex(),
        }
    )


def _response(entry: Entry) -> Response | None:
    try:
        return entry.response
    except MalformedMessage:
        return None
