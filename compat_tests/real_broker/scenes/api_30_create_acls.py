"""CreateAcls: entries that can be, and those that cannot."""

from __future__ import annotations

from compat_tests.real_broker.apache_kafka import AUTHORIZER
from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.acls import (
    ALICE,
    ANY,
    BOB,
    CLUSTER,
    DELEGATION_TOKEN,
    DENY,
    DESCRIBE,
    GROUP,
    LAST_OPERATION,
    LITERAL,
    MATCH,
    NEWEST,
    PREFIXED,
    TOPIC,
    TRANSACTIONAL_ID,
    UNKNOWN,
    USER,
    WRITE,
    acl,
    clean,
    create,
    describe,
    many,
    wait_for,
)
from kafka_codecs.messages.api_30_create_acls import CreateAclsRequest


@scene(CreateAclsRequest)
def without_an_authorizer(c: Conversation, version: int) -> None:
    c.ask("one", create(acl("t")), version)
    c.ask("three, one of them wrong", create(acl("t"), acl(""), acl("u")), version)
    c.ask("one for filters only", create(acl("t", pattern=MATCH)), version)
    c.ask("one nobody knows", create(acl("t", operation=99)), version)
    c.ask("none", create(), version)


@scene(CreateAclsRequest)
def what_cannot_be_read(c: Conversation, version: int) -> None:
    """The codes of UNKNOWN: the connection is closed."""
    _unknown_codes(c, version)


@scene(CreateAclsRequest, broker=AUTHORIZER)
def what_cannot_be_read_either(c: Conversation, version: int) -> None:
    _unknown_codes(c, version)


def _unknown_codes(c: Conversation, version: int) -> None:
    c.ask("resource type", create(acl("t", UNKNOWN)), version)
    c.ask("pattern type", create(acl("t", pattern=UNKNOWN)), version)
    c.ask("operation", create(acl("t", operation=UNKNOWN)), version)
    c.ask("permission type", create(acl("t", permission=UNKNOWN)), version)
    c.ask("one of two", create(acl("t"), acl("t", operation=UNKNOWN)), version)


@scene(CreateAclsRequest, broker=AUTHORIZER)
def entries(c: Conversation, version: int) -> None:
    acls = many(c)
    c.ask("nothing", create(), version)
    c.ask("one", create(acls[0]), version)
    wait_for(c, 1)
    c.ask("it again", create(acls[0]), version)
    c.ask("all of them", create(*acls), version)
    wait_for(c, len(acls))
    c.ask("see", describe(), NEWEST)
    clean(c)
    c.ask("one twice", create(acls[1], acls[1]), version)
    wait_for(c, 1)
    c.ask("see it once", describe(), NEWEST)
    clean(c)


@scene(CreateAclsRequest, broker=AUTHORIZER)
def codes(c: Conversation, version: int) -> None:
    """Every operation, resource and permission there is, and codes there are none for."""
    name = c.name("r")
    every_operation = [acl(name, operation=code) for code in range(2, LAST_OPERATION + 1)]
    c.ask("every operation", create(*every_operation), version)
    wait_for(c, len(every_operation))
    clean(c)
    kinds = (TOPIC, GROUP, TRANSACTIONAL_ID, DELEGATION_TOKEN, USER)
    patterns = (LITERAL, PREFIXED)
    c.ask(
        "every resource and pattern",
        create(*(acl(name, kind, pattern) for kind in kinds for pattern in patterns)),
        version,
    )
    wait_for(c, len(kinds) * len(patterns))
    clean(c)
    for code in (-128, -1, 8, 16, 99, 127):
        c.ask(f"resource type {code}", create(acl(name, code)), version)
    for code in (-1, 5, 99):
        c.ask(f"pattern type {code}", create(acl(name, pattern=code)), version)
        c.ask(f"permission type {code}", create(acl(name, permission=code)), version)
    for code in (-1, LAST_OPERATION + 1, 99):
        c.ask(f"operation {code}", create(acl(name, operation=code)), version)
    c.ask("all codes", create(acl(name, 99, 99, ALICE, "*", 99, 99)), version)
    c.ask("all codes but the resource's", create(acl(name, TOPIC, 99, ALICE, "*", 99, 99)), version)
    c.ask("operation and permission", create(acl(name, operation=99, permission=99)), version)
    c.ask("no name, no resource", create(acl("", 99)), version)
    c.ask("see nothing", describe(), NEWEST)


