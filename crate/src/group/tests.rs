//! What a coordinator does with members that do not behave as our consumer does.

use super::{Coordinator, GroupConfig, GroupState, GroupWrite};
use crate::id::{GroupId, NodeId, TopicId, TopicPartition};
use crate::log::Batch;
use crate::protocol::{Body, Effect, ErrorCode, MemberId, OffsetAndEpoch, Out, Request, Response};
use crate::time::{Span, Time};

const GROUP: GroupId = GroupId(0);
const SESSION: Span = Span::secs(10);
const REBALANCE: Span = Span::secs(30);

struct Script {
    now: Time,
    coordinator: Coordinator,
    /// What is in `__consumer_offsets`.
    log: Vec<Batch>,
}

impl Script {
    fn new() -> Self {
        Self {
            now: Time::ZERO,
            coordinator: Coordinator::new(GroupConfig {
                initial_rebalance_delay_ms: 0,
                ..GroupConfig::default()
            }),
            log: Vec::new(),
        }
    }

    /// Stores what the coordinator writes, at once.
    fn store(&mut self, out: &mut Out) {
        while let Some(write) = self.coordinator.next_write() {
            self.log.push(write.batch(self.now));
            self.coordinator.stored(self.now, write, Ok(()), out);
        }
    }

    /// Another coordinator takes over.
    fn fail_over(&mut self, committed: bool) -> Vec<GroupWrite> {
        self.coordinator.forget();
        let load = |batch| self.coordinator.load(self.now, batch, committed);
        self.log.iter().filter_map(load).collect()
    }

    fn position(&self) -> Option<i64> {
        let group = self.coordinator.group(GROUP)?;
        group.position(TopicPartition::new(TopicId(0), 0))
    }

    fn commit(&mut self, of: Option<(u32, MemberId)>, offset: i64) -> Vec<(u32, Response)> {
        let mut out = Out::default();
        let at = TopicPartition::new(TopicId(0), 0);
        let offsets = [(at, OffsetAndEpoch::bare(offset))];
        let from = (NodeId(9), 0);
        self.coordinator
            .commit(self.now, from, (GROUP, of), &offsets, Ok(()), &mut out);
        answers(out)
    }

    /// The answers to a request, with those to earlier ones that it set free, by node.
    fn ask(&mut self, node: u32, request: Request) -> Vec<(u32, Response)> {
        let mut out = Out::default();
        self.coordinator
            .handle(self.now, NodeId(node), 0, request, &mut out);
        self.store(&mut out);
        answers(out)
    }

    /// Lets time pass, timer by timer.
    fn wait(&mut self, span: Span) -> Vec<(u32, Response)> {
        let until = self.now + span;
        let mut all = Vec::new();
        while let Some(at) = self.coordinator.next_deadline().filter(|&at| at <= until) {
            self.now = self.now.max(at);
            let mut out = Out::default();
            self.coordinator.on_timer(self.now, &mut out);
            self.store(&mut out);
            all.extend(answers(out));
        }
        self.now = until;
        all
    }

    fn join(&mut self, node: u32, member: Option<MemberId>) -> Vec<(u32, Response)> {
        self.ask(
            node,
            Request::JoinGroup {
                group: GROUP,
                member,
                session_timeout: SESSION,
                rebalance_timeout: REBALANCE,
                topics: vec![TopicId(0)],
            },
        )
    }

    /// A node's id, as `MEMBER_ID_REQUIRED` gives it.
    fn id(&mut self, node: u32) -> MemberId {
        match self.join(node, None).as_slice() {
            [
                (
                    _,
                    Response::JoinGroup {
                        result: Err((ErrorCode::MemberIdRequired, Some(id))),
                    },
                ),
            ] => *id,
            other => panic!("{other:?}"),
        }
    }

    fn sync(&mut self, member: MemberId, generation: u32) -> Vec<(u32, Response)> {
        let assignments = vec![(member, vec![TopicPartition::new(TopicId(0), 0)])];
        self.ask(
            member.client.0,
            Request::SyncGroup {
                group: GROUP,
                generation,
                member,
                assignments,
            },
        )
    }

    fn heartbeat(&mut self, member: MemberId, generation: u32) -> Result<(), ErrorCode> {
        let request = Request::Heartbeat {
            group: GROUP,
            generation,
            member,
        };
        match self.ask(member.client.0, request).as_slice() {
            [(_, Response::Heartbeat { result })] => *result,
            other => panic!("{other:?}"),
        }
    }

    fn state(&self) -> (GroupState, u32, Vec<MemberId>) {
        let group = self.coordinator.group(GROUP).expect("there");
        let members = group.members().map(|member| member.id).collect();
        (group.state(), group.generation(), members)
    }

    /// Members of nodes 1 and 2 in generation 2, node 1's leading.
    fn two() -> (Self, MemberId, MemberId) {
        let mut script = Self::new();
        let a = script.id(1);
        script.join(1, Some(a));
        script.wait(Span::ZERO);
        script.sync(a, 1);
        let b = script.id(2);
        script.join(2, Some(b));
        assert_eq!(script.heartbeat(a, 1), Err(ErrorCode::RebalanceInProgress));
        script.join(1, Some(a));
        script.sync(b, 2);
        script.sync(a, 2);
        assert_eq!(script.state(), (GroupState::Stable, 2, vec![a, b]));
        (script, a, b)
    }
}

