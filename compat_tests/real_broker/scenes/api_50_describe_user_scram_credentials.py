"""DescribeUserScramCredentials: one, several, all, and users without any."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.scram import (
    ITERATIONS,
    SHA_256,
    SHA_512,
    alter,
    describe,
    of_users,
    remove,
    upsert,
    wait_for,
)
from kafka_codecs.messages.api_50_describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
)

ALTER = 0


@scene(DescribeUserScramCredentialsRequest)
def users(c: Conversation, version: int) -> None:
    one, two, none = c.name("one"), c.name("two"), c.name("none")
    c.quietly(alter(upsert(one), upsert(two, SHA_512, 8192)), ALTER)
    c.quietly(alter(upsert(one, SHA_512, 5000)), ALTER)
    wait_for(c, one, (SHA_256, ITERATIONS), (SHA_512, 5000))
    wait_for(c, two, (SHA_512, 8192))
    c.ask("one with two mechanisms", describe(one), version)
    c.ask("one with one", describe(two), version)
    c.ask("both", describe(two, one), version)
    c.ask("unknown", describe(none), version)
    c.ask("known and unknown", describe(one, none), version)
    c.ask("twice", describe(one, one), version)
    c.ask("twice among others", describe(one, two, none, one), version)
    c.ask("thrice", describe(two, two, two), version)
    c.ask("unknown twice", describe(none, none), version)
    c.ask("an empty name", describe(""), version)
    c.ask("a name in capitals", describe(one.upper()), version)
    everyone = of_users((one, two))
    c.ask("all, by none", describe(), version, look=everyone)
    c.ask("all, by null", DescribeUserScramCredentialsRequest(users=None), version, look=everyone)
    remove(c, (one, SHA_256), (one, SHA_512), (two, SHA_512))
    c.ask("gone", describe(one, two), version)
    c.ask("all, now nobody", describe(), version, look=everyone)
