//! Steps of scripts about consumer groups: the person finds the coordinator, commits, and is a member.

use crate::cluster_net::ClusterNet;
use crate::script::node;
use millrace::id::{GroupId, NodeId};
use millrace::protocol::{ErrorCode, OffsetAndEpoch, Request, Response};
use millrace::time::Span;

/// How long to wait for an answer: longer than `offsets.commit.timeout.ms`.
const PATIENCE: Span = Span::secs(8);

fn said(result: Result<(), ErrorCode>) -> String {
    result.map_or_else(ErrorCode::name, |()| "ok").into()
}

impl ClusterNet {
    /// What a consumer does.
    pub(crate) fn deal_with_group(&mut self, words: &[&str]) -> String {
        let group = self.group(words[1]);
        let coordinator = match (words[0], words) {
            ("commit", [_, _, _, _, at]) if *at != "member" => Ok(node(at)),
            _ => self.coordinator(group),
        };
        let coordinator = match coordinator {
            Ok(coordinator) => coordinator,
            Err(error) => return error,
        };
        match *words {
            ["coordinator", _] => coordinator.0.to_string(),
            ["commit", _, topic, offset, ref how @ ..] => {
                let at = self.at(topic);
                let member = self.members.get(&group).copied();
                let offset = offset.parse().expect("an offset");
                let request = Request::OffsetCommit {
                    group,
                    generation: member.filter(|_| how == ["member"]),
                    offsets: vec![(at, OffsetAndEpoch::bare(offset))],
                };
                match self.ask(coordinator, request, PATIENCE) {
                    Some(Response::OffsetCommit { result }) => said(result),
                    _ => "no answer".into(),
                }
            }
            ["position", _, topic] => {
                let partitions = vec![self.at(topic)];
                let request = Request::OffsetFetch { group, partitions };
                match self.ask(coordinator, request, PATIENCE) {
                    Some(Response::OffsetFetch { result: Ok(found) }) => match found[0].1 {
                        Some(position) => position.offset.to_string(),
                        None => "none".into(),
                    },
                    Some(Response::OffsetFetch { result: Err(error) }) => error.name().into(),
                    _ => "no answer".into(),
                }
            }
            ["join", _, topic] => self.join(coordinator, group, topic),
            ["sync", _, topic] => {
                let Some(&(generation, member)) = self.members.get(&group) else {
                    return "no member".into();
                };
                let request = Request::SyncGroup {
                    group,
                    generation,
                    member,
                    assignments: vec![(member, vec![self.at(topic)])],
                };
                match self.ask(coordinator, request, PATIENCE) {
                    Some(Response::SyncGroup { result }) => match result {
                        Ok(assigned) => format!("{} assigned", assigned.len()),
                        Err(error) => error.name().into(),
                    },
                    _ => "no answer".into(),
                }
            }
            ["heartbeat", _] => {
                let Some(&(generation, member)) = self.members.get(&group) else {
                    return "no member".into();
                };
                let request = Request::Heartbeat {
                    group,
                    generation,
                    member,
                };
                match self.ask(coordinator, request, PATIENCE) {
                    Some(Response::Heartbeat { result }) => said(result),
                    _ => "no answer".into(),
                }
            }
            _ => panic!("`{}` is no step", words.join(" ")),
        }
    }

    /// Whom the first broker that runs and answers names.
    fn coordinator(&mut self, group: GroupId) -> Result<NodeId, String> {
        for broker in 0..self.brokers {
            if !self.is_up(broker) {
                continue;
            }
            let request = Request::FindCoordinator { group };
            let answer = self.ask(NodeId::from(broker), request, Span::millis(500));
            if let Some(Response::FindCoordinator { coordinator }) = answer {
                return coordinator.map_err(|error| error.name().into());
            }
        }
        Err("no answer".into())
    }

    /// Joins as a new member, or again as the one it is.
    fn join(&mut self, coordinator: NodeId, group: GroupId, topic: &str) -> String {
        let topics = vec![self.at(topic).topic];
        let mut member = self.members.get(&group).map(|&(_, member)| member);
        for _ in 0..2 {
            let request = Request::JoinGroup {
                group,
                member,
                session_timeout: Span::secs(45),
                rebalance_timeout: Span::secs(300),
                topics: topics.clone(),
            };
            match self.ask(coordinator, request, PATIENCE) {
                Some(Response::JoinGroup { result }) => match result {
                    Ok(joined) => {
                        self.members
                            .insert(group, (joined.generation, joined.member));
                        return format!("generation {}", joined.generation);
                    }
                    Err((ErrorCode::MemberIdRequired, id)) => member = id,
                    Err((error, _)) => return error.name().into(),
                },
                _ => return "no answer".into(),
            }
        }
        "no end of it".into()
    }
}