fn answers(out: Out) -> Vec<(u32, Response)> {
    let answer = |effect| match effect {
        Effect::Send {
            to,
            body: Body::Response { response, .. },
        } => Some((to.0, *response)),
        _ => None,
    };
    out.effects.into_iter().filter_map(answer).collect()
}

#[test]
fn who_does_not_join_again_in_time_is_out_though_its_heart_beats() {
    let (mut script, a, b) = Script::two();
    script.join(1, Some(a));
    for _ in 0..4 {
        script.wait(Span::secs(7));
        assert_eq!(script.heartbeat(b, 2), Err(ErrorCode::RebalanceInProgress));
    }
    assert_eq!(script.state().0, GroupState::PreparingRebalance);
    let answers = script.wait(Span::secs(3));
    assert_eq!(
        script.state(),
        (GroupState::CompletingRebalance, 3, vec![a])
    );
    assert!(matches!(
        answers[..],
        [(1, Response::JoinGroup { result: Ok(_) })]
    ));
    assert_eq!(script.heartbeat(b, 2), Err(ErrorCode::UnknownMemberId));
}

#[test]
fn who_does_not_ask_for_its_assignment_in_time_is_out() {
    let (mut script, a, b) = Script::two();
    script.join(1, Some(a));
    script.join(2, Some(b));
    script.sync(a, 3);
    assert_eq!(
        script.state().0,
        GroupState::Stable,
        "the leader has spoken"
    );
    for _ in 0..4 {
        script.wait(Span::secs(7));
        assert_eq!(script.heartbeat(a, 3), Ok(()));
        assert_eq!(script.heartbeat(b, 3), Ok(()));
    }
    script.wait(Span::secs(3));
    assert_eq!(script.state(), (GroupState::PreparingRebalance, 3, vec![a]));
}

#[test]
fn a_coordinator_that_starts_again_knows_the_last_settled_generation() {
    let (mut script, a, b) = Script::two();
    let c = script.id(3);
    script.join(3, Some(c));
    script.join(1, Some(a));
    assert_eq!(script.state().0, GroupState::PreparingRebalance);
    assert!(script.fail_over(true).is_empty());
    assert_eq!(script.state(), (GroupState::Stable, 2, vec![a, b]));
    assert_eq!(script.heartbeat(c, 2), Err(ErrorCode::UnknownMemberId));
    // Sessions begin anew, and end.
    script.wait(Span::secs(9));
    assert_eq!(script.heartbeat(a, 2), Ok(()));
    script.wait(Span::secs(2));
    assert_eq!(script.state(), (GroupState::PreparingRebalance, 2, vec![a]));
}

#[test]
fn a_follower_that_joins_again_unchanged_is_told_what_there_is() {
    let (mut script, a, b) = Script::two();
    let answers = script.join(2, Some(b));
    let [(2, Response::JoinGroup { result: Ok(joined) })] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert_eq!((joined.generation, joined.leader), (2, a));
    assert!(
        joined.members.is_empty(),
        "only the leader is told who is there"
    );
    assert_eq!(script.state().0, GroupState::Stable);
}

#[test]
fn an_id_that_nobody_comes_back_with_is_forgotten() {
    let (mut script, a, b) = Script::two();
    let c = script.id(3);
    // The rebalance waits for it, until its session would be over.
    script.join(1, Some(a));
    script.join(2, Some(b));
    assert_eq!(script.state().0, GroupState::PreparingRebalance);
    script.wait(SESSION);
    assert_eq!(
        script.state(),
        (GroupState::CompletingRebalance, 3, vec![a, b])
    );
    let answers = script.join(3, Some(c));
    assert!(matches!(
        answers[..],
        [(
            3,
            Response::JoinGroup {
                result: Err((ErrorCode::UnknownMemberId, _))
            }
        )]
    ));
}

#[test]
fn a_commit_while_the_assignment_is_awaited_is_put_off() {
    let (mut script, a, b) = Script::two();
    script.join(1, Some(a));
    script.join(2, Some(b));
    let answers = script.commit(Some((3, a)), 5);
    assert_eq!(committed(&answers), [Err(ErrorCode::RebalanceInProgress)]);
}

#[test]
fn a_commit_counts_and_is_answered_when_it_is_stored() {
    let (mut script, a, _) = Script::two();
    assert!(script.commit(Some((2, a)), 5).is_empty());
    let write = script.coordinator.next_write().expect("a write");
    assert_eq!(script.position(), None);
    let mut out = Out::default();
    let refused = Err(ErrorCode::CoordinatorNotAvailable);
    script
        .coordinator
        .stored(script.now, write, refused, &mut out);
    assert_eq!(committed(&answers(out)), [refused]);
    assert_eq!(script.position(), None);

    script.commit(Some((2, a)), 6);
    let mut out = Out::default();
    script.store(&mut out);
    assert_eq!(committed(&answers(out)), [Ok(())]);
    assert_eq!(script.position(), Some(6));
}

