"""DescribeClientQuotas: filters that match, and filters that are none."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.quotas import (
    CONNECTIONS,
    CONSUMER,
    DEFAULT,
    EXACT,
    MUTATION,
    NO_LIMIT,
    PRODUCER,
    SPECIFIED,
    both,
    client,
    describe,
    ip,
    of_this_scene,
    remove_all,
    set_quotas,
    user,
)
from kafka_codecs.messages.api_48_describe_client_quotas import (
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
)

STRICT = (False, True)
ADDRESSES = ("10.48.0.1", "10.48.0.2")


@scene(DescribeClientQuotasRequest)
def filters(c: Conversation, version: int) -> None:
    """Users, client ids, and both together; the entities without a name are other scenes' too."""
    name, other = c.name("a"), c.name("b")
    entities = [
        *(user(name), user(other), client(name), client(other)),
        *(both(name, name), both(name, other), both(other, name)),
        *(both(name, None), both(None, name)),
    ]
    set_quotas(
        c,
        *((parts, [(PRODUCER, 1e9 + n), (MUTATION, n + 0.5)]) for n, parts in enumerate(entities)),
    )
    own = of_this_scene(c)
    for strict in STRICT:
        word = ", strict" if strict else ""
        for label, *components in (
            ("everything",),
            ("a user", ("user", EXACT, name)),
            ("another user", ("user", EXACT, other)),
            ("a client id", ("client-id", EXACT, name)),
            ("a user and a client id", ("user", EXACT, name), ("client-id", EXACT, other)),
            ("the other way round", ("client-id", EXACT, other), ("user", EXACT, name)),
            ("any user", ("user", SPECIFIED, None)),
            ("any client id", ("client-id", SPECIFIED, None)),
            ("any of both", ("user", SPECIFIED, None), ("client-id", SPECIFIED, None)),
            ("a user, any client id", ("user", EXACT, name), ("client-id", SPECIFIED, None)),
            ("any user, a client id", ("user", SPECIFIED, None), ("client-id", EXACT, name)),
            ("a user, the default client id", ("user", EXACT, name), ("client-id", DEFAULT, None)),
            ("the default user, a client id", ("user", DEFAULT, None), ("client-id", EXACT, name)),
            ("the default user", ("user", DEFAULT, None)),
            ("the default client id", ("client-id", DEFAULT, None)),
            ("nobody", ("user", EXACT, c.name("nobody"))),
            ("a name that is empty", ("user", EXACT, "")),
            ("a name that begins so", ("user", EXACT, name[:-1])),
            ("any address", ("ip", SPECIFIED, None)),
        ):
            c.ask(f"{label}{word}", describe(*components, strict=strict), version, look=own)
    remove_all(c, *entities)
    c.ask("nothing left", describe(), version, look=own)


@scene(DescribeClientQuotasRequest)
def default_entities(c: Conversation, version: int) -> None:
    entities = [user(None), client(None), both(None, None)]
    set_quotas(c, *((parts, [(CONSUMER, NO_LIMIT + n)]) for n, parts in enumerate(entities)))
    for strict in STRICT:
        word = ", strict" if strict else ""
        for label, *components in (
            ("user", ("user", DEFAULT, None)),
            ("client id", ("client-id", DEFAULT, None)),
            ("both", ("user", DEFAULT, None), ("client-id", DEFAULT, None)),
            ("any user", ("user", SPECIFIED, None)),
            (
                "any user, default client id",
                ("user", SPECIFIED, None),
                ("client-id", DEFAULT, None),
            ),
        ):
            c.ask(f"{label}{word}", describe(*components, strict=strict), version, look=_nameless)
    remove_all(c, *entities)


@scene(DescribeClientQuotasRequest)
def addresses(c: Conversation, version: int) -> None:
    entities = [ip(ADDRESSES[0]), ip(ADDRESSES[1]), ip(None)]
    set_quotas(c, *((parts, [(CONNECTIONS, 1e6 + n)]) for n, parts in enumerate(entities)))
    for strict in STRICT:
        word = ", strict" if strict else ""
        for label, component in (
            ("one", ("ip", EXACT, ADDRESSES[0])),
            ("none", ("ip", EXACT, "10.48.0.3")),
            ("no address", ("ip", EXACT, "?")),
            ("any", ("ip", SPECIFIED, None)),
            ("the default", ("ip", DEFAULT, None)),
        ):
            c.ask(f"{label}{word}", describe(component, strict=strict), version)
    remove_all(c, *entities)
    c.ask("nothing left", describe(("ip", SPECIFIED, None)), version)


@scene(DescribeClientQuotasRequest)
def wrong_filters(c: Conversation, version: int) -> None:
    for label, *components in (
        ("an unknown kind", ("users", EXACT, "u")),
        ("an empty kind", ("", EXACT, "u")),
        ("a kind in capitals", ("USER", SPECIFIED, None)),
        ("a kind twice", ("user", EXACT, "u"), ("user", EXACT, "v")),
        ("a kind twice, any first", ("user", SPECIFIED, None), ("user", EXACT, "v")),
        ("a kind twice, default first", ("user", DEFAULT, None), ("user", SPECIFIED, None)),
        ("an unknown kind twice", ("?", EXACT, "u"), ("?", EXACT, "v")),
        ("exact without a name", ("user", EXACT, None)),
        ("default with a name", ("user", DEFAULT, "u")),
        ("default with an empty name", ("user", DEFAULT, "")),
        ("any with a name", ("client-id", SPECIFIED, "u")),
        ("an unknown match type", ("user", 3, "u")),
        ("a negative match type", ("user", -1, None)),
        ("address and user", ("ip", EXACT, "1.2.3.4"), ("user", EXACT, "u")),
        ("client id and any address", ("client-id", DEFAULT, None), ("ip", SPECIFIED, None)),
        ("all three", ("user", SPECIFIED, None), ("ip", DEFAULT, None), ("client-id", EXACT, "c")),
        ("good, then wrong", ("user", EXACT, "u"), ("client-id", EXACT, None)),
        ("two wrong", ("user", 7, "u"), ("", EXACT, None)),
    ):
        for strict in STRICT:
            word = ", strict" if strict else ""
            c.ask(f"{label}{word}", describe(*components, strict=strict), version)


def _nameless(answer: DescribeClientQuotasResponse) -> None:
    """Leave the default entities, with which no other scene is at work."""
    answer.entries = [
        entry
        for entry in answer.entries or ()
        if all(part.entity_name is None for part in entry.entity)
    ]
