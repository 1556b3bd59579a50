package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kafkashim.test/go_driver"
)

type list = []any
type dict = map[string]any

// guide is one walk through kadm; its steps build on each other.
type guide struct {
	*driver.Tour
	ctx          context.Context
	kgo          *kgo.Client
	admin        *kadm.Client
	topic, group string
}

func (franzGo) Admin(bootstrap, topic, group string, tour *driver.Tour) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.RetryTimeout(10*time.Second),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	g := &guide{tour, ctx, client, kadm.NewClient(client), topic, group}
	g.cluster()
	g.topics()
	g.records()
	g.configs()
	g.offsets()
	g.groups(bootstrap)
	g.replicas()
	g.security()
	g.producers()
	g.deletions()
	return nil
}

func (g *guide) cluster() {
	g.Step("brokers", func() (any, error) {
		brokers, err := g.admin.ListBrokers(g.ctx)
		return len(brokers), err
	})
	g.Do("API versions", func() error {
		versions, err := g.admin.ApiVersions(g.ctx)
		versions.Each(func(v kadm.BrokerApiVersions) { err = errors.Join(err, v.Err) })
		return err
	})
	g.Step("find group coordinator", func() (any, error) {
		found := g.admin.FindGroupCoordinators(g.ctx, g.group)
		return nil, found.Error()
	})
	g.Step("update features, validate only", func() (any, error) {
		updated, err := g.admin.UpdateFeatures(g.ctx, true, kadm.FeatureUpdate{
			Feature: "no.such.feature", MaxVersionLevel: 1, UpgradeType: 1,
		})
		return len(updated), err
	})
}

func (g *guide) topics() {
	g.Do("validate topic", func() error {
		answers, err := g.admin.ValidateCreateTopics(g.ctx, 2, 1, nil, g.topic)
		return errors.Join(err, answers.Error())
	})
	g.Step("create topic", func() (any, error) {
		retention := "3600000"
		created, err := g.admin.CreateTopic(
			g.ctx, 2, 1, map[string]*string{"retention.ms": &retention}, g.topic)
		return dict{"partitions": created.NumPartitions, "replicas": created.ReplicationFactor}, err
	})
	g.Step("create topic again", func() (any, error) {
		_, err := g.admin.CreateTopic(g.ctx, 2, 1, nil, g.topic)
		return nil, err
	})
	g.Step("create topic with a wrong config", func() (any, error) {
		wrong := "never"
		_, err := g.admin.CreateTopic(
			g.ctx, 2, 1, map[string]*string{"retention.ms": &wrong}, g.topic+"-wrong")
		return nil, err
	})
	g.Do("create partitions", func() error {
		answers, err := g.admin.UpdatePartitions(g.ctx, 4, g.topic)
		return errors.Join(err, answers.Error())
	})
	g.Do("fewer partitions", func() error {
		answers, err := g.admin.UpdatePartitions(g.ctx, 3, g.topic)
		return errors.Join(err, answers.Error())
	})
	g.Until("list topic", func(found any) bool { return len(found.(list)) == 4 }, func() (any, error) {
		topics, err := g.admin.ListTopics(g.ctx, g.topic)
		partitions := list{}
		for _, p := range topics[g.topic].Partitions.Sorted() {
			partitions = append(partitions, list{p.Partition, len(p.Replicas), len(p.ISR), p.LeaderEpoch})
		}
		return partitions, errors.Join(err, topics.Error())
	})
}

func (g *guide) records() {
	g.Do("produce", func() error {
		var records []*kgo.Record
		for i := range 40 {
			value := fmt.Appendf(nil, "%d", i)
			records = append(records, &kgo.Record{Topic: g.topic, Partition: int32(i % 4), Value: value})
		}
		return g.kgo.ProduceSync(g.ctx, records...).FirstErr()
	})
	g.Do("delete records", func() error {
		before := kadm.Offsets{}
		before.AddOffset(g.topic, 0, 3, -1)
		answers, err := g.admin.DeleteRecords(g.ctx, before)
		return errors.Join(err, answers.Error())
	})
	listed := map[string]func(context.Context, ...string) (kadm.ListedOffsets, error){
		"start offsets": g.admin.ListStartOffsets, "end offsets": g.admin.ListEndOffsets,
		"committed offsets":         g.admin.ListCommittedOffsets,
		"offsets of newest records": g.admin.ListMaxTimestampOffsets,
		"local start offsets":       g.admin.ListLocalLogStartOffsets,
		"offsets in remote storage": g.admin.ListLatestRemoteOffsets,
	}
	names := []string{}
	for name := range listed {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		g.Step(name, func() (any, error) { return g.listed(listed[name](g.ctx, g.topic)) })
	}
	g.Step("offsets after a time", func() (any, error) {
		return g.listed(g.admin.ListOffsetsAfterMilli(g.ctx, 1, g.topic))
	})
	g.Step("offset of a leader epoch", func() (any, error) {
		ask := kadm.OffsetForLeaderEpochRequest{}
		ask.Add(g.topic, 1, 0)
		ends, err := g.admin.OffsetForLeaderEpoch(g.ctx, ask)
		end := ends[g.topic][1]
		return list{end.LeaderEpoch, end.EndOffset}, errors.Join(err, end.Err)
	})
}

