"""The fixtures beside other plugins: workers of xdist, and event loops of pytest-asyncio and anyio."""

from __future__ import annotations

import pytest

from compat_tests.conftest import need
from compat_tests.pytest_plugin.conftest import Run

# Blocking fixtures in coroutines: the broker runs in a thread of its own, the client in this loop.
ROUND_TRIP = """
    import asyncio
    import pytest
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    async def round_trip(broker, topic, count=20):
        servers = broker.bootstrap_servers
        async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True) as producer:
            for number in range(count):
                await producer.send_and_wait(topic, str(number).encode())
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=servers, group_id="g", auto_offset_reset="earliest"
        )
        async with consumer:
            found = [(await consumer.getone()).value for _ in range(count)]
        assert found == [str(number).encode() for number in range(count)]
        broker.journal.assert_produced(topic, values=found)
        broker.journal.assert_no_duplicates(topic)
"""


def test_workers_share_nothing(run: Run) -> None:
    need("xdist")
    need("confluent_kafka")
    result = run(
        "-n2",
        test_it="""
            import pytest
            from confluent_kafka import Producer

            @pytest.mark.parametrize("number", range(20))
            def test_it(kafka_broker, number):
                # A topic of the same name everywhere.
                producer = Producer({"bootstrap.servers": kafka_broker.bootstrap_servers})
                producer.produce("orders", str(number).encode())
                assert producer.flush(10) == 0
                kafka_broker.journal.assert_produced("orders", values=[str(number).encode()])
                del producer
        """,
    )
    result.assert_outcomes(passed=20)


def test_one_broker_a_worker(run: Run, pytester: pytest.Pytester) -> None:
    need("xdist")
    result = run(
        "-n2",
        "--dist=each",
        test_it="""
            import os
            import pytest

            @pytest.mark.parametrize("number", range(3))
            def test_it(kafka_broker, kafka_broker_session, number):
                with open("brokers.txt", "a") as told:
                    worker = os.environ["PYTEST_XDIST_WORKER"]
                    print(worker, kafka_broker_session.port, kafka_broker.port, file=told)
        """,
    )
    result.assert_outcomes(passed=6)
    lines = [line.split() for line in (pytester.path / "brokers.txt").read_text().splitlines()]
    assert len(lines) == 6
    assert len({(worker, shared) for worker, shared, _ in lines}) == 2
    assert len({shared for _, shared, _ in lines}) == 2


def test_pytest_asyncio(run: Run) -> None:
    need("pytest_asyncio")
    need("aiokafka")
    result = run(
        test_it=f"""{ROUND_TRIP}
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def producer(kafka_broker):
        servers = kafka_broker.bootstrap_servers
        async with AIOKafkaProducer(bootstrap_servers=servers) as running:
            yield running

    @pytest.mark.asyncio
    @pytest.mark.parametrize("number", range(3))
    async def test_fixtures(kafka_broker, kafka_topic, number):
        await round_trip(kafka_broker, kafka_topic)

    @pytest.mark.asyncio
    async def test_an_async_fixture(producer, kafka_broker, kafka_topic, kafka_faults):
        kafka_faults.fail_before_append("NOT_LEADER_OR_FOLLOWER", times=1, api="Produce")
        await producer.send_and_wait(kafka_topic, b"x")
        kafka_broker.journal.assert_produced(kafka_topic, values=[b"x"])
        assert len(kafka_broker.journal.requests(api="Produce")) == 2

    @pytest.mark.asyncio
    async def test_made_in_a_coroutine(kafka_broker_factory, kafka_broker_session):
        await round_trip(kafka_broker_factory(), "made")
        await round_trip(kafka_broker_session, "shared")

    @pytest.mark.asyncio(loop_scope="module")
    async def test_the_loop_of_the_module(kafka_broker, kafka_topic):
        await round_trip(kafka_broker, kafka_topic)

    def test_without_a_loop(kafka_broker, kafka_topic):
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        asyncio.run(round_trip(kafka_broker, kafka_topic))
"""
    )
    result.assert_outcomes(passed=7)


def test_pytest_asyncio_in_auto_mode(run: Run) -> None:
    need("pytest_asyncio")
    need("aiokafka")
    result = run(
        "--asyncio-mode=auto",
        "-n2",
        test_it=f"""{ROUND_TRIP}
    async def test_it(kafka_broker, kafka_topic):
        await round_trip(kafka_broker, kafka_topic)

    async def test_debug(kafka_broker, kafka_topic):
        asyncio.get_running_loop().set_debug(True)
        await round_trip(kafka_broker, kafka_topic)
""",
    )
    result.assert_outcomes(passed=2)


def test_anyio(run: Run) -> None:
    need("anyio")
    need("aiokafka")
    result = run(
        test_it=f"""{ROUND_TRIP}
    pytestmark = pytest.mark.anyio

    @pytest.fixture(params=["asyncio", ("asyncio", {{"use_uvloop": True}})], ids=["asyncio", "uvloop"])
    def anyio_backend(request):
        return request.param

    @pytest.fixture
    async def producer(kafka_broker):
        servers = kafka_broker.bootstrap_servers
        async with AIOKafkaProducer(bootstrap_servers=servers) as running:
            yield running

    async def test_it(kafka_broker, kafka_topic):
        await round_trip(kafka_broker, kafka_topic)

    async def test_an_async_fixture(producer, kafka_broker, kafka_topic):
        await producer.send_and_wait(kafka_topic, b"x")
        kafka_broker.journal.assert_produced(kafka_topic, values=[b"x"])

    async def test_made_in_a_coroutine(kafka_broker_factory, kafka_broker_session):
        await round_trip(kafka_broker_factory(), "made")
"""
    )
    result.assert_outcomes(passed=6)


def test_a_coroutine_that_fails(run: Run) -> None:
    """The client is still connected when the broker is closed, and nothing is warned about."""
    need("pytest_asyncio")
    result = run(
        "--asyncio-mode=auto",
        test_it="""
            import asyncio
            import pytest

            async def test_it(kafka_broker):
                reader, writer = await asyncio.open_connection(kafka_broker.host, kafka_broker.port)
                try:
                    raise LookupError("mine")
                finally:
                    writer.close()
                    await writer.wait_closed()
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*LookupError: mine", "*- kafkashim -*"])
