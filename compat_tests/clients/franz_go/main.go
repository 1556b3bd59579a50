// The client franz-go: kgo and kadm.
package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"kafkashim.test/go_driver"
)

type franzGo struct{}

func main() {
	driver.Run("github.com/twmb/franz-go", franzGo{}, errorName)
}

func errorName(err error) string {
	if kafka := (*kerr.Error)(nil); errors.As(err, &kafka) {
		return kafka.Message
	}
	return err.Error()
}

func soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 30*time.Second)
}

func (franzGo) CreateTopic(bootstrap, topic string, partitions int32) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(bootstrap, ",")...))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := soon()
	defer cancel()
	_, err = kadm.NewClient(client).CreateTopic(ctx, partitions, 1, nil, topic)
	return err
}

func producerOptions(bootstrap string, messages []driver.Message, settings driver.Settings) []kgo.Opt {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(codecs[settings.Compression]),
		kgo.RecordDeliveryTimeout(120 * time.Second),
		kgo.MaxBufferedRecords(len(messages) + 1),
	}
	if slices.ContainsFunc(messages, func(m driver.Message) bool { return m.Partition != nil }) {
		options = append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	if settings.BatchBytes != nil {
		// A batch smaller than 512 bytes cannot be asked for.
		options = append(options, kgo.ProducerBatchMaxBytes(int32(max(512, *settings.BatchBytes))))
	}
	if settings.LargestMessage != nil {
		// A request smaller than 1024 bytes cannot be asked for.
		options = append(options, kgo.BrokerMaxWriteBytes(int32(max(1024, *settings.LargestMessage))))
		if settings.BatchBytes == nil {
			options = append(options, kgo.ProducerBatchMaxBytes(int32(*settings.LargestMessage)))
		}
	}
	if settings.LingerMs != nil {
		options = append(options, kgo.ProducerLinger(time.Duration(*settings.LingerMs)*time.Millisecond))
	}
	if settings.BackoffMs != nil {
		wait := time.Duration(*settings.BackoffMs) * time.Millisecond
		options = append(options,
			kgo.RetryBackoffFn(func(int) time.Duration { return wait }),
			// After a cut connection it asks for metadata before it sends again; 5 s are the default.
			kgo.MetadataMinAge(max(10*time.Millisecond, wait)),
		)
	}
	if settings.RequestTimeoutMs != nil {
		// The broker's time and what is waited for beyond it.
		half := time.Duration(*settings.RequestTimeoutMs) * time.Millisecond / 2
		options = append(options, kgo.ProduceRequestTimeout(half), kgo.RequestTimeoutOverhead(half))
	}
	if settings.DeliveryTimeoutMs != nil {
		wait := time.Duration(*settings.DeliveryTimeoutMs) * time.Millisecond
		options = append(options, kgo.RecordDeliveryTimeout(wait))
	}
	return options
}

func (franzGo) Produce(
	bootstrap, topic string, messages []driver.Message, settings driver.Settings,
) ([]driver.Delivery, error) {
	client, err := kgo.NewClient(producerOptions(bootstrap, messages, settings)...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	deliveries := make([]driver.Delivery, len(messages))
	for i, message := range messages {
		record := &kgo.Record{Topic: topic, Key: message.Key, Value: message.Value}
		if message.Partition != nil {
			record.Partition = *message.Partition
		}
		for _, header := range message.Headers {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: header.Name, Value: header.Value})
		}
		client.Produce(context.Background(), record, func(sent *kgo.Record, err error) {
			if err == nil {
				deliveries[i] = driver.Delivered(sent.Partition, sent.Offset)
				return
			}
			var code *int
			if kafka := (*kerr.Error)(nil); errors.As(err, &kafka) {
				number := int(kafka.Code)
				code = &number
			}
			deliveries[i] = driver.Failed(code, err)
		})
	}
	return deliveries, client.Flush(context.Background())
}

func (franzGo) Read(bootstrap, topic string, partitions []int32) ([]driver.Record, error) {
	starts := map[int32]kgo.Offset{}
	for _, partition := range partitions {
		starts[partition] = kgo.NewOffset().AtStart()
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	unread := map[int32]int64{}
	for _, partition := range partitions {
		if end, _ := ends.Lookup(topic, partition); end.Offset > 0 {
			unread[partition] = end.Offset
		}
	}
	var records []driver.Record
	for len(unread) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			records = append(records, received(record))
			if record.Offset+1 >= unread[record.Partition] {
				delete(unread, record.Partition)
			}
		})
	}
	return records, nil
}

func received(record *kgo.Record) driver.Record {
	headers := []driver.Header{}
	for _, header := range record.Headers {
		headers = append(headers, driver.Header{Name: header.Key, Value: header.Value})
	}
	return driver.Record{
		Partition: record.Partition, Offset: record.Offset,
		Key: record.Key, Value: record.Value, Headers: headers,
	}
}

type member struct {
	client   *kgo.Client
	topic    string
	lock     sync.Mutex
	assigned map[int32]bool
}

func (franzGo) Join(bootstrap, group, topic, protocol string) (driver.Member, error) {
	m := &member{topic: topic, assigned: map[int32]bool{}}
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.HeartbeatInterval(200 * time.Millisecond),
		kgo.SessionTimeout(10 * time.Second),
		// What was polled is committed before a rebalance may take it away.
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(m.changed(true)),
		kgo.OnPartitionsRevoked(m.changed(false)),
		kgo.OnPartitionsLost(m.changed(false)),
	}
	if protocol == "consumer" {
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer()))
	}
	client, err := kgo.NewClient(options...)
	m.client = client
	return m, err
}

func (m *member) changed(mine bool) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
		m.lock.Lock()
		defer m.lock.Unlock()
		for _, partition := range partitions[m.topic] {
			if mine {
				m.assigned[partition] = true
			} else {
				delete(m.assigned, partition)
			}
		}
	}
}

func (m *member) Poll(timeout time.Duration) ([]driver.Record, error) {
	m.client.AllowRebalance()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	fetches := m.client.PollFetches(ctx)
	var records []driver.Record
	fetches.EachRecord(func(record *kgo.Record) { records = append(records, received(record)) })
	if err := fetches.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return records, err
	}
	return records, nil
}

func (m *member) Assigned() []int32 {
	m.lock.Lock()
	defer m.lock.Unlock()
	var partitions []int32
	for partition := range m.assigned {
		partitions = append(partitions, partition)
	}
	slices.Sort(partitions)
	return partitions
}

func (m *member) Commit() (bool, error) {
	ctx, cancel := soon()
	defer cancel()
	err := m.client.CommitUncommittedOffsets(ctx)
	for _, passing := range []error{
		kerr.RebalanceInProgress, kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.StaleMemberEpoch,
	} {
		if errors.Is(err, passing) {
			return false, nil
		}
	}
	return err == nil, err
}

func (m *member) Close() error {
	m.client.CloseAllowingRebalance()
	return nil
}
