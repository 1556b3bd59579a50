"""What the tools are asked of groups and their offsets."""

from __future__ import annotations

from compat_tests.clients.kafka_tools.toolbox import Step

_MEMBER = "kafka-verifiable-consumer $AT --topic orders.returned"
_RESET = "kafka-consumer-groups $AT --reset-offsets --topic orders.returned --group readers"


def _group_with_members(group: str, protocol: str, other_words: str) -> tuple[Step, ...]:
    described = f"kafka-consumer-groups $AT --describe --group {group}"
    return (
        Step(
            f"a member of a {protocol} group",
            f"{_MEMBER} --group-id {group} {other_words}",
            runs_as=group,
            until="offsets_committed",
        ),
        Step(f"describe a {protocol} group", described),
        Step(f"describe the members of a {protocol} group", f"{described} --members"),
        Step(f"describe what a {protocol} group consumes", f"{described} --members --verbose"),
        Step(f"describe the state of a {protocol} group", f"{described} --state"),
        Step(f"describe all of a {protocol} group's offsets", f"{described} --offsets --verbose"),
        Step(
            f"reset the offsets of a {protocol} group with members",
            "kafka-consumer-groups $AT --reset-offsets --topic orders.returned"
            f" --group {group} --to-earliest --execute",
        ),
        Step(
            f"delete offsets of a {protocol} group with members",
            f"kafka-consumer-groups $AT --delete-offsets --group {group} --topic orders.returned",
        ),
        Step(
            f"delete a {protocol} group with members",
            f"kafka-consumer-groups $AT --delete --group {group}",
        ),
        Step(
            f"end the member of a {protocol} group",
            "kafka-verifiable-consumer",
            ends=group,
        ),
        Step(f"describe the empty {protocol} group", described),
        Step(f"describe the state of the empty {protocol} group", f"{described} --state"),
    )


GROUPS = (
    *_group_with_members("readers", "classic", ""),
    *_group_with_members("readers.consumer", "consumer", "--group-protocol consumer"),
    Step("list groups", "kafka-consumer-groups $AT --list"),
    Step("list groups with states", "kafka-consumer-groups $AT --list --state"),
    Step("list groups of a state", "kafka-consumer-groups $AT --list --state stable"),
    Step("list groups with types", "kafka-consumer-groups $AT --list --type"),
    Step("list groups of a type", "kafka-consumer-groups $AT --list --type consumer"),
    Step("list groups of all kinds", "kafka-groups $AT --list"),
    Step("list groups of one kind", "kafka-groups $AT --list --group-type classic"),
    Step("list groups of consumers", "kafka-groups $AT --list --consumer"),
    Step("list share groups", "kafka-share-groups $AT --list"),
    Step("list streams groups", "kafka-streams-groups $AT --list"),
    Step("describe an unknown group", "kafka-consumer-groups $AT --describe --group unknown"),
    Step("describe an unknown share group", "kafka-share-groups $AT --describe --group unknown"),
    Step(
        "describe an unknown streams group", "kafka-streams-groups $AT --describe --group unknown"
    ),
    Step("describe a group of the other kind", "kafka-share-groups $AT --describe --group readers"),
    Step("describe all groups", "kafka-consumer-groups $AT --describe --all-groups --state"),
    Step("try to reset offsets", f"{_RESET} --to-earliest"),
    Step("reset offsets to the earliest", f"{_RESET} --to-earliest --execute"),
    Step("reset offsets to the latest", f"{_RESET} --to-latest --execute"),
    Step("reset offsets to one", f"{_RESET} --to-offset 3 --execute"),
    Step("reset offsets to one too far", f"{_RESET} --to-offset 3000 --dry-run"),
    Step("shift offsets", f"{_RESET} --shift-by 2 --execute"),
    Step("reset offsets to a time", f"{_RESET} --to-datetime 2020-01-01T00:00:00.000 --execute"),
    Step("reset offsets by a duration", f"{_RESET} --by-duration PT0S --dry-run"),
    Step("reset offsets to the current ones", f"{_RESET} --to-current --dry-run --export"),
    Step(
        "reset offsets from a file",
        "kafka-consumer-groups $AT --reset-offsets --group readers"
        " --from-file $FOLDER/offsets.csv --execute",
        files={"offsets.csv": "orders.returned,0,4\n"},
    ),
    Step(
        "reset offsets of an unknown group",
        "kafka-consumer-groups $AT --reset-offsets --group fresh --topic orders"
        " --to-earliest --execute",
    ),
    Step(
        "describe the offsets that were set", "kafka-consumer-groups $AT --describe --group fresh"
    ),
    Step(
        "delete offsets",
        "kafka-consumer-groups $AT --delete-offsets --group readers --topic orders.returned",
    ),
    Step(
        "delete offsets of a topic it has none of",
        "kafka-consumer-groups $AT --delete-offsets --group fresh --topic unknown:0",
    ),
    Step(
        "delete offsets of an unknown group",
        "kafka-consumer-groups $AT --delete-offsets --group unknown --topic orders",
    ),
    Step("delete a group", "kafka-consumer-groups $AT --delete --group readers"),
    Step("delete a group again", "kafka-consumer-groups $AT --delete --group readers"),
    Step(
        "delete two groups",
        "kafka-consumer-groups $AT --delete --group fresh --group readers.consumer",
    ),
    Step(
        "reset a streams application",
        "kafka-streams-application-reset $AT --application-id console --input-topics orders",
    ),
)
