// Package orders sends orders to Kafka.
package orders

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Topic is where orders go.
const Topic = "orders"

// A Sender sends orders.
type Sender struct {
	client *kgo.Client
}

// NewSender makes a sender; the producer is idempotent unless an option says otherwise.
func NewSender(server string, options ...kgo.Opt) (*Sender, error) {
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(server),
		kgo.DefaultProduceTopic(Topic),
		kgo.AllowAutoTopicCreation(),
	}, options...)...)
	if err != nil {
		return nil, err
	}
	return &Sender{client}, nil
}

// Send sends an order, and returns when it is acknowledged.
func (s *Sender) Send(ctx context.Context, order string) error {
	return s.client.ProduceSync(ctx, kgo.StringRecord(order)).FirstErr()
}

// Close frees what the sender holds.
func (s *Sender) Close() {
	s.client.Close()
}
