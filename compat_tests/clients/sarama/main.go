// The client sarama.
package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"kafkashim.test/go_driver"
)

type client struct{}

func main() {
	driver.Run("github.com/IBM/sarama", client{}, errorName)
}

func errorName(err error) string {
	if code := kafkaCode(err); code != nil {
		return strconv.Itoa(*code)
	}
	return err.Error()
}

func kafkaCode(err error) *int {
	var kafka sarama.KError
	if !errors.As(err, &kafka) {
		return nil
	}
	code := int(kafka)
	return &code
}

func newest() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	return config
}

func (client) CreateTopic(bootstrap, topic string, partitions int32) error {
	admin, err := sarama.NewClusterAdmin([]string{bootstrap}, newest())
	if err != nil {
		return err
	}
	defer admin.Close()
	detail := &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}
	return admin.CreateTopic(topic, detail, false)
}

func producerConfig(messages []driver.Message, settings driver.Settings) *sarama.Config {
	config := newest()
	config.Net.MaxOpenRequests = 1 // the library wants it so
	config.Producer.Idempotent = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Return.Successes = true
	config.Producer.Compression = map[string]sarama.CompressionCodec{
		"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy,
		"lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
	}[settings.Compression]
	if slices.ContainsFunc(messages, func(m driver.Message) bool { return m.Partition != nil }) {
		config.Producer.Partitioner = sarama.NewManualPartitioner
	}
	// One setting bounds messages and batches.
	if settings.LargestMessage != nil {
		config.Producer.MaxMessageBytes = *settings.LargestMessage
	}
	if settings.BatchBytes != nil {
		config.Producer.MaxMessageBytes = *settings.BatchBytes
	}
	if settings.LingerMs != nil {
		config.Producer.Flush.Frequency = time.Duration(*settings.LingerMs) * time.Millisecond
	}
	if settings.BackoffMs != nil {
		wait := time.Duration(*settings.BackoffMs) * time.Millisecond
		config.Producer.Retry.Backoff = wait
		config.Metadata.Retry.Backoff = wait
		// Three tries are the default, and few for a connection that is cut on purpose.
		config.Producer.Retry.Max = 1000
		config.Metadata.Retry.Max = 1000
	}
	return config
}

func (client) Produce(
	bootstrap, topic string, messages []driver.Message, settings driver.Settings,
) ([]driver.Delivery, error) {
	producer, err := sarama.NewAsyncProducer([]string{bootstrap}, producerConfig(messages, settings))
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	go func() {
		for i, message := range messages {
			sent := &sarama.ProducerMessage{Topic: topic, Metadata: i}
			if message.Key != nil {
				sent.Key = sarama.ByteEncoder(message.Key)
			}
			if message.Value != nil {
				sent.Value = sarama.ByteEncoder(message.Value)
			}
			if message.Partition != nil {
				sent.Partition = *message.Partition
			}
			for _, header := range message.Headers {
				sent.Headers = append(sent.Headers,
					sarama.RecordHeader{Key: []byte(header.Name), Value: header.Value})
			}
			producer.Input() <- sent
		}
	}()
	deliveries := make([]driver.Delivery, len(messages))
	for range messages {
		select {
		case sent := <-producer.Successes():
			deliveries[sent.Metadata.(int)] = driver.Delivered(sent.Partition, sent.Offset)
		case failed := <-producer.Errors():
			deliveries[failed.Msg.Metadata.(int)] = driver.Failed(kafkaCode(failed.Err), failed.Err)
		case <-time.After(120 * time.Second):
			return nil, errors.New("no report for 120 seconds")
		}
	}
	return deliveries, nil
}

