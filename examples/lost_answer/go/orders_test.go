package orders

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The broker appends the first batch, and closes the connection instead of answering.
const lostAnswer = `{"action": "drop_answer", "api": "Produce", "topic": "orders", "times": 1}`

type fault struct {
	Number, Fired int
}

// A decision is what the broker decided about a batch.
type decision struct {
	Verdict       string
	ProducerID    int64 `json:"producer_id"`
	FirstSequence int   `json:"first_sequence"`
	LastSequence  int   `json:"last_sequence"`
	Offset        int64
}

func TestWithIdempotenceEachOrderIsThereOnce(t *testing.T) {
	broker := startKafkaShim(t)
	lost := lose(t, broker)

	send(t, broker, []string{"tea", "milk", "bread"})

	if fired := fired(t, broker, lost); fired != 1 {
		t.Errorf("the fault acted %d times", fired)
	}
	// The first batch came twice, with the same sequence: the second time it was only answered.
	decisions := decisions(t, broker)
	var verdicts []string
	for _, decision := range decisions {
		verdicts = append(verdicts, decision.Verdict)
	}
	if want := []string{"append", "duplicate", "append", "append"}; !slices.Equal(verdicts, want) {
		t.Fatalf("the broker decided %v, not %v", verdicts, want)
	}
	first, again := decisions[0], decisions[1]
	again.Verdict = first.Verdict
	if first != again {
		t.Errorf("another batch came second: %v, then %v", first, again)
	}
	if orders, want := readBack(t, broker), []string{"tea", "milk", "bread"}; !slices.Equal(orders, want) {
		t.Errorf("the topic has %v, not %v", orders, want)
	}
}

func TestWithoutIdempotenceTheFirstOrderIsThereTwice(t *testing.T) {
	broker := startKafkaShim(t)
	lost := lose(t, broker)

	send(t, broker, []string{"tea", "milk", "bread"}, kgo.DisableIdempotentWrite())

	if fired := fired(t, broker, lost); fired != 1 {
		t.Errorf("the fault acted %d times", fired)
	}
	// Nothing tells the broker that a batch came before, so that it decides nothing.
	if decisions := decisions(t, broker); len(decisions) != 0 {
		t.Errorf("the broker decided %v", decisions)
	}
	if orders, want := readBack(t, broker), []string{"tea", "tea", "milk", "bread"}; !slices.Equal(orders, want) {
		t.Errorf("the topic has %v, not %v", orders, want)
	}
}

// lose sets the fault, and gives its number.
func lose(t *testing.T, broker *kafkaShim) int {
	t.Helper()
	var set fault
	broker.post(t, "/api/faults", lostAnswer, &set)
	return set.Number
}

// fired is how often a fault acted.
func fired(t *testing.T, broker *kafkaShim, number int) int {
	t.Helper()
	var told fault
	broker.get(t, fmt.Sprintf("/api/faults/%d", number), &told)
	return told.Fired
}

func decisions(t *testing.T, broker *kafkaShim) []decision {
	t.Helper()
	var told struct{ Decisions []decision }
	broker.get(t, "/api/decisions?topic=orders", &told)
	return told.Decisions
}

func send(t *testing.T, broker *kafkaShim, orders []string, options ...kgo.Opt) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	// Where the client lost a connection it asks for metadata, at most every 5 s.
	options = append(options, kgo.MetadataMinAge(100*time.Millisecond))
	sender, err := NewSender(broker.address, options...)
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	for _, order := range orders {
		if err := sender.Send(ctx, order); err != nil {
			t.Fatal(err)
		}
	}
}

// readBack gives everything that the topic has, read by the client.
func readBack(t *testing.T, broker *kafkaShim) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(broker.address),
		kgo.ConsumeTopics(Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var orders []string
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		read := false
		fetches.EachPartition(func(partition kgo.FetchTopicPartition) {
			for _, record := range partition.Records {
				orders = append(orders, string(record.Value))
				read = record.Offset == partition.HighWatermark-1
			}
		})
		if read {
			return orders
		}
	}
}
