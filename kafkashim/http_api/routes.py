"""The one table of what the API offers; the router and the OpenAPI description are made from it."""

from __future__ import annotations

from kafkashim.http_api import brokers, clock, faults, health, journal, metrics, producers, topics
from kafkashim.http_api.openapi import description
from kafkashim.http_api.prometheus import CONTENT_TYPE
from kafkashim.http_api.route import TEXT_TYPE, Answer, Call, Parameter, Reply, Route, World
from kafkashim.http_api.schemas import LONGEST, TEXT, ref, whole

MOST_ENTRIES = 10_000

NUMBER = Parameter("number", whole(1), "Its number, counted from 1.")
NAME = Parameter("name", TEXT, "The topic's name.")
TOPIC = Parameter("topic", TEXT, "Only those of this topic.")
PARTITION = Parameter("partition", whole(0, 2**31 - 1), "Only those of this partition.")
PRODUCER_ID = Parameter("producer_id", whole(-1), "Only those of this producer.")
AFTER = Parameter("after", whole(0), "Only what came after the journal entry of this number.")
LIMIT = Parameter("limit", whole(1, MOST_ENTRIES), f"How many at most ({journal.DEFAULT_LIMIT}).")
CONDITIONS = (
    Parameter("api", TEXT, "The API, by name or key."),
    Parameter("version", TEXT, "The version of the API, or a range such as 3-9."),
    Parameter("client_id", TEXT, "The client's client.id; * and ? stand for others."),
    Parameter("connection", whole(0), "The number of the connection."),
    Parameter("broker", whole(0, 2**31 - 1), "The node id of the broker that was asked."),
    Parameter("topic", TEXT, "A topic the request names; * and ? stand for others."),
    Parameter("partition", whole(0, 2**31 - 1), "A partition the request names."),
    Parameter("producer_id", whole(-1, LONGEST), "The producer id of a batch."),
    Parameter("sequence", TEXT, "A sequence of a batch, or a range of them."),
    Parameter("transactional_id", TEXT, "As the request names it; * and ? stand for others."),
    Parameter("group", TEXT, "As the request names it; * and ? stand for others."),
)
ID = Parameter("id", whole(0, 2**31 - 1), "Its node id.")
INDEX = Parameter("index", whole(0, 2**31 - 1), "The partition's number.")
GONE = Answer("It is not there.", ref("Error"))
DONE = Answer("It is done.")
CHANGED = {
    200: Answer("What it is like now.", ref("Broker")),
    404: GONE,
    409: Answer("It is so already, or it cannot be.", ref("Error")),
}


def _ok(about: str, name: str) -> dict[int, Answer]:
    return {200: Answer(about, ref(name))}


def get_openapi(world: World, call: Call) -> Reply:
    """The description of this table."""
    return Reply(description(ROUTES))