func (g *guide) listed(offsets kadm.ListedOffsets, err error) (any, error) {
	found := list{}
	for _, partition := range []int32{0, 1, 2, 3} {
		offset, _ := offsets.Lookup(g.topic, partition)
		found = append(found, offset.Offset)
	}
	return found, errors.Join(err, offsets.Error())
}

func (g *guide) configs() {
	one, two := "1048576", "7200000"
	alterations := []kadm.AlterConfig{
		{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &one},
		{Op: kadm.DeleteConfig, Name: "retention.ms"},
	}
	g.Do("validate configs", func() error {
		answers, err := g.admin.ValidateAlterTopicConfigs(g.ctx, alterations, g.topic)
		return errors.Join(err, altered(answers))
	})
	g.Do("alter configs incrementally", func() error {
		answers, err := g.admin.AlterTopicConfigs(g.ctx, alterations, g.topic)
		return errors.Join(err, altered(answers))
	})
	g.Until("describe configs", set("max.message.bytes"), g.described)
	g.Do("alter configs as a whole", func() error {
		whole := []kadm.AlterConfig{{Name: "retention.ms", Value: &two}}
		answers, err := g.admin.AlterTopicConfigsState(g.ctx, whole, g.topic)
		return errors.Join(err, altered(answers))
	})
	g.Until("describe configs again", set("retention.ms"), g.described)
	g.Do("describe broker configs", func() error {
		brokers, err := g.admin.ListBrokers(g.ctx)
		configs, other := g.admin.DescribeBrokerConfigs(g.ctx, brokers.NodeIDs()...)
		for _, resource := range configs {
			other = errors.Join(other, resource.Err)
		}
		return errors.Join(err, other)
	})
	g.Do("list config resources", func() error {
		_, err := g.admin.ListConfigResources(g.ctx)
		return err
	})
}

// set waits until the topic's own value of a config is there.
func set(name string) func(any) bool {
	return func(found any) bool {
		config, _ := found.(dict)[name].(list)
		return config != nil && config[1] == "DYNAMIC_TOPIC_CONFIG"
	}
}

func altered(answers kadm.AlterConfigsResponses) error {
	var err error
	for _, answer := range answers {
		err = errors.Join(err, answer.Err)
	}
	return err
}

// described tells the names and values of all configs of the topic, and where each comes from.
func (g *guide) described() (any, error) {
	resources, err := g.admin.DescribeTopicConfigs(g.ctx, g.topic)
	if err != nil {
		return nil, err
	}
	found := dict{}
	for _, config := range resources[0].Configs {
		found[config.Key] = list{config.Value, config.Source.String(), len(config.Synonyms)}
	}
	return found, resources[0].Err
}

func (g *guide) offsets() {
	g.Do("commit offsets", func() error {
		offsets := kadm.Offsets{}
		for partition := range int32(4) {
			offsets.Add(kadm.Offset{
				Topic: g.topic, Partition: partition, At: 5, LeaderEpoch: -1, Metadata: "a note",
			})
		}
		return g.admin.CommitAllOffsets(g.ctx, g.group, offsets)
	})
	g.Step("fetch offsets", func() (any, error) {
		offsets, err := g.admin.FetchOffsets(g.ctx, g.group)
		return g.committed(offsets), errors.Join(err, offsets.Error())
	})
	g.Step("fetch offsets of many groups", func() (any, error) {
		answers := g.admin.FetchManyOffsets(g.ctx, g.group, g.group+"-unknown")
		return list{
			g.committed(answers[g.group].Fetched), len(answers[g.group+"-unknown"].Fetched),
		}, answers.Error()
	})
	g.Step("lag", func() (any, error) {
		lags, err := g.admin.Lag(g.ctx, g.group)
		lag := lags[g.group]
		return list{lag.Lag.Total(), lag.State}, errors.Join(err, lag.Error())
	})
	g.Do("delete offsets", func() error {
		answers, err := g.admin.DeleteOffsets(g.ctx, g.group, kadm.TopicsSet{g.topic: {3: struct{}{}}})
		return errors.Join(err, answers.Error())
	})
	g.Step("fetch offsets that are left", func() (any, error) {
		offsets, err := g.admin.FetchOffsets(g.ctx, g.group)
		return g.committed(offsets), errors.Join(err, offsets.Error())
	})
}

