"""Lesson 09: the lost answer again, and the duplicate that is recognised.

This is lesson 06 once more, with a producer id and sequences. The producer does the same: no answer, so
it sends the batch again, exactly as it was. But now the broker knows the batch, does not append it a
second time, and answers what it answered before: success, with the offset of the first time.
"""

from __future__ import annotations

from wire import connect, create_topic, send_batch, told, write_batch

from kafkashim.testing import KafkaShim

TOPIC = "payments"
PRODUCER_ID, EPOCH = 1, 0


def send_until_answered(broker: KafkaShim, batch: bytes) -> None:
    """The batch is written once and sent as often as need be: a retry has the same sequences."""
    for attempt in (1, 2):
        try:
            with connect(broker) as connection:
                answer = send_batch(connection, TOPIC, batch)
                print(f"  attempt {attempt}: {told(answer)}")
                return
        except ConnectionError:
            print(f"  attempt {attempt}: no answer, the connection is closed")


def show_decisions(broker: KafkaShim) -> None:
    """What the broker decided about each batch that came, answered or not."""
    for decision in broker.journal.decisions(TOPIC):
        batch = decision.batch
        print(
            f"  sequence {batch.base_sequence} to {batch.last_sequence}:"
            f" {type(decision.verdict).__name__.lower()}, offset {decision.offset}"
            f" ({decision.verdict.reason})"
        )


def show_log(broker: KafkaShim) -> None:
    for record in broker.journal.records(TOPIC):
        print(f"  offset {record.offset}: {(record.value or b'').decode()}")


def main() -> None:
    with KafkaShim() as broker:
        with connect(broker) as connection:
            create_topic(connection, TOPIC)

        print("1. All is well")
        send_until_answered(broker, write_batch([b"pay 10 to Ann"], PRODUCER_ID, EPOCH, 0))

        print("2. The next answer will be lost")
        broker.faults.drop_answer(api="Produce", topic=TOPIC, times=1)
        values = [b"pay 20 to Bob", b"pay 30 to Cem"]
        send_until_answered(broker, write_batch(values, PRODUCER_ID, EPOCH, 1))

        print("3. What the broker decided")
        show_decisions(broker)

        print("4. What is in the log")
        show_log(broker)
        # The journal can say so too; a test of yours would.
        broker.journal.assert_no_duplicates(TOPIC)

    print()
    print(
        "Question: a faulty producer sends sequences 1 to 2 a third time, but with two other payments"
    )
    print("in the batch. What is answered, and what is in the log?")


if __name__ == "__main__":
    main()
