"""DescribeAcls: filters of every kind, and a broker that has no ACLs."""

from __future__ import annotations

from compat_tests.real_broker.apache_kafka import AUTHORIZER
from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.acls import (
    ALICE,
    ALL,
    ALLOW,
    ANY,
    BOB,
    CLUSTER,
    DENY,
    GROUP,
    LITERAL,
    MATCH,
    PREFIXED,
    READ,
    TOPIC,
    UNKNOWN,
    USER,
    WRITE,
    acl,
    clean,
    describe,
    many,
    set_up,
)
from kafka_codecs.messages.api_29_describe_acls import DescribeAclsRequest

ANY_RESOURCE = 1
PATTERNS = (("any", ANY), ("match", MATCH), ("literal", LITERAL), ("prefixed", PREFIXED))


@scene(DescribeAclsRequest)
def without_an_authorizer(c: Conversation, version: int) -> None:
    c.ask("all", describe(), version)
    c.ask("of a topic", describe("t", TOPIC, LITERAL, ALICE, "*", READ, ALLOW), version)
    c.ask("of no such resource", describe("t", 99), version)


@scene(DescribeAclsRequest)
def what_cannot_be_read(c: Conversation, version: int) -> None:
    """The codes of UNKNOWN: the connection is closed."""
    _unknown_codes(c, version)


@scene(DescribeAclsRequest, broker=AUTHORIZER)
def what_cannot_be_read_either(c: Conversation, version: int) -> None:
    _unknown_codes(c, version)


def _unknown_codes(c: Conversation, version: int) -> None:
    c.ask("resource type", describe(resource=UNKNOWN), version)
    c.ask("pattern type", describe(pattern=UNKNOWN), version)
    c.ask("operation", describe(operation=UNKNOWN), version)
    c.ask("permission type", describe(permission=UNKNOWN), version)


@scene(DescribeAclsRequest, broker=AUTHORIZER)
def names_and_patterns(c: Conversation, version: int) -> None:
    set_up(c, *many(c))
    a, ab, abc = c.name("a"), c.name("ab"), c.name("abc")
    for word, pattern in PATTERNS:
        for label, name in (
            ("no name", None),
            ("a", a),
            ("ab", ab),
            ("abc", abc),
            ("shorter", a[:-1]),
            ("another", "another"),
            ("the wildcard", "*"),
            ("an empty name", ""),
        ):
            for of, resource in (
                ("anything", ANY_RESOURCE),
                ("a topic", TOPIC),
                ("a group", GROUP),
            ):
                asked = describe(name, resource, pattern)
                c.ask(f"{word}, {label}, of {of}", asked, version)
    clean(c)
    c.ask("nothing left", describe(), version)


@scene(DescribeAclsRequest, broker=AUTHORIZER)
def entries(c: Conversation, version: int) -> None:
    set_up(c, *many(c))
    a = c.name("a")
    for label, asked in (
        ("alice", describe(principal=ALICE)),
        ("bob", describe(principal=BOB)),
        ("nobody", describe(principal="User:nobody")),
        ("a principal in capitals", describe(principal=ALICE.upper())),
        ("the wildcard principal", describe(principal="User:*")),
        ("an empty principal", describe(principal="")),
        ("a host", describe(host="10.0.0.1")),
        ("all hosts", describe(host="*")),
        ("no host", describe(host="")),
        ("denied", describe(permission=DENY)),
        ("allowed", describe(permission=ALLOW)),
        ("reading", describe(operation=READ)),
        ("writing", describe(operation=WRITE)),
        ("all operations", describe(operation=ALL)),
        ("the cluster", describe(resource=CLUSTER)),
        ("users", describe(resource=USER)),
        ("one entry", describe(a, TOPIC, LITERAL, BOB, "10.0.0.1", READ, DENY)),
        ("all but the name", describe(None, TOPIC, LITERAL, ALICE, "*", READ, ALLOW)),
    ):
        c.ask(label, asked, version)
    for code in (-1, 16, 99, 127):
        c.ask(f"resource type {code}", describe(resource=code), version)
        c.ask(f"pattern type {code}", describe(pattern=code), version)
        c.ask(f"operation {code}", describe(operation=code), version)
        c.ask(f"permission type {code}", describe(permission=code), version)
    clean(c)


@scene(DescribeAclsRequest, "3+", broker=AUTHORIZER)
def users(c: Conversation, version: int) -> None:
    set_up(c, acl(ALICE, USER, operation=14), acl("User:", USER, PREFIXED, operation=13))
    for word, pattern in PATTERNS:
        c.ask(f"{word}, alice", describe(ALICE, USER, pattern), version)
        c.ask(f"{word}, anybody", describe(None, USER, pattern), version)
    clean(c)