func (g *guide) committed(offsets kadm.OffsetResponses) any {
	found := list{}
	for _, offset := range offsets.Sorted() {
		found = append(found, list{offset.Partition, offset.At, offset.Metadata})
	}
	return found
}

func (g *guide) groups(bootstrap string) {
	for _, protocol := range []string{"classic", "consumer"} {
		group := g.group + "-" + protocol
		joined, err := franzGo{}.Join(bootstrap, group, g.topic, protocol)
		for end := time.Now().Add(15 * time.Second); err == nil && time.Now().Before(end); {
			if _, err = joined.Poll(50 * time.Millisecond); len(joined.Assigned()) == 4 {
				break
			}
		}
		g.Step("join a group, "+protocol, func() (any, error) { return joined.Assigned(), err })
		g.Step("describe groups, "+protocol, func() (any, error) {
			groups, err := g.admin.DescribeGroups(g.ctx, group)
			found := groups[group]
			return list{found.State, found.ProtocolType, found.Protocol, len(found.Members)}, errors.Join(err, found.Err)
		})
		g.Step("describe consumer groups, "+protocol, func() (any, error) {
			groups, err := g.admin.DescribeConsumerGroups(g.ctx, group)
			found := groups[group]
			return list{found.State, found.AssignorName, len(found.Members)}, errors.Join(err, found.Err)
		})
		g.Step("list groups, "+protocol, func() (any, error) {
			groups, err := g.admin.ListGroupsByType(g.ctx, []string{protocol}, "Stable")
			found, ok := groups[group]
			return list{ok, found.ProtocolType, found.State}, err
		})
		g.Do("delete a group with members, "+protocol, func() error {
			_, err := g.admin.DeleteGroup(g.ctx, group)
			return err
		})
		joined.(*member).client.CloseAllowingRebalance()
		g.Do("delete group, "+protocol, func() error {
			_, err := g.admin.DeleteGroup(g.ctx, group)
			return err
		})
	}
	g.Do("delete group", func() error {
		_, err := g.admin.DeleteGroup(g.ctx, g.group)
		return err
	})
	g.Do("delete an unknown group", func() error {
		_, err := g.admin.DeleteGroup(g.ctx, g.group)
		return err
	})
}

func (g *guide) replicas() {
	all := kadm.TopicsSet{g.topic: {0: struct{}{}, 1: struct{}{}, 2: struct{}{}, 3: struct{}{}}}
	g.Step("elect leaders", func() (any, error) {
		results, err := g.admin.ElectLeaders(g.ctx, kadm.ElectPreferredReplica, all)
		found := list{}
		for _, partition := range []int32{0, 1, 2, 3} {
			if result := results[g.topic][partition]; result.Err != nil {
				found = append(found, errorName(result.Err))
			}
		}
		return found, err
	})
	g.Step("list reassignments", func() (any, error) {
		under, err := g.admin.ListPartitionReassignments(g.ctx, all)
		return len(under), err
	})
	g.Do("reassign partitions", func() error {
		brokers, err := g.admin.ListBrokers(g.ctx)
		ask := kadm.AlterPartitionAssignmentsReq{}
		ask.Assign(g.topic, 0, brokers.NodeIDs())
		answers, other := g.admin.AlterPartitionAssignments(g.ctx, ask)
		return errors.Join(err, other, answers.Error())
	})
	g.Step("describe log dirs", func() (any, error) {
		dirs, err := g.admin.DescribeAllLogDirs(g.ctx, all)
		partitions := 0
		dirs.Each(func(dir kadm.DescribedLogDir) {
			err = errors.Join(err, dir.Err)
			partitions += len(dir.Topics[g.topic])
		})
		return list{len(dirs), partitions}, err
	})
	g.Do("alter replica log dirs to an unknown folder", func() error {
		ask := kadm.AlterReplicaLogDirsReq{}
		ask.Add("/no/such/folder", kadm.TopicsSet{g.topic: {0: struct{}{}}})
		answers, err := g.admin.AlterAllReplicaLogDirs(g.ctx, ask)
		answers.Each(func(r kadm.AlterReplicaLogDirsResponse) { err = errors.Join(err, r.Err) })
		return err
	})
}

