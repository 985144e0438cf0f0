use super::*;
use crate::client::{CommitError, OffsetReset};
use crate::group::GroupState;

fn earliest() -> ConsumerConfig {
    ConsumerConfig {
        auto_offset_reset: OffsetReset::Earliest,
        ..ConsumerConfig::default()
    }
}

fn state(net: &Net) -> (GroupState, u32, usize) {
    let group = net.broker.groups().group(GROUP).expect("there");
    (group.state(), group.generation(), group.members().count())
}

fn partitions(range: std::ops::Range<u32>) -> Vec<TopicPartition> {
    range.map(tp).collect()
}

#[test]
fn members_share_and_share_anew_when_one_joins_or_leaves() {
    let mut net = Net::with_topic(5);
    let a = net.member(earliest());
    net.run(Span::secs(1));
    assert_eq!(net.assigned(a), partitions(0..5));
    assert_eq!(state(&net), (GroupState::Stable, 1, 1));
    let b = net.member(earliest());
    net.run(Span::secs(4));
    assert_eq!(
        net.assigned(a),
        partitions(0..3),
        "the first gets the one more"
    );
    assert_eq!(net.assigned(b), partitions(3..5));
    assert_eq!(state(&net), (GroupState::Stable, 2, 2));
    let revoked = Fact::Revoked {
        consumer: a,
        group: GROUP,
        partitions: 5,
    };
    assert!(net.facts.iter().any(|(_, fact)| *fact == revoked));
    net.consume(a, Consumer::close);
    net.run(Span::secs(4));
    assert_eq!(net.assigned(b), partitions(0..5));
    assert_eq!(state(&net), (GroupState::Stable, 3, 1));
}

#[test]
fn a_group_that_begins_waits_for_more_members() {
    let mut net = Net::new(BrokerConfig::default());
    net.create(TOPIC, 2, &[]);
    let a = net.member(earliest());
    net.run(Span::secs(2));
    let b = net.member(earliest());
    net.run(ms(990));
    assert_eq!(state(&net).0, GroupState::PreparingRebalance);
    // The second came within the first 3 s, so another 3 s are given.
    net.run(Span::secs(2));
    assert_eq!(state(&net).0, GroupState::PreparingRebalance);
    net.run(Span::secs(2));
    assert_eq!(
        state(&net),
        (GroupState::Stable, 1, 2),
        "one rebalance for both"
    );
    assert_eq!(
        (net.assigned(a), net.assigned(b)),
        (partitions(0..1), partitions(1..2))
    );
}

#[test]
fn members_beyond_the_partitions_sit_idle_and_take_over() {
    let mut net = Net::with_topic(1);
    let a = net.member(earliest());
    net.run(Span::secs(1));
    let b = net.member(earliest());
    net.run(Span::secs(4));
    assert_eq!(net.assigned(b), []);
    let idle = Fact::Assigned {
        consumer: b,
        group: GROUP,
        partitions: 0,
    };
    assert!(net.facts.iter().any(|(_, fact)| *fact == idle));
    net.fill(0, 0..3);
    net.run(Span::secs(6));
    net.kill(a);
    net.run(Span::secs(41));
    assert_eq!(
        net.assigned(b),
        [],
        "the dead member's session is not over yet"
    );
    net.run(Span::secs(9));
    assert_eq!(net.assigned(b), [tp(0)]);
    assert!(
        net.facts
            .iter()
            .any(|(_, fact)| matches!(fact, Fact::MemberExpired { .. }))
    );
}

#[test]
fn a_rebalance_commits_first_so_that_nothing_is_read_twice() {
    let mut net = Net::with_topic(2);
    net.fill(0, 0..4);
    net.fill(1, 0..4);
    let a = net.member(earliest());
    net.run(Span::secs(1));
    assert_eq!(net.committed(1), None, "long before the interval is over");
    let b = net.member(earliest());
    net.run(Span::secs(4));
    assert_eq!(net.committed(1), Some(4));
    net.fill(1, 4..6);
    net.run(Span::secs(1));
    assert_eq!(
        (net.offsets(a, 1), net.offsets(b, 1)),
        (vec![0, 1, 2, 3], vec![4, 5])
    );
}

