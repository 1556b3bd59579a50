"""``/api/clock``: the broker's time, and the way to move it ahead."""

from __future__ import annotations

from kafkashim.http_api.route import Call, Problem, Reply, World, as_object

UNITS = {
    "days": 86_400_000,
    "hours": 3_600_000,
    "minutes": 60_000,
    "seconds": 1000,
    "milliseconds": 1,
}
# What falls due on the way happens one after the other, and the loop waits for it: a month is 13,000
# turns of the broker's periodic work, of which each looks at every partition.
MOST_DAYS = 31


def get_clock(world: World, call: Call) -> Reply:
    """The broker's time."""
    return Reply({"now_ms": world.servers.clock.now_ms()})


def advance_clock(world: World, call: Call) -> Reply:
    """Move on, at once and without sleeping; what falls due on the way happens."""
    step = 0.0
    for key, value in as_object(call.body, tuple(UNITS)).items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise Problem(400, f"{key} is a number of 0 or more", key=key)
        if value * UNITS[key] > MOST_DAYS * UNITS["days"]:
            raise _too_far(key)
        step += value * UNITS[key]
    if step > MOST_DAYS * UNITS["days"]:
        raise _too_far(None)
    world.servers.clock.advance(step)
    return get_clock(world, call)


def _too_far(key: str | None) -> Problem:
    return Problem(400, f"the clock moves {MOST_DAYS} days at once at most", key=key)
