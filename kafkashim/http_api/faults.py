"""``/api/faults``: what goes wrong on purpose."""

from __future__ import annotations

from typing import cast

from kafkashim.faults import Faults
from kafkashim.faults.conditions import FaultError
from kafkashim.faults.fault import Fault
from kafkashim.http_api.route import Call, Problem, Reply, World


def _shown(fault: Fault) -> dict[str, object]:
    return {
        "number": fault.number,
        "words": fault.words(),
        "told": fault.told(),
        "looked_at": fault.looked_at,
        "matched": fault.matched,
        "fired": fault.fired,
        "missed": dict(fault.missed),
    }


def get_faults(world: World, call: Call) -> Reply:
    """All of them, in the order in which they were set."""
    return Reply({"faults": [_shown(fault) for fault in world.servers.faults]})


def set_faults(world: World, call: Call) -> Reply:
    """Set one, or all of a list or none."""
    body = call.body
    described = [_words(each) for each in cast("list[object]", body if _is_many(body) else [body])]
    tried = Faults()
    for words in described:
        _add(tried, words)
    shown = [_shown(_add(world.servers.faults, words)) for words in described]
    return Reply({"faults": shown} if _is_many(body) else shown[0], 201)


def _is_many(body: object) -> bool:
    return isinstance(body, list)


def _words(described: object) -> dict[str, object]:
    if not isinstance(described, dict):
        raise Problem(400, 'a fault is an object such as {"action": "drop_answer"}')
    return cast("dict[str, object]", described)


def _add(faults: Faults, words: dict[str, object]) -> Fault:
    try:
        return faults.add(words)
    except FaultError as error:
        raise Problem(400, str(error), key=error.key) from None


def clear_faults(world: World, call: Call) -> Reply:
    """Remove all."""
    world.servers.faults.clear()
    return Reply(status=204)


def get_fault(world: World, call: Call) -> Reply:
    """One by its number."""
    fault = world.servers.faults.get(call.path["number"])
    if fault is None:
        raise _no_fault(call)
    return Reply(_shown(fault))


def remove_fault(world: World, call: Call) -> Reply:
    """Remove one."""
    if not world.servers.faults.remove(call.path["number"]):
        raise _no_fault(call)
    return Reply(status=204)


def _no_fault(call: Call) -> Problem:
    return Problem(404, f"there is no fault {call.path['number']}")