#[test]
fn a_rebalance_waits_for_a_member_that_is_busy() {
    let mut net = Net::with_topic(2);
    let a = net.member(earliest());
    net.client(a).work = Some(Span::secs(20));
    net.run(Span::secs(1));
    net.fill(0, 0..1);
    net.run(ms(10));
    let b = net.member(earliest());
    net.run(Span::secs(15));
    assert_eq!(
        state(&net).0,
        GroupState::PreparingRebalance,
        "a works and does not poll"
    );
    assert_eq!(net.assigned(b), []);
    net.run(Span::secs(6));
    assert_eq!(state(&net), (GroupState::Stable, 2, 2));
    assert_eq!(
        (net.assigned(a), net.assigned(b)),
        (partitions(0..1), partitions(1..2))
    );
}

#[test]
fn a_member_that_does_not_poll_in_time_leaves_and_its_commit_is_refused() {
    let mut net = Net::with_topic(1);
    let a = net.member(ConsumerConfig {
        max_poll_interval_ms: 10_000,
        enable_auto_commit: false,
        ..earliest()
    });
    net.client(a).work = None;
    net.fill(0, 0..1);
    net.run(Span::secs(1));
    net.poll(a);
    assert_eq!(net.offsets(a, 0), [0]);
    let b = net.member(earliest());
    net.run(Span::secs(12));
    assert_eq!(net.assigned(b), [tp(0)]);
    net.consume(a, |c, now, out| c.commit_sync(now, None, out));
    assert_eq!(net.client(a).commits[0].result, Err(CommitError::Failed));
    net.run(Span::secs(1));
    assert_eq!(net.offsets(b, 0), [0], "read again by the other");
    // It comes back at its next poll.
    net.client(a).work = Some(Span::ZERO);
    net.poll(a);
    net.run(Span::secs(5));
    assert_eq!(state(&net), (GroupState::Stable, 3, 2));
}

#[test]
fn commits_of_an_old_generation_are_fenced() {
    let mut net = Net::with_topic(1);
    let a = net.member(earliest());
    net.run(Span::secs(1));
    let (member, generation) = net.consume(a, |c, _, _| c.member()).expect("in the group");
    let mut commit = |of| {
        let mut out = Out::default();
        let request = Box::new(Request::OffsetCommit {
            group: GROUP,
            generation: of,
            offsets: vec![(tp(0), OffsetAndEpoch::bare(7))],
        });
        let body = Body::Request { id: 0, request };
        let input = Input::Message { from: a, body };
        net.broker.handle(net.now, input, &mut out);
        let mut effects = out.effects.into_iter();
        effects.find_map(|effect| match effect {
            Effect::Send {
                body: Body::Response { response, .. },
                ..
            } => match *response {
                Response::OffsetCommit { result } => Some(result),
                _ => None,
            },
            _ => None,
        })
    };
    let mut commit = |of| commit(of).expect("an answer");
    assert_eq!(commit(Some((generation, member))), Ok(()));
    assert_eq!(
        commit(Some((generation - 1, member))),
        Err(ErrorCode::IllegalGeneration)
    );
    let stranger = crate::protocol::MemberId {
        client: NodeId(9),
        serial: 9,
    };
    assert_eq!(
        commit(Some((generation, stranger))),
        Err(ErrorCode::UnknownMemberId)
    );
    assert_eq!(
        commit(None),
        Err(ErrorCode::UnknownMemberId),
        "the group has members"
    );
}

