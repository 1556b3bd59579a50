"""FindCoordinator: who keeps a group, a transactional id, a share partition."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest

MANY = 4
ID = "9cZhWplzRHetpfSmVqnJwg"
SHARE_KEYS = (
    f"g:{ID}:0",
    f"g:{ID}:-1",
    f"g:{ID}:x",
    f":{ID}:0",
    f" :{ID}:0",
    f"a:b:{ID}:0",
    f"g:{ID[:-1]}:0",
    f"g:{ID}:0:0",
    "g::0",
    f"g:{ID}:",
    f"g:{ID}: 1",
    f"g:{ID}:1_0",
    f"g:{ID}:99999999999",
    f"g:{ID[:-1]}*:0",
    f"g:{ID}==:0",
    f"g:{'A' * 22}:0",
    f"g:{ID}:+1",
    f"g:{ID}A:0",
    f"g:{ID[:-2]}+/:0",
    "nothing",
)


@scene(FindCoordinatorRequest)
def kinds(c: Conversation, version: int) -> None:
    for kind in (0,) if version == 0 else (0, 1, 2, 3, -1):
        for label, key in (("a key", "g"), ("no key", "")):
            if version < MANY:
                request = FindCoordinatorRequest(key=key, key_type=kind)
            else:
                request = FindCoordinatorRequest(coordinator_keys=[key], key_type=kind)
            c.ask(f"{label}, kind {kind}", request, version)


@scene(FindCoordinatorRequest, "4+")
def several(c: Conversation, version: int) -> None:
    for kind in (0, 1, 2, 3):
        for label, keys in (("none", []), ("one twice", ["g", "g"]), ("mixed", ["a", "", "b"])):
            request = FindCoordinatorRequest(coordinator_keys=keys, key_type=kind)
            c.ask(f"{label}, kind {kind}", request, version)


@scene(FindCoordinatorRequest, "6+")
def share_partitions(c: Conversation, version: int) -> None:
    for key in SHARE_KEYS:
        request = FindCoordinatorRequest(coordinator_keys=[key], key_type=2)
        c.ask(key, request, version)
