// The client kafka-go.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"kafkashim.test/go_driver"
)

type client struct{}

func main() {
	driver.Run("github.com/segmentio/kafka-go", client{}, errorName)
}

func errorName(err error) string {
	if code := kafkaCode(err); code != nil {
		return strconv.Itoa(*code)
	}
	return err.Error()
}

func kafkaCode(err error) *int {
	var kafkaError kafka.Error
	if !errors.As(err, &kafkaError) {
		return nil
	}
	code := int(kafkaError)
	return &code
}

func at(bootstrap string) *kafka.Client {
	// A pool of connections of its own, for the time of a command.
	return &kafka.Client{Addr: kafka.TCP(bootstrap), Timeout: 30 * time.Second, Transport: &kafka.Transport{}}
}

func (client) CreateTopic(bootstrap, topic string, partitions int32) error {
	answer, err := at(bootstrap).CreateTopics(context.Background(), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: int(partitions), ReplicationFactor: 1}},
	})
	if err == nil {
		err = answer.Errors[topic]
	}
	return err
}

// byPartition sends a message where the application wants it; the others go by the hash of their key.
type byPartition struct{ kafka.Hash }

func (b *byPartition) Balance(message kafka.Message, partitions ...int) int {
	if sent := message.WriterData.(*sentMessage); sent.partition != nil {
		return int(*sent.partition)
	}
	return b.Hash.Balance(message, partitions...)
}

type sentMessage struct {
	index     int
	partition *int32
}

func writer(bootstrap, topic string, settings driver.Settings) *kafka.Writer {
	w := &kafka.Writer{
		Addr: kafka.TCP(bootstrap), Topic: topic, Balancer: &byPartition{}, RequiredAcks: kafka.RequireAll,
		Transport: &kafka.Transport{},
		Compression: map[string]kafka.Compression{
			"gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd,
		}[settings.Compression],
	}
	// One setting bounds messages and batches.
	if settings.LargestMessage != nil {
		w.BatchBytes = int64(*settings.LargestMessage)
	}
	if settings.BatchBytes != nil {
		w.BatchBytes = int64(*settings.BatchBytes)
	}
	if settings.LingerMs != nil {
		w.BatchTimeout = time.Duration(max(1, *settings.LingerMs)) * time.Millisecond
	}
	if settings.BackoffMs != nil {
		w.WriteBackoffMin = time.Duration(*settings.BackoffMs) * time.Millisecond
		w.WriteBackoffMax = 4 * w.WriteBackoffMin
	}
	return w
}

func (client) Produce(
	bootstrap, topic string, messages []driver.Message, settings driver.Settings,
) ([]driver.Delivery, error) {
	w := writer(bootstrap, topic, settings)
	deliveries := make([]driver.Delivery, len(messages))
	var lock sync.Mutex
	w.Completion = func(sent []kafka.Message, err error) {
		lock.Lock()
		defer lock.Unlock()
		for _, message := range sent {
			index := message.WriterData.(*sentMessage).index
			if err != nil {
				deliveries[index] = driver.Failed(kafkaCode(err), err)
			} else {
				deliveries[index] = driver.Delivered(int32(message.Partition), message.Offset)
			}
		}
	}
	var all []kafka.Message
	for i, message := range messages {
		sent := kafka.Message{
			Key: message.Key, Value: message.Value, WriterData: &sentMessage{i, message.Partition},
		}
		for _, header := range message.Headers {
			sent.Headers = append(sent.Headers, kafka.Header{Key: header.Name, Value: header.Value})
		}
		all = append(all, sent)
	}
	err := w.WriteMessages(context.Background(), all...)
	if other := w.Close(); other != nil {
		return nil, other
	}
	// What was refused before it was sent is not told to Completion.
	for i := range deliveries {
		if deliveries[i].Offset == nil && deliveries[i].Error == nil {
			deliveries[i] = driver.Failed(kafkaCode(err), fmt.Errorf("not sent: %w", err))
		}
	}
	return deliveries, nil
}