#[test]
fn a_pattern_picks_up_a_topic_when_metadata_is_refreshed() {
    let mut net = Net::with_topic(1);
    net.create(TopicId(1), 1, &[]);
    let node = net.consumer(ConsumerConfig {
        group: Some(GROUP),
        metadata_max_age_ms: 60_000,
        ..earliest()
    });
    net.consume(node, |c, _, _| {
        c.subscribe_pattern("topic-[02]").expect("a pattern");
    });
    net.poll(node);
    net.run(Span::secs(5));
    assert_eq!(net.assigned(node), [tp(0)]);
    net.create(TopicId(2), 2, &[]);
    net.create(TopicId(3), 2, &[]);
    net.run(Span::secs(50));
    assert_eq!(
        net.assigned(node),
        [tp(0)],
        "not before metadata.max.age.ms"
    );
    net.run(Span::secs(10));
    let new = |partition| TopicPartition::new(TopicId(2), partition);
    assert_eq!(net.assigned(node), [tp(0), new(0), new(1)]);
    assert!(
        net.consume(node, |c, _, _| c.subscribe_pattern("("))
            .is_err()
    );
}

#[test]
fn added_partitions_are_shared_when_the_leader_hears_of_them() {
    let mut net = Net::with_topic(1);
    let config = ConsumerConfig {
        metadata_max_age_ms: 30_000,
        ..earliest()
    };
    let a = net.member(config);
    let b = net.member(config);
    net.run(Span::secs(5));
    assert_eq!((net.assigned(a).len(), net.assigned(b).len()), (1, 0));
    net.broker
        .add_partitions(net.now, "topic-0", 4, &mut Out::default())
        .expect("more");
    net.run(Span::secs(40));
    assert_eq!(
        (net.assigned(a), net.assigned(b)),
        (partitions(0..2), partitions(2..4))
    );
}

#[test]
fn positions_of_an_empty_group_can_be_moved_and_of_another_not() {
    let mut net = Net::with_topic(1);
    net.fill(0, 0..5);
    let a = net.member(earliest());
    net.run(Span::secs(1));
    let reset = |net: &mut Net, offset| {
        let mut out = Out::default();
        net.broker
            .reset_offsets(net.now, GROUP, &[(tp(0), offset)], &mut out)
            .map_err(|error| error.message("g-range"))
    };
    assert_eq!(
        reset(&mut net, 1),
        Err(
            "Assignments can only be reset if the group 'g-range' is inactive, but the current \
             state is Stable."
                .to_owned()
        )
    );
    net.consume(a, Consumer::close);
    net.run(Span::secs(1));
    assert_eq!(reset(&mut net, 2), Ok(()));
    let b = net.member(earliest());
    net.run(Span::secs(1));
    assert_eq!(net.offsets(b, 0), [2, 3, 4], "rewound");
    let mut delete = |group| {
        net.broker
            .delete_group(net.now, group, &mut Out::default())
            .map_err(|error| error.message("g-range"))
    };
    assert_eq!(delete(GROUP), Err("The group is not empty.".into()));
    assert_eq!(
        delete(GroupId(5)),
        Err("Consumer group 'g-range' does not exist.".into())
    );
}

#[test]
fn a_member_that_restarts_keeps_its_place_and_waits_out_its_ghost() {
    let mut net = Net::with_topic(2);
    let a = net.member(earliest());
    let b = net.member(earliest());
    net.run(Span::secs(5));
    assert_eq!(
        (net.assigned(a), net.assigned(b)),
        (partitions(0..1), partitions(1..2))
    );
    net.kill(a);
    net.run(Span::secs(1));
    net.restart_member(a);
    net.run(Span::secs(30));
    // The rebalance waits for the process that died: its session is not over.
    assert_eq!(state(&net).0, GroupState::PreparingRebalance);
    net.run(Span::secs(20));
    let (state, _, members) = state(&net);
    assert_eq!((state, members), (GroupState::Stable, 2));
    assert_eq!(
        (net.assigned(a), net.assigned(b)),
        (partitions(0..1), partitions(1..2))
    );
}

#[test]
fn a_session_time_out_out_of_bounds_is_refused() {
    let mut net = Net::with_topic(1);
    let a = net.member(ConsumerConfig {
        session_timeout_ms: 5_000,
        ..earliest()
    });
    net.run(ms(100));
    let refused = PollError::Refused(ErrorCode::InvalidSessionTimeout);
    assert_eq!(net.client(a).errors, [refused]);
}
