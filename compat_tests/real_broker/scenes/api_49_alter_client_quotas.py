"""AlterClientQuotas: entities and quotas that are, and those that are not."""

from __future__ import annotations

import math

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.quotas import (
    CONNECTIONS,
    CONSUMER,
    MUTATION,
    NO_LIMIT,
    PRODUCER,
    REQUEST,
    Parts,
    alter,
    ask_and_wait,
    both,
    client,
    exactly,
    ip,
    remove_all,
    set_quotas,
    user,
)
from kafka_codecs.messages.api_49_alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
)

DESCRIBE = 1
ADDRESS = "10.49.0.1"


@scene(AlterClientQuotasRequest)
def set_and_removed(c: Conversation, version: int) -> None:
    name = c.name("u")
    for kind, parts in (
        ("user", user(name)),
        ("client id", client(name)),
        ("both", both(name, name)),
    ):
        ask_and_wait(c, f"set, {kind}", [(parts, [(PRODUCER, 1e9), (CONSUMER, 2e9)])], version)
        c.ask(f"see, {kind}", exactly(parts), DESCRIBE)
        ask_and_wait(c, f"change, {kind}", [(parts, [(PRODUCER, 3e9)])], version)
        ask_and_wait(c, f"as it is, {kind}", [(parts, [(PRODUCER, 3e9)])], version)
        ask_and_wait(
            c, f"one away, one new, {kind}", [(parts, [(CONSUMER, None), (MUTATION, 0.5)])], version
        )
        c.ask(f"see the change, {kind}", exactly(parts), DESCRIBE)
        ask_and_wait(c, f"away, {kind}", [(parts, [(PRODUCER, None), (MUTATION, None)])], version)
        ask_and_wait(c, f"away again, {kind}", [(parts, [(PRODUCER, None)])], version)
        c.ask(f"nothing there, {kind}", exactly(parts), DESCRIBE)


@scene(AlterClientQuotasRequest)
def default_entities(c: Conversation, version: int) -> None:
    for kind, parts in (
        ("user", user(None)),
        ("client id", client(None)),
        ("both", both(None, None)),
    ):
        ask_and_wait(c, f"set, {kind}", [(parts, [(PRODUCER, NO_LIMIT)])], version)
        c.ask(f"see, {kind}", exactly(parts), DESCRIBE)
        ask_and_wait(c, f"away, {kind}", [(parts, [(PRODUCER, None)])], version)
        c.ask(f"nothing there, {kind}", exactly(parts), DESCRIBE)
    quota = [(CONNECTIONS, 1e9)]
    ask_and_wait(c, "set, address", [(ip(None), quota)], version)
    c.ask("see, address", exactly(ip(None)), DESCRIBE)
    ask_and_wait(c, "away, address", [(ip(None), [(CONNECTIONS, None)])], version)


@scene(AlterClientQuotasRequest)
def addresses(c: Conversation, version: int) -> None:
    quota = [(CONNECTIONS, 1e6)]
    ask_and_wait(c, "set", [(ip(ADDRESS), quota)], version)
    c.ask("see", exactly(ip(ADDRESS)), DESCRIBE)
    ask_and_wait(c, "away", [(ip(ADDRESS), [(CONNECTIONS, None)])], version)
    for address in (
        *("127.0.0.1", "::1", "[::1]", "fe80::1%1", "localhost", "127.1", "2130706433"),
        *("256.0.0.1", "1.2.3.4.5", "1.2.3.256", "127.65536", "01.2.3.4", "1.2.3.", ".1", "-1"),
        *("4294967295", "4294967296", ":::1", "::1::", "1::2:3:4:5:6:7:8:9", "[127.0.0.1]", "[]"),
        *("no such host", "nobody.invalid", "10.0.0.0/8", "*", " ", ""),
    ):
        c.ask(f"only tried: {address!r}", alter((ip(address), quota), validate_only=True), version)
    for parts in ([*ip(ADDRESS), *user("u")], [*client("c"), *ip(ADDRESS)], [*ip("?"), *user("u")]):
        kinds = " and ".join(kind for kind, _ in parts)
        c.ask(f"{kinds} of {parts[0][1]}", alter((parts, quota)), version)
    for label, key in (("a user's", PRODUCER), ("no", "none")):
        c.ask(f"{label} quota", alter((ip(ADDRESS), [(key, 1.0)])), version)


@scene(AlterClientQuotasRequest)
def wrong_entities(c: Conversation, version: int) -> None:
    name, quota = c.name("u"), [(MUTATION, 1e6)]
    wrong: list[tuple[str, Parts]] = [
        ("none", []),
        ("an unknown kind", [("users", name)]),
        ("a kind in capitals", [("User", name)]),
        ("a kind without a name", [("", name)]),
        ("an unknown kind besides", [*user(name), ("group", name)]),
        ("an unknown kind first", [("group", name), *client(name)]),
        ("a user without a name", user("")),
        ("a client id without a name", client("")),
        ("both without a name", both("", "")),
        ("an unnamed user, an unknown kind", [*user(""), ("group", name)]),
        ("the default of an unknown kind", [("group", None)]),
    ]
    for label, parts in wrong:
        c.ask(label, alter((parts, quota)), version)
        c.ask(f"{label}, nothing to do", alter((parts, [])), version)
    c.ask("a kind twice", alter(([*user(name), *user("other")], quota)), version)
    c.ask("no entities", alter(), version)