func (client) Read(bootstrap, topic string, partitions []int32) ([]driver.Record, error) {
	var asked []kafka.OffsetRequest
	for _, partition := range partitions {
		asked = append(asked, kafka.LastOffsetOf(int(partition)))
	}
	answer, err := at(bootstrap).ListOffsets(context.Background(), &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: asked},
	})
	if err != nil {
		return nil, err
	}
	var records []driver.Record
	for _, partition := range answer.Topics[topic] {
		if partition.Error != nil {
			return nil, partition.Error
		}
		if partition.LastOffset == 0 {
			continue
		}
		reader := kafka.NewReader(kafka.ReaderConfig{
			Brokers: []string{bootstrap}, Topic: topic, Partition: partition.Partition, MaxBytes: 10_000_000,
			MaxWait: 100 * time.Millisecond, // closing waits for it
		})
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			message, err := reader.ReadMessage(ctx)
			cancel()
			if err != nil {
				return nil, err
			}
			records = append(records, received(message))
			if message.Offset+1 >= partition.LastOffset {
				break
			}
		}
		if err := reader.Close(); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func received(message kafka.Message) driver.Record {
	headers := []driver.Header{}
	for _, header := range message.Headers {
		headers = append(headers, driver.Header{Name: header.Key, Value: header.Value})
	}
	return driver.Record{
		Partition: int32(message.Partition), Offset: message.Offset,
		Key: message.Key, Value: message.Value, Headers: headers,
	}
}

// member runs the library's ConsumerGroup with a reader for each partition, which tells the assignment
// where Reader does not. A rebalance waits until what was polled is committed, or for the next poll.
type member struct {
	bootstrap, topic string
	group            *kafka.ConsumerGroup
	leave            context.CancelFunc
	messages         chan kafka.Message
	lock             sync.Mutex
	generation       *kafka.Generation
	reading          map[int32]bool
	released         *sync.Cond
	offered          int // polled and not released, or just being handed over
	polled           []kafka.Message
}

func (client) Join(bootstrap, group, topic, protocol string) (driver.Member, error) {
	if protocol != "classic" {
		return nil, errors.New("the library has no " + protocol + " protocol")
	}
	joined, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: []string{bootstrap}, Topics: []string{topic}, StartOffset: kafka.FirstOffset,
		HeartbeatInterval: 200 * time.Millisecond, SessionTimeout: 10 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &member{
		bootstrap: bootstrap, topic: topic, group: joined, leave: cancel,
		messages: make(chan kafka.Message), reading: map[int32]bool{},
	}
	m.released = sync.NewCond(&m.lock)
	go func() {
		for ctx.Err() == nil {
			generation, err := joined.Next(ctx)
			if err != nil {
				log.Print("no generation: ", err) // the next call tries again
				continue
			}
			m.start(generation)
		}
	}()
	return m, nil
}

func (m *member) start(generation *kafka.Generation) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.generation = generation
	for _, assigned := range generation.Assignments[m.topic] {
		m.reading[int32(assigned.ID)] = true
		generation.Start(func(ctx context.Context) {
			m.consume(ctx, assigned.ID, assigned.Offset)
			m.lock.Lock()
			defer m.lock.Unlock()
			for m.offered > 0 {
				m.released.Wait()
			}
			delete(m.reading, int32(assigned.ID))
		})
	}
}

func (m *member) consume(ctx context.Context, partition int, offset int64) {
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{m.bootstrap}, Topic: m.topic, Partition: partition, MaxBytes: 10_000_000,
		MaxWait: 100 * time.Millisecond, // closing waits for it
	})
	defer reader.Close()
	if err := reader.SetOffset(offset); err != nil {
		log.Print("cannot start at ", offset, ": ", err)
	}
	for {
		message, err := reader.ReadMessage(ctx)
		if err != nil {
			return
		}
		m.count(1)
		select {
		case m.messages <- message:
		case <-ctx.Done():
			m.count(-1)
			return
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
		case <-end:
			return records, nil
		}
	}
	return records, nil
}

func (m *member) Assigned() []int32 {
	m.lock.Lock()
	defer m.lock.Unlock()
	var partitions []int32
	for partition := range m.reading {
		partitions = append(partitions, partition)
	}
	slices.Sort(partitions)
	return partitions
}

func (m *member) Commit() (bool, error) {
	positions := map[int]int64{}
	for _, message := range m.polled {
		positions[message.Partition] = message.Offset + 1
	}
	m.lock.Lock()
	generation := m.generation
	m.lock.Unlock()
	err := generation.CommitOffsets(map[string]map[int]int64{m.topic: positions})
	m.release()
	for _, passing := range []error{kafka.RebalanceInProgress, kafka.IllegalGeneration, kafka.UnknownMemberId} {
		if errors.Is(err, passing) {
			return false, nil
		}
	}
	return err == nil, err
}

func (m *member) Close() error {
	m.release()
	m.leave()
	return m.group.Close()
}