func (g *guide) security() {
	name := g.group
	g.quotas(&name)
	g.Do("upsert SCRAM credentials", func() error {
		answers, err := g.admin.AlterUserSCRAMs(g.ctx, nil, []kadm.UpsertSCRAM{
			{User: name, Mechanism: kadm.ScramSha256, Iterations: 4096, Password: "secret"},
		})
		return errors.Join(err, answers.Error())
	})
	g.Until("describe SCRAM credentials", some, func() (any, error) {
		users, err := g.admin.DescribeUserSCRAMs(g.ctx, name)
		found := list{}
		for _, credential := range users[name].CredInfos {
			found = append(found, list{credential.Mechanism.String(), credential.Iterations})
		}
		return found, errors.Join(err, users[name].Err)
	})
	g.Do("delete SCRAM credentials", func() error {
		answers, err := g.admin.AlterUserSCRAMs(g.ctx, []kadm.DeleteSCRAM{
			{User: name, Mechanism: kadm.ScramSha256},
		}, nil)
		return errors.Join(err, answers.Error())
	})
	// Apache Kafka without an authorizer refuses these: SECURITY_DISABLED.
	acls := func() *kadm.ACLBuilder {
		return kadm.NewACLs().Topics(g.topic).Allow("User:" + name).AllowHosts("*").Operations(kadm.OpRead).
			ResourcePatternType(kadm.ACLPatternLiteral)
	}
	g.Do("create ACLs", func() error {
		answers, err := g.admin.CreateACLs(g.ctx, acls())
		for _, answer := range answers {
			err = errors.Join(err, answer.Err)
		}
		return err
	})
	g.Do("describe ACLs", func() error {
		answers, err := g.admin.DescribeACLs(g.ctx, acls())
		for _, answer := range answers {
			err = errors.Join(err, answer.Err)
		}
		return err
	})
	g.Do("delete ACLs", func() error {
		answers, err := g.admin.DeleteACLs(g.ctx, acls())
		for _, answer := range answers {
			err = errors.Join(err, answer.Err)
		}
		return err
	})
	g.Do("describe delegation tokens", func() error {
		_, err := g.admin.DescribeDelegationTokens(g.ctx)
		return err
	})
}

func none(found any) bool { return len(found.(list)) == 0 }
func some(found any) bool { return !none(found) }

func (g *guide) quotas(name *string) {
	entity := kadm.ClientQuotaEntity{{Type: "client-id", Name: name}}
	g.Do("alter client quotas", func() error {
		answers, err := g.admin.AlterClientQuotas(g.ctx, []kadm.AlterClientQuotaEntry{
			{Entity: entity, Ops: []kadm.AlterClientQuotaOp{{Key: "producer_byte_rate", Value: 1e9}}},
		})
		for _, answer := range answers {
			err = errors.Join(err, answer.Err)
		}
		return err
	})
	describe := func() (any, error) {
		quotas, err := g.admin.DescribeClientQuotas(g.ctx, true, []kadm.DescribeClientQuotaComponent{
			{Type: "client-id", MatchName: name},
		})
		found := list{}
		for _, quota := range quotas {
			for _, value := range quota.Values {
				found = append(found, list{value.Key, value.Value})
			}
		}
		return found, err
	}
	g.Until("describe client quotas", some, describe)
	g.Do("remove client quotas", func() error {
		answers, err := g.admin.AlterClientQuotas(g.ctx, []kadm.AlterClientQuotaEntry{
			{Entity: entity, Ops: []kadm.AlterClientQuotaOp{{Key: "producer_byte_rate", Remove: true}}},
		})
		for _, answer := range answers {
			err = errors.Join(err, answer.Err)
		}
		return err
	})
	g.Until("describe client quotas that are left", none, describe)
}

func (g *guide) producers() {
	g.Step("describe producers", func() (any, error) {
		set := kadm.TopicsSet{g.topic: {1: struct{}{}}}
		topics, err := g.admin.DescribeProducers(g.ctx, set)
		partition := topics[g.topic].Partitions[1]
		return len(partition.ActiveProducers), errors.Join(err, partition.Err)
	})
	g.Step("list transactions", func() (any, error) {
		found, err := g.admin.ListTransactions(g.ctx, []int64{1 << 60}, nil)
		return len(found), err
	})
	g.Step("describe transactions", func() (any, error) {
		found, err := g.admin.DescribeTransactions(g.ctx, g.group)
		return nil, errors.Join(err, found[g.group].Err)
	})
}

func (g *guide) deletions() {
	g.Do("delete topic", func() error {
		_, err := g.admin.DeleteTopic(g.ctx, g.topic)
		return err
	})
	g.Do("delete topic again", func() error {
		_, err := g.admin.DeleteTopic(g.ctx, g.topic)
		return err
	})
}