#[test]
fn a_commit_that_took_too_long_counts_when_it_is_stored_after_all() {
    let (mut script, a, _) = Script::two();
    script.commit(Some((2, a)), 5);
    let mut write = script.coordinator.next_write().expect("a write");
    let mut out = Out::default();
    let late = Err(ErrorCode::CoordinatorNotAvailable);
    script
        .coordinator
        .tell_stored(script.now, &mut write, late, &mut out);
    assert_eq!(committed(&answers(out)), [late]);
    let mut out = Out::default();
    script
        .coordinator
        .stored(script.now, write, Ok(()), &mut out);
    assert!(answers(out).is_empty(), "nobody is told twice");
    assert_eq!(script.position(), Some(5));
}

#[test]
fn an_assignment_that_cannot_be_stored_is_nobodys() {
    let (mut script, a, b) = Script::two();
    script.join(1, Some(a));
    script.join(2, Some(b));
    let assignments = vec![(a, vec![TopicPartition::new(TopicId(0), 1)])];
    let request = |member, assignments| Request::SyncGroup {
        group: GROUP,
        generation: 3,
        member,
        assignments,
    };
    let mut out = Out::default();
    for (member, assignments) in [(b, Vec::new()), (a, assignments)] {
        let request = request(member, assignments);
        script
            .coordinator
            .handle(script.now, member.client, 0, request, &mut out);
    }
    assert!(answers(out).is_empty(), "everyone waits until it is stored");
    assert_eq!(script.state().0, GroupState::CompletingRebalance);
    let write = script.coordinator.next_write().expect("a write");
    let mut out = Out::default();
    let refused = Err(ErrorCode::CoordinatorNotAvailable);
    script
        .coordinator
        .stored(script.now, write, refused, &mut out);
    let told = answers(out);
    assert_eq!(told.len(), 2);
    for (_, response) in told {
        assert!(
            matches!(response, Response::SyncGroup { result } if result == refused.map(|()| vec![]))
        );
    }
    assert_eq!(script.state().0, GroupState::PreparingRebalance);
}

#[test]
fn a_new_coordinator_knows_members_at_once_and_positions_when_they_are_committed() {
    let (mut script, a, b) = Script::two();
    script.commit(Some((2, a)), 5);
    script.store(&mut Out::default());
    script.commit(Some((2, b)), 6);
    script.store(&mut Out::default());
    let later = script.fail_over(false);
    assert_eq!(script.state(), (GroupState::Stable, 2, vec![a, b]));
    assert_eq!((script.position(), later.len()), (None, 2));
    for (write, offset) in later.into_iter().zip([5, 6]) {
        let mut out = Out::default();
        script
            .coordinator
            .stored(script.now, write, Ok(()), &mut out);
        assert_eq!(script.position(), Some(offset));
    }
}

#[test]
fn who_waits_is_sent_away_when_the_coordinator_is_another() {
    let (mut script, a, b) = Script::two();
    script.join(1, Some(a));
    script.join(2, Some(b));
    script.ask(
        2,
        Request::SyncGroup {
            group: GROUP,
            generation: 3,
            member: b,
            assignments: Vec::new(),
        },
    );
    let mut out = Out::default();
    script.coordinator.unload(|group| group == GROUP, &mut out);
    assert!(matches!(
        answers(out)[..],
        [(
            2,
            Response::SyncGroup {
                result: Err(ErrorCode::NotCoordinator)
            }
        )]
    ));
    assert!(script.coordinator.group(GROUP).is_none());
}

#[test]
fn a_group_that_is_deleted_leaves_tombstones() {
    let mut script = Script::new();
    script.commit(None, 5);
    script.store(&mut Out::default());
    assert_eq!(script.position(), Some(5));
    assert_eq!(script.coordinator.delete(GROUP), Ok(()));
    script.store(&mut Out::default());
    assert!(script.coordinator.group(GROUP).is_none());
    let texts: Vec<String> = script.log.iter().flat_map(texts).collect();
    assert_eq!(
        texts,
        [
            r#"{"group":0,"at":{"topic":0,"partition":0}} = {"offset":5,"leader_epoch":-1}"#,
            r#"{"group":0,"at":{"topic":0,"partition":0}} = nothing"#,
            r#"{"group":0} = nothing"#,
        ]
    );
    script.fail_over(true);
    assert!(script.coordinator.group(GROUP).is_none());
}

/// Keys and values, as a person reads them.
fn texts(batch: &Batch) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let records = batch.records().map(|record| record.expect("readable"));
    let both = records.map(|r| {
        let value = r.value.map_or("nothing".into(), text);
        format!("{} = {value}", text(r.key.unwrap_or_default()))
    });
    both.collect()
}

fn committed(answers: &[(u32, Response)]) -> Vec<Result<(), ErrorCode>> {
    let result = |(_, response): &(u32, Response)| match response {
        Response::OffsetCommit { result } => *result,
        other => panic!("{other:?}"),
    };
    answers.iter().map(result).collect()
}