def get_index(world: World, call: Call) -> Reply:
    """The routes, for people."""
    width = max(len(route.path) for route in ROUTES)
    lines = [f"{route.method:6} {route.path:{width}}  {route.summary}" for route in ROUTES]
    return Reply("\n".join(lines) + "\n", content_type=TEXT_TYPE)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/",
        "get_index",
        "These routes, for people.",
        get_index,
        {200: Answer("The routes.", TEXT, TEXT_TYPE)},
    ),
    Route(
        "GET",
        "/openapi.json",
        "get_openapi",
        "The description of these routes, as OpenAPI 3.1.",
        get_openapi,
        _ok("The description.", "OpenApi"),
    ),
    Route(
        "GET",
        "/healthz",
        "get_health",
        "Whether any broker serves.",
        health.get_health,
        {
            200: Answer("One does.", ref("Health")),
            503: Answer("None does: they are stopped, or restart.", ref("Health")),
        },
    ),
    Route(
        "GET",
        "/metrics",
        "get_metrics",
        "Metrics in the text format of Prometheus.",
        metrics.get_metrics,
        {200: Answer("The metrics.", TEXT, CONTENT_TYPE)},
    ),
    Route(
        "GET",
        "/api/faults",
        "get_faults",
        "The faults, and what came of each.",
        faults.get_faults,
        _ok("The faults.", "Faults"),
    ),
    Route(
        "POST",
        "/api/faults",
        "set_faults",
        "Set a fault, or all of a list or none.",
        faults.set_faults,
        {201: Answer("The fault; for a list, the faults.", ref("Set"))},
        body=ref("NewFaults"),
    ),
    Route("DELETE", "/api/faults", "clear_faults", "Remove all.", faults.clear_faults, {204: DONE}),
    Route(
        "GET",
        "/api/faults/{number}",
        "get_fault",
        "A fault, and what came of it.",
        faults.get_fault,
        {**_ok("The fault.", "Fault"), 404: GONE},
        in_path=(NUMBER,),
    ),
    Route(
        "DELETE",
        "/api/faults/{number}",
        "remove_fault",
        "Remove a fault.",
        faults.remove_fault,
        {204: DONE, 404: GONE},
        in_path=(NUMBER,),
    ),
    Route(
        "GET",
        "/api/clock",
        "get_clock",
        "The broker's time.",
        clock.get_clock,
        _ok("The time.", "Clock"),
    ),
    Route(
        "POST",
        "/api/clock",
        "advance_clock",
        f"Move the broker's time ahead, {clock.MOST_DAYS} days at most.",
        clock.advance_clock,
        _ok("The time after it.", "Clock"),
        body=ref("Step"),
    ),
    Route(
        "GET",
        "/api/brokers",
        "get_brokers",
        "The brokers: whether they run, where they listen, who is connected.",
        brokers.get_brokers,
        _ok("The brokers.", "Brokers"),
    ),
    Route(
        "GET",
        "/api/brokers/{id}",
        "get_broker",
        "A broker.",
        brokers.get_broker,
        {**_ok("The broker.", "Broker"), 404: GONE},
        in_path=(ID,),
    ),
    Route(
        "POST",
        "/api/brokers/{id}/stop",
        "stop_broker",
        "Stop a broker, as a controlled shutdown or a crash does.",
        brokers.stop_broker,
        CHANGED,
        in_path=(ID,),
        body=ref("Stop"),
        may_be_empty=True,
    ),
    Route(
        "POST",
        "/api/brokers/{id}/start",
        "start_broker",
        "Start a broker that was stopped, on its ports.",
        brokers.start_broker,
        CHANGED,
        in_path=(ID,),
    ),
    Route(
        "POST",
        "/api/brokers/{id}/isolate",
        "isolate_broker",
        "Cut a broker off from the others; clients still reach it.",
        brokers.isolate_broker,
        CHANGED,
        in_path=(ID,),
    ),
    Route(
        "POST",
        "/api/brokers/{id}/heal",
        "heal_broker",
        "Let a broker that was cut off reach the others again.",
        brokers.heal_broker,
        CHANGED,
        in_path=(ID,),
    ),
    Route(
        "GET",
        "/api/topics",
        "get_topics",
        "The topics with their partitions.",
        topics.get_topics,
        _ok("The topics.", "Topics"),
    ),
    Route(
        "POST",
        "/api/topics",
        "create_topic",
        "Create a topic, as CreateTopics does.",
        topics.create_topic,
        {
            201: Answer("The topic.", ref("Topic")),
            409: Answer("There is a topic of that name.", ref("Error")),
        },
        body=ref("NewTopic"),
    ),
    Route(
        "GET",
        "/api/topics/{name}",
        "get_topic",
        "A topic with its partitions.",
        topics.get_topic,
        {**_ok("The topic.", "Topic"), 404: GONE},
        in_path=(NAME,),
    ),
    Route(
        "DELETE",
        "/api/topics/{name}",
        "delete_topic",
        "Delete a topic, as DeleteTopics does.",
        topics.delete_topic,
        {204: DONE, 404: GONE},
        in_path=(NAME,),
    ),
    Route(
        "POST",
        "/api/topics/{name}/partitions/{index}/leader",
        "move_leader",
        "Have another broker lead a partition.",
        topics.move_leader,
        {
            **_ok("The partition.", "Partition"),
            404: GONE,
            409: Answer("The broker cannot lead it.", ref("Error")),
        },
        in_path=(NAME, INDEX),
        body=ref("Move"),
    ),
    Route(
        "GET",
        "/api/producers",
        "get_producers",
        "The producers that each partition remembers.",
        producers.get_producers,
        _ok("The producers.", "Producers"),
        in_query=(TOPIC, PARTITION, PRODUCER_ID),
    ),
    Route(
        "GET",
        "/api/decisions",
        "get_decisions",
        "What was decided about batches of idempotent producers, by which rule.",
        journal.get_decisions,
        _ok("The decisions; those of one request stay together.", "Decisions"),
        in_query=(TOPIC, AFTER, LIMIT),
    ),
    Route(
        "GET",
        "/api/journal",
        "get_entries",
        "The requests, and what came of them.",
        journal.get_entries,
        _ok("The entries.", "Entries"),
        in_query=(AFTER, LIMIT, *CONDITIONS),
    ),
    Route(
        "DELETE",
        "/api/journal",
        "clear_journal",
        "Forget the requests that came so far.",
        journal.clear_journal,
        {204: DONE},
    ),
    Route(
        "GET",
        "/api/journal/{number}",
        "get_entry",
        "A request with its answer, decoded and as bytes.",
        journal.get_entry,
        {**_ok("The entry.", "WholeEntry"), 404: GONE},
        in_path=(NUMBER,),
    ),
)