func (client) Read(bootstrap, topic string, partitions []int32) ([]driver.Record, error) {
	connected, err := sarama.NewClient([]string{bootstrap}, newest())
	if err != nil {
		return nil, err
	}
	defer connected.Close()
	consumer, err := sarama.NewConsumerFromClient(connected)
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	var records []driver.Record
	for _, partition := range partitions {
		end, err := connected.GetOffset(topic, partition, sarama.OffsetNewest)
		if err != nil {
			return nil, err
		}
		if end == 0 {
			continue
		}
		reader, err := consumer.ConsumePartition(topic, partition, sarama.OffsetOldest)
		if err != nil {
			return nil, err
		}
		for next := int64(0); next < end; {
			select {
			case message := <-reader.Messages():
				records = append(records, received(message))
				next = message.Offset + 1
			case <-time.After(60 * time.Second):
				return nil, fmt.Errorf("partition %d: nothing more after %d of %d", partition, next, end)
			}
		}
		reader.AsyncClose()
	}
	return records, nil
}

func received(message *sarama.ConsumerMessage) driver.Record {
	headers := []driver.Header{}
	for _, header := range message.Headers {
		headers = append(headers, driver.Header{Name: string(header.Key), Value: header.Value})
	}
	return driver.Record{
		Partition: message.Partition, Offset: message.Offset,
		Key: message.Key, Value: message.Value, Headers: headers,
	}
}

// member hands over messages one by one, and holds a rebalance up until what was polled is committed, or
// until the next poll: the library itself does not report a commit that failed.
type member struct {
	topic    string
	group    sarama.ConsumerGroup
	leave    context.CancelFunc
	ended    chan error
	messages chan *sarama.ConsumerMessage
	lock     sync.Mutex
	released *sync.Cond
	session  sarama.ConsumerGroupSession // nil between two generations
	offered  int                         // polled and not released, or just being handed over
	polled   []*sarama.ConsumerMessage
}

func (client) Join(bootstrap, group, topic, protocol string) (driver.Member, error) {
	if protocol != "classic" {
		return nil, errors.New("the library has no " + protocol + " protocol")
	}
	config := newest()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Heartbeat.Interval = 200 * time.Millisecond
	joined, err := sarama.NewConsumerGroup([]string{bootstrap}, group, config)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &member{
		topic: topic, group: joined, leave: cancel,
		ended: make(chan error, 1), messages: make(chan *sarama.ConsumerMessage),
	}
	m.released = sync.NewCond(&m.lock)
	go func() {
		var err error
		for err == nil && ctx.Err() == nil {
			err = joined.Consume(ctx, []string{topic}, m)
		}
		m.ended <- err
	}()
	return m, nil
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.session = session
	return nil
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	for m.offered > 0 {
		m.released.Wait()
	}
	m.session = nil
	return nil
}

func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, open := <-claim.Messages():
			if !open {
				return nil
			}
			m.count(1)
			select {
			case m.messages <- message:
			case <-session.Context().Done():
				m.count(-1)
				return nil
			}
		case <-session.Context().Done():
			return nil
		}
	}
}

func (m *member) count(more int) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.offered += more
	m.released.Broadcast()
}

func (m *member) release() {
	m.count(-len(m.polled))
	m.polled = nil
}

func (m *member) Poll(timeout time.Duration) ([]driver.Record, error) {
	m.release()
	var records []driver.Record
	end := time.After(timeout)
	for len(m.polled) < 500 {
		// The first message is waited for; those after it are taken while they come at once.
		if len(m.polled) > 0 {
			end = time.After(2 * time.Millisecond)
		}
		select {
		case message := <-m.messages:
			m.polled = append(m.polled, message)
			records = append(records, received(message))
		case err := <-m.ended:
			return records, err
		case <-end:
			return records, nil
		}
	}
	return records, nil
}

func (m *member) Assigned() []int32 {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.session == nil {
		return nil
	}
	partitions := slices.Clone(m.session.Claims()[m.topic])
	slices.Sort(partitions)
	return partitions
}

func (m *member) Commit() (bool, error) {
	m.lock.Lock()
	session := m.session
	m.lock.Unlock()
	if session == nil {
		return false, nil
	}
	for _, message := range m.polled {
		session.MarkMessage(message, "")
	}
	session.Commit()
	m.release()
	return true, nil
}

func (m *member) Close() error {
	m.release()
	m.leave()
	return m.group.Close()
}