@scene(CreateAclsRequest, broker=AUTHORIZER)
def for_filters_only(c: Conversation, version: int) -> None:
    name = c.name("r")
    for label, wrong in (
        ("any resource", acl(name, ANY)),
        ("any pattern", acl(name, pattern=ANY)),
        ("a match", acl(name, pattern=MATCH)),
        ("any operation", acl(name, operation=ANY)),
        ("any permission", acl(name, permission=ANY)),
    ):
        c.ask(label, create(wrong), version)
        c.ask(f"{label}, with a good one", create(acl(name), wrong), version)
    c.ask("see nothing", describe(), NEWEST)


@scene(CreateAclsRequest, broker=AUTHORIZER)
def wrong_names(c: Conversation, version: int) -> None:
    name = c.name("r")
    for label, wrong in (
        ("no name", acl("")),
        ("no name, prefixed", acl("", pattern=PREFIXED)),
        ("another cluster", acl("cluster", CLUSTER, operation=DESCRIBE)),
        ("the cluster in capitals", acl("KAFKA-CLUSTER", CLUSTER)),
        ("any cluster", acl("*", CLUSTER)),
        ("a cluster without a name", acl("", CLUSTER)),
        ("no principal", acl(name, principal="")),
        ("a principal without a kind", acl(name, principal="alice")),
        ("a bare colon, prefixed cluster", acl("kafka", CLUSTER, PREFIXED, principal=":")),
    ):
        c.ask(label, create(wrong), version)
    c.ask("see nothing", describe(), NEWEST)
    for label, odd in (
        ("a bare colon", acl(name, principal=":")),
        ("a kind nobody knows", acl(name, principal="Robot:r2")),
        ("no host", acl(name, host="")),
        ("a host that is none", acl(name, host="no host")),
        ("a prefixed cluster", acl("kafka-cluster", CLUSTER, PREFIXED)),
        ("an odd name", acl("a b/\u20ac")),
        ("an operation topics do not have", acl(name, operation=13, permission=DENY)),
    ):
        c.ask(label, create(odd), version)
        wait_for(c, 1)
        c.ask(f"see {label}", describe(), NEWEST)
        clean(c)


@scene(CreateAclsRequest, broker=AUTHORIZER)
def some_wrong(c: Conversation, version: int) -> None:
    name = c.name("r")
    acls = (
        *(acl(""), acl(name), acl(name, principal="x"), acl(name, operation=99)),
        *(acl(name, principal=BOB), acl(name), acl("", operation=WRITE), acl("")),
    )
    c.ask("good and wrong", create(*acls), version)
    wait_for(c, 2)
    c.ask("see", describe(), NEWEST)
    clean(c)


@scene(CreateAclsRequest, broker=AUTHORIZER)
def too_many(c: Conversation, version: int) -> None:
    """More than the controller adds in one go: none is added."""
    acls = [acl(f"{c.name('r')}-{n}") for n in range(10_001)]
    answer = c.quietly(create(acl(""), *acls, acl(ALICE, principal="x")), version)
    told = [(result.error_code, result.error_message) for result in answer.results]
    assert len(set(told[1:])) == 1
    del answer.results[2:]
    c.steps.append(["too many", f"CreateAcls v{version}", c.normalizer.answer(answer, version)])
    c.ask("see nothing", describe(), NEWEST)
