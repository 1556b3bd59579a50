"""AlterUserScramCredentials: set, set anew, deleted, and all that is wrong."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.scram import (
    ITERATIONS,
    SHA_256,
    SHA_512,
    alter,
    delete,
    describe,
    remove,
    upsert,
    wait_for,
)
from kafka_codecs.messages.api_51_alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
)

DESCRIBE = 0


@scene(AlterUserScramCredentialsRequest)
def set_and_deleted(c: Conversation, version: int) -> None:
    user = c.name("u")
    c.ask("delete what is not there", alter(delete(user)), version)
    c.ask("set", alter(upsert(user)), version)
    wait_for(c, user, (SHA_256, ITERATIONS))
    c.ask("see", describe(user), DESCRIBE)
    c.ask("set anew", alter(upsert(user, iterations=5000)), version)
    wait_for(c, user, (SHA_256, 5000))
    c.ask("set as it is", alter(upsert(user, iterations=5000)), version)
    c.ask("delete another mechanism", alter(delete(user, SHA_512)), version)
    c.ask("set another mechanism", alter(upsert(user, SHA_512)), version)
    wait_for(c, user, (SHA_256, 5000), (SHA_512, ITERATIONS))
    c.ask("delete the first", alter(delete(user)), version)
    wait_for(c, user, (SHA_512, ITERATIONS))
    c.ask("delete it again", alter(delete(user)), version)
    c.ask("see the second", describe(user), DESCRIBE)
    c.ask("delete the second", alter(delete(user, SHA_512)), version)
    wait_for(c, user)
    c.ask("see nothing", describe(user), DESCRIBE)


@scene(AlterUserScramCredentialsRequest)
def wrong(c: Conversation, version: int) -> None:
    user = c.name("u")
    for mechanism in (-1, 0, 3, 127):
        c.ask(f"delete, mechanism {mechanism}", alter(delete(user, mechanism)), version)
        c.ask(f"set, mechanism {mechanism}", alter(upsert(user, mechanism)), version)
    for mechanism in (SHA_256, SHA_512):
        for iterations in (-1, 0, 4095, 16385, 2**31 - 1):
            change = upsert(user, mechanism, iterations)
            c.ask(f"mechanism {mechanism}, {iterations} iterations", alter(change), version)
    c.ask("delete, no name", alter(delete("")), version)
    c.ask("set, no name", alter(upsert("")), version)
    c.ask("no name, no mechanism", alter(upsert("", 0, 0)), version)
    c.ask("no mechanism, no iterations", alter(upsert(user, 0, 0)), version)
    c.ask("no salted password", alter(upsert(user, salted=b"")), version)
    c.ask("nothing", alter(), version)
    c.ask("still nobody", describe(user), DESCRIBE)


@scene(AlterUserScramCredentialsRequest)
def the_limits(c: Conversation, version: int) -> None:
    user = c.name("u")
    c.ask("most iterations", alter(upsert(user, SHA_512, 16384)), version)
    wait_for(c, user, (SHA_512, 16384))
    c.ask("no salt", alter(upsert(user, SHA_256, salt=b"")), version)
    wait_for(c, user, (SHA_256, ITERATIONS), (SHA_512, 16384))
    remove(c, (user, SHA_256), (user, SHA_512))
    for name in (f"{user} with spaces", f"{user},n=ü", f"{user}/\u20ac\U0001f600"):
        c.ask(f"named {name[len(user) :]}", alter(upsert(name)), version)
        wait_for(c, name, (SHA_256, ITERATIONS))
        c.ask(f"see {name[len(user) :]}", describe(name), DESCRIBE)
        remove(c, (name, SHA_256))


@scene(AlterUserScramCredentialsRequest)
def several_at_once(c: Conversation, version: int) -> None:
    one, two, three = c.name("one"), c.name("two"), c.name("three")
    c.ask("three", alter(*map(upsert, (one, two, three))), version)
    for user in (one, two, three):
        wait_for(c, user, (SHA_256, ITERATIONS))
    c.ask(
        "good and wrong ones",
        alter(delete(one), delete("nobody"), upsert(two, SHA_512), upsert(three, iterations=1)),
        version,
    )
    wait_for(c, one)
    wait_for(c, two, (SHA_256, ITERATIONS), (SHA_512, ITERATIONS))
    c.ask("see", describe(one, two, three), DESCRIBE)
    remove(c, (two, SHA_256), (two, SHA_512), (three, SHA_256))


@scene(AlterUserScramCredentialsRequest)
def named_twice(c: Conversation, version: int) -> None:
    user, other = c.name("u"), c.name("o")
    c.ask("set twice", alter(upsert(user), upsert(user, SHA_512)), version)
    c.ask("set thrice, and another", alter(*[upsert(user)] * 3, upsert(other)), version)
    wait_for(c, other, (SHA_256, ITERATIONS))
    c.ask("see", describe(user, other), DESCRIBE)
    c.ask("delete twice", alter(delete(other), delete(other)), version)
    c.ask("delete both mechanisms", alter(delete(other), delete(other, SHA_512)), version)
    c.ask("delete and set", alter(delete(other), upsert(other, SHA_512)), version)
    c.ask("wrong, then good", alter(delete(user), upsert(user)), version)
    c.ask("good, then wrong", alter(upsert(user), upsert(user, 0)), version)
    c.ask("wrong twice", alter(upsert(user, 0), upsert(user, iterations=1)), version)
    c.ask("without a password twice", alter(*[upsert(user, salted=b"")] * 2), version)
    c.ask("see the same", describe(user, other), DESCRIBE)
    remove(c, (other, SHA_256))