@scene(AlterClientQuotasRequest)
def values(c: Conversation, version: int) -> None:
    parts = user(c.name("u"))
    for key in (PRODUCER, CONSUMER, REQUEST, MUTATION):
        for value in (
            *(0.0, -0.0, -1.0, 0.5, 1.0, 1.5, 1.0000001, 1.00001, 5e-324, 2.0**31, 2.0**53 + 2),
            *(2.0**63, math.nextafter(2.0**63, math.inf), math.inf, -math.inf, math.nan),
        ):
            request = alter((parts, [(key, value)]), validate_only=True)
            c.ask(f"{key} {value!r}", request, version)
    for value in (0.0, 0.5, 1.0, 2.0**31 - 1, 2.0**31 - 0.5, 2.0**31, math.nan):
        request = alter((ip(ADDRESS), [(CONNECTIONS, value)]), validate_only=True)
        c.ask(f"{CONNECTIONS} {value!r}", request, version)
    for key in (
        "",
        "Producer_Byte_Rate",
        "SCRAM-SHA-256",
        CONNECTIONS,
        "follower.replication.rate",
    ):
        c.ask(f"key {key!r}", alter((parts, [(key, 1.0)])), version)
        c.ask(f"remove key {key!r}", alter((parts, [(key, None)])), version)


@scene(AlterClientQuotasRequest)
def several_at_once(c: Conversation, version: int) -> None:
    one, two = user(c.name("one")), client(c.name("two"))
    ask_and_wait(c, "two", [(one, [(PRODUCER, 1e9)]), (two, [(CONSUMER, 1e9)])], version)
    c.ask(
        "one of them wrong",
        alter((one, [(PRODUCER, 2e9)]), (two, [("none", 1.0)])),
        version,
    )
    c.until(lambda: bool(c.quietly(exactly(one), DESCRIBE).entries[0].values[0].value == 2e9))
    c.ask(
        "of one entity, one quota wrong",
        alter((one, [(PRODUCER, 3e9), (CONSUMER, -1.0), (MUTATION, 1e6)])),
        version,
    )
    c.ask("many wrong quotas", alter((one, [(f"none-{n}", 1.0) for n in range(7)])), version)
    c.ask(
        "wrong quotas of all kinds",
        alter((one, [(PRODUCER, 0.5), (CONSUMER, -1.0), ("none", 1.0)])),
        version,
    )
    c.ask("see one", exactly(one), DESCRIBE)
    c.ask("see two", exactly(two), DESCRIBE)
    ask_and_wait(c, "away", [(one, [(PRODUCER, None)]), (two, [(CONSUMER, None)])], version)


@scene(AlterClientQuotasRequest)
def named_twice(c: Conversation, version: int) -> None:
    one, two = user(c.name("one")), both(c.name("two"), c.name("id"))
    c.ask("an entity", alter((one, [(PRODUCER, 1e9)]), (one, [(CONSUMER, 1e9)])), version)
    c.until(lambda: bool(c.quietly(exactly(one), DESCRIBE).entries))
    c.ask("the first counts", exactly(one), DESCRIBE)
    c.ask(
        "an entity of two kinds",
        alter((two, [(PRODUCER, 1e9)]), (list(reversed(two)), [(PRODUCER, 2e9)])),
        version,
    )
    c.until(lambda: bool(c.quietly(exactly(two), DESCRIBE).entries))
    c.ask("the first counts again", exactly(two), DESCRIBE)
    c.ask("a wrong entity", alter((user(""), []), (user(""), [])), version)
    c.ask("a quota", alter((one, [(CONSUMER, 1e9), (CONSUMER, 1e9)])), version)
    c.ask("a quota, of the default", alter((user(None), [(CONSUMER, None)] * 2)), version)
    c.ask("a quota, away and set", alter((one, [(PRODUCER, None), (PRODUCER, 5e9)])), version)
    c.ask("a quota nobody knows", alter((one, [("none", 1.0), ("none", 1.0)])), version)
    c.ask("a quota, of a wrong entity", alter((user(""), [(PRODUCER, 1e9)] * 2)), version)
    c.ask(
        "a quota, then the entity again",
        alter((one, [(CONSUMER, 1e9)] * 2), (one, [(CONSUMER, 1e9)])),
        version,
    )
    c.ask("see", exactly(one), DESCRIBE)
    remove_all(c, one, two)


@scene(AlterClientQuotasRequest)
def only_tried(c: Conversation, version: int) -> None:
    parts = client(c.name("c"))
    c.ask("set", alter((parts, [(PRODUCER, 1e9)]), validate_only=True), version)
    c.ask("wrong", alter((parts, [(PRODUCER, -1.0)]), validate_only=True), version)
    c.ask("nothing there", exactly(parts), DESCRIBE)
    set_quotas(c, (parts, [(PRODUCER, 1e9)]))
    c.ask("away", alter((parts, [(PRODUCER, None)]), validate_only=True), version)
    c.ask("still there", exactly(parts), DESCRIBE)
    c.ask("nothing to do", alter((parts, [])), version)
    remove_all(c, parts)


@scene(AlterClientQuotasRequest)
def too_much(c: Conversation, version: int) -> None:
    """More changes than the controller makes in one go."""
    entries = [(user(f"{c.name('u')}-{n}"), [(MUTATION, 1e6)]) for n in range(10_000)]
    c.ask("as many as there may be", alter(*entries, validate_only=True), version, look=count)
    entries.append((user(c.name("last")), [(MUTATION, 1e6)]))
    c.ask("one more", alter(*entries, validate_only=True), version, look=count)


def count(answer: AlterClientQuotasResponse) -> None:
    """Leave the first and the last of the entries in an answer, in the order of their names."""
    entries = answer.entries
    entries.sort(key=lambda entry: entry.entity[0].entity_name or "")
    assert len(entries) >= 10_000, len(entries)
    del entries[1:-1]
