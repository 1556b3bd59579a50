"""DeleteAcls: what filters match is gone, and told."""

from __future__ import annotations

from compat_tests.real_broker.apache_kafka import AUTHORIZER
from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.acls import (
    ALICE,
    ALLOW,
    BOB,
    CLUSTER,
    DENY,
    GROUP,
    LITERAL,
    MATCH,
    NEWEST,
    PREFIXED,
    READ,
    TOPIC,
    UNKNOWN,
    acl,
    clean,
    create,
    delete,
    describe,
    every,
    known,
    many,
    set_up,
    wait_for,
)
from kafka_codecs.messages.api_31_delete_acls import DeleteAclsRequest


@scene(DeleteAclsRequest)
def without_an_authorizer(c: Conversation, version: int) -> None:
    c.ask("all", delete(every()), version)
    c.ask("two filters", delete(every("t", TOPIC), every("u", 99)), version)
    c.ask("none", delete(), version)


@scene(DeleteAclsRequest)
def what_cannot_be_read(c: Conversation, version: int) -> None:
    """The codes of UNKNOWN: the connection is closed."""
    _unknown_codes(c, version)


@scene(DeleteAclsRequest, broker=AUTHORIZER)
def what_cannot_be_read_either(c: Conversation, version: int) -> None:
    _unknown_codes(c, version)


def _unknown_codes(c: Conversation, version: int) -> None:
    c.ask("resource type", delete(every(resource=UNKNOWN)), version)
    c.ask("pattern type", delete(every(pattern=UNKNOWN)), version)
    c.ask("operation", delete(every(operation=UNKNOWN)), version)
    c.ask("permission type", delete(every(permission=UNKNOWN)), version)
    c.ask("one of two", delete(every("none"), every(permission=UNKNOWN)), version)


@scene(DeleteAclsRequest, broker=AUTHORIZER)
def filters(c: Conversation, version: int) -> None:
    """One after the other, until nothing is left."""
    set_up(c, *many(c))
    a, ab, abc = c.name("a"), c.name("ab"), c.name("abc")
    for label, wanted in (
        ("one entry", every(a, TOPIC, LITERAL, BOB, "10.0.0.1", READ, DENY)),
        ("it again", every(a, TOPIC, LITERAL, BOB, "10.0.0.1", READ, DENY)),
        ("nothing of that name", every("none")),
        ("nothing that is denied", every(permission=DENY)),
        ("nobody's", every(principal="User:nobody")),
        ("the literal ones of a topic", every(a, TOPIC, LITERAL, ALICE)),
        ("what matches a topic", every(abc, TOPIC, MATCH)),
        ("the prefixed ones of groups", every(None, GROUP, PREFIXED)),
        ("the cluster's", every("kafka-cluster", CLUSTER)),
        ("all of a host", every(host="10.0.0.1")),
        ("any of a name", every(ab)),
        ("all that read", every(operation=READ)),
        ("the rest", every()),
        ("nothing left", every(None, permission=ALLOW)),
    ):
        before = known(c, describe())
        answer = c.ask(label, delete(wanted), version)
        gone = len(answer.filter_results[0].matching_acls)
        wait_for(c, before - gone)
    c.ask("see nothing", describe(), NEWEST)


@scene(DeleteAclsRequest, broker=AUTHORIZER)
def several_filters(c: Conversation, version: int) -> None:
    acls = many(c)
    set_up(c, *acls)
    a = c.name("a")
    c.ask("none", delete(), version)
    c.ask(
        "that overlap",
        delete(every(a, TOPIC), every(a, TOPIC), every(principal=BOB), every("none")),
        version,
    )
    wait_for(c, len(acls) - 6)
    c.ask("see", describe(), NEWEST)
    c.ask(
        "good and wrong",
        delete(every(resource=99), every(a, GROUP), every(operation=99), every(pattern=-1)),
        version,
    )
    wait_for(c, len(acls) - 7)
    clean(c)


@scene(DeleteAclsRequest, broker=AUTHORIZER)
def codes(c: Conversation, version: int) -> None:
    set_up(c, acl(c.name("r")))
    for code in (-1, 16, 99):
        c.ask(f"resource type {code}", delete(every(resource=code)), version)
        c.ask(f"pattern type {code}", delete(every(pattern=code)), version)
        c.ask(f"operation {code}", delete(every(operation=code)), version)
        c.ask(f"permission type {code}", delete(every(permission=code)), version)
        wanted = every(resource=code, operation=code)
        c.ask(f"resource type and operation {code}", delete(wanted), version)
    c.ask("still there", describe(), NEWEST)
    clean(c)


@scene(DeleteAclsRequest, "3", broker=AUTHORIZER)
def too_many(c: Conversation, version: int) -> None:
    """More than the controller deletes in one go: none is deleted."""
    set_up(c, *(acl(f"{c.name('r')}-{n}") for n in range(10_000)))
    c.quietly(create(acl("one more", resource=GROUP)), NEWEST)
    wait_for(c, 1, describe("one more"))
    c.ask("one too many", delete(every("none"), every()), version)
    answer = c.quietly(delete(every(resource=TOPIC)), version)
    assert len(answer.filter_results[0].matching_acls) == 10_000
    wait_for(c, 1)
    c.ask("the last", delete(every()), version)
    wait_for(c, 0)
