//! A topology, checked and cut into sub-topologies.

use super::store::Windowed;
use super::{Does, Extractor, Format, Step, Topology};
use std::sync::Arc;

/// The most steps.
const MOST_STEPS: usize = 100;

/// What a topic is to an application.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TopicRole {
    /// Others write it.
    Source,
    /// The application writes it, for others.
    Sink,
    /// It writes and reads it: records on their way to where their key is.
    Repartition,
    /// It has the changes of a store, the one of this node.
    Changelog(usize),
}

/// A topic that an application reads or writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicPlan {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub role: TopicRole,
    /// How many partitions it has; of a sink, 0, since that is for whoever makes it.
    pub partitions: u32,
}

/// A place in the graph: a step, or one side of a repartition topic.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: Arc<str>,
    /// What it does.
    pub(super) op: Op,
    /// Who reads it, and as the how manyth input.
    pub(super) children: Vec<(usize, usize)>,
    /// Whom it reads.
    pub(super) parents: Vec<usize>,
    /// Its sub-topology.
    sub: usize,
    /// The changelog of its store.
    pub(super) changelog: Option<usize>,
    /// Whether its results wait in a cache until positions are committed.
    pub(super) cached: bool,
    /// Whether the changes of its store do.
    pub(super) logs_at_commit: bool,
}

/// What a node does.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Reads topics.
    Read {
        topics: Vec<usize>,
        values: Format,
        time: Extractor,
    },
    /// Writes one; `keyed` leaves out what has no key.
    Write {
        topic: usize,
        values: Format,
        keyed: bool,
    },
    /// What a step says.
    Step(Box<Does>),
    /// An aggregate by windows, or for all of time where a sketch or a number is kept.
    Windowed(Box<Windowed>),
    /// A join with the table of this node.
    Lookup { table: usize, left: bool },
    /// It passes records on.
    Pass,
}

/// A sub-topology: what hangs together without a topic in between. It runs as one task for each
/// partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sub {
    /// Its nodes, each after those it reads.
    pub nodes: Vec<usize>,
    /// The topics it reads, with the node that does.
    pub sources: Vec<(usize, usize)>,
    /// Its stores: node and changelog.
    pub stores: Vec<(usize, usize)>,
    /// How many tasks it has.
    pub partitions: u32,
}

/// A topology that is sound, with everything that running it takes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The `application.id`.
    pub application: Arc<str>,
    /// Its nodes, each after those it reads.
    pub nodes: Vec<Node>,
    /// Its sub-topologies.
    pub subs: Vec<Sub>,
    /// The topics it reads and writes.
    pub topics: Vec<TopicPlan>,
}

impl Topology {
    /// Checks it and says how it runs, where its sources have so many partitions.
    ///
    /// # Errors
    /// In words: which step is wrong, why, and what would do.
    pub fn plan(&self, partitions: impl Fn(&str) -> Option<u32>) -> Result<Plan, String> {
        legal(&self.application).map_err(|why| format!("application.id: {why}"))?;
        if self.steps.len() > MOST_STEPS {
            return Err(format!(
                "{} steps are too many: {MOST_STEPS} are the most",
                self.steps.len()
            ));
        }
        let mut making = Making {
            application: &self.application,
            cache: self.cache,
            nodes: Vec::new(),
            topics: Vec::new(),
            steps: Vec::new(),
            asked: Vec::new(),
        };
        for step in &self.steps {
            let done = making.step(step, &partitions);
            done.map_err(|why| format!("step “{}”: {why}", step.name))?;
        }
        making.cut()
    }
}

/// A step that is made: its node, whether its keys changed since records were last brought together,
/// and what it may be read as.
struct Made {
    name: String,
    node: usize,
    rekeyed: bool,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Stream,
    Group,
    Table,
    Nothing,
}

struct Making<'a> {
    application: &'a str,
    cache: bool,
    nodes: Vec<Node>,
    topics: Vec<TopicPlan>,
    steps: Vec<Made>,
    /// Repartition topics whose number of partitions the topology says.
    asked: Vec<(usize, u32)>,
}

/// A name that a topic's name may have in it.
fn legal(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 100 || !name.chars().all(plain) {
        return Err(format!(
            "“{name}” is no name: 1 to 100 letters, digits, “.”, “_” or “-”, for topics are named after it"
        ));
    }
    Ok(())
}

impl Making<'_> {
    fn step(
        &mut self,
        step: &Step,
        partitions: &impl Fn(&str) -> Option<u32>,
    ) -> Result<(), String> {
        legal(&step.name)?;
        if self.steps.iter().any(|made| made.name == step.name) {
            return Err("there is another step of this name".into());
        }
        let inputs = self.inputs(step)?;
        for (expr, may_look_back) in step.does.expressions() {
            expr.check(may_look_back)?;
        }
        let rekeyed = inputs.iter().any(|&made| self.steps[made].rekeyed);
        let ends: Vec<usize> = inputs.iter().map(|&made| self.steps[made].node).collect();
        let name = &step.name;
        let (node, rekeyed, kind) = match &step.does {
            Does::Source {
                topics,
                values,
                time,
            } => {
                let read = self.sources(topics, partitions)?;
                let op = Op::Read {
                    topics: read,
                    values: *values,
                    time: time.clone(),
                };
                (self.node(name, op, &[]), false, Kind::Stream)
            }
            Does::Sink { topic, values } => {
                let op = Op::Write {
                    topic: self.topic(topic, TopicRole::Sink, 0)?,
                    values: *values,
                    keyed: false,
                };
                (self.node(name, op, &ends), false, Kind::Nothing)
            }
            Does::Repartition { partitions } => {
                let node = self.through(name, ends[0], false);
                if let Some(wanted) = *partitions {
                    if wanted == 0 || wanted > 1_000 {
                        return Err(format!("{wanted} partitions: 1 to 1000 are possible"));
                    }
                    self.asked.push((self.topics.len() - 1, wanted));
                }
                (node, false, Kind::Stream)
            }
            Does::Group { by } => {
                let mut node = ends[0];
                if let Some(by) = by {
                    let op = Op::Step(Box::new(Does::SelectKey(by.clone())));
                    node = self.node(&format!("{name}-by"), op, &[node]);
                }
                let node = if rekeyed || by.is_some() {
                    self.through(name, node, true)
                } else {
                    self.node(name, Op::Pass, &[node])
                };
                (node, false, Kind::Group)
            }
            Does::JoinTable { left } => {
                let table = ends[1];
                let from = self.together(name, &inputs[..1], &[""]);
                let op = Op::Lookup { table, left: *left };
                (self.node(name, op, &[from[0], table]), false, Kind::Stream)
            }
            Does::Aggregate { .. } | Does::Top { .. } | Does::Table | Does::JoinStream { .. } => {
                let (node, kind) = self.stateful(step, &inputs)?;
                (node, false, kind)
            }
            Does::SelectKey(_) => {
                let op = Op::Step(Box::new(step.does.clone()));
                (self.node(name, op, &ends), true, Kind::Stream)
            }
            Does::Filter(_)
            | Does::Map(_)
            | Does::FlatMap(_)
            | Does::JoinStatic { .. }
            | Does::Union => {
                let op = Op::Step(Box::new(step.does.clone()));
                (self.node(name, op, &ends), rekeyed, Kind::Stream)
            }
        };
        self.steps.push(Made {
            name: step.name.clone(),
            node,
            rekeyed,
            kind,
        });
        Ok(())
    }

    /// A step with a store.
    fn stateful(&mut self, step: &Step, inputs: &[usize]) -> Result<(usize, Kind), String> {
        let name = &step.name;
        let mut op = Op::Step(Box::new(step.does.clone()));
        let suffixes: &[&str] = match &step.does {
            Does::JoinStream {
                kind,
                before_ms,
                after_ms,
                grace_ms,
            } => {
                super::store::new_join(*kind, *before_ms, *after_ms, *grace_ms)?;
                &["-left", "-right"]
            }
            Does::Aggregate { fold, windows } => {
                if let Some(windowed) = Windowed::new(fold, windows.as_ref())? {
                    op = Op::Windowed(Box::new(windowed));
                }
                &[""]
            }
            Does::Top { n, .. } if *n == 0 || *n > 1_000 => {
                return Err(format!("the greatest {n}: 1 to 1000 are possible"));
            }
            _ => &[""],
        };
        let from = self.together(name, inputs, suffixes);
        let node = self.stored(name, op, &from)?;
        if suffixes.len() == 2 {
            // A join gives a stream, which no cache thins out.
            self.nodes[node].cached = false;
            self.nodes[node].logs_at_commit = false;
            return Ok((node, Kind::Stream));
        }
        Ok((node, Kind::Table))
    }

    /// Source topics, if they are there.
    fn sources(
        &mut self,
        topics: &[String],
        partitions: &impl Fn(&str) -> Option<u32>,
    ) -> Result<Vec<usize>, String> {
        if topics.is_empty() {
            return Err("it names no topic to read".into());
        }
        let mut read = Vec::new();
        for topic in topics {
            let there = partitions(topic).ok_or_else(|| {
                format!("there is no topic {topic} (MissingSourceTopicException)")
            })?;
            read.push(self.topic(topic, TopicRole::Source, there)?);
        }
        Ok(read)
    }

    /// The steps that a step reads, if it may.
    fn inputs(&self, step: &Step) -> Result<Vec<usize>, String> {
        let many = match step.does {
            Does::Source { .. } => 0..=0,
            Does::JoinTable { .. } | Does::JoinStream { .. } => 2..=2,
            Does::Union => 2..=MOST_STEPS,
            _ => 1..=1,
        };
        if !many.contains(&step.from.len()) {
            let wants = match *many.start() {
                0 => "reads topics and no step",
                1 => "reads one step",
                _ if *many.end() == 2 => "reads two steps",
                _ => "reads two steps or more",
            };
            return Err(format!("it {wants}, and `from` has {}", step.from.len()));
        }
        let mut inputs = Vec::new();
        for (n, from) in step.from.iter().enumerate() {
            let made = self.steps.iter().position(|made| made.name == *from);
            let made = made.ok_or_else(|| {
                let names: Vec<&str> = self.steps.iter().map(|made| &*made.name).collect();
                format!(
                    "it reads “{from}”, and no step before it has that name: there are {}",
                    if names.is_empty() {
                        "none".to_owned()
                    } else {
                        names.join(", ")
                    }
                )
            })?;
            let kind = self.steps[made].kind;
            let grouped = matches!(step.does, Does::Aggregate { .. } | Does::Top { .. });
            let of_table = n == 1 && matches!(step.does, Does::JoinTable { .. });
            let made_by = &self.nodes[self.steps[made].node].op;
            let is_table = matches!(made_by, Op::Step(does) if **does == Does::Table);
            match kind {
                Kind::Nothing => return Err(format!("“{from}” is a sink, which nothing can read")),
                Kind::Group if !grouped => {
                    return Err(format!(
                        "“{from}” is a group, which only `aggregate` and `top` read"
                    ));
                }
                Kind::Stream | Kind::Table if grouped => {
                    return Err(format!("“{from}” is no group: put a `group` step between"));
                }
                _ if of_table && !is_table => {
                    return Err(format!(
                        "“{from}” is no `table` step, and the second input of `join_table` is one"
                    ));
                }
                _ => inputs.push(made),
            }
        }
        Ok(inputs)
    }

    fn node(&mut self, name: &str, op: Op, parents: &[usize]) -> usize {
        let node = self.nodes.len();
        for (input, &parent) in parents.iter().enumerate() {
            self.nodes[parent].children.push((node, input));
        }
        self.nodes.push(Node {
            name: name.into(),
            op,
            children: Vec::new(),
            parents: parents.to_vec(),
            sub: 0,
            changelog: None,
            cached: false,
            logs_at_commit: false,
        });
        node
    }

    /// A node with a store and its changelog.
    fn stored(&mut self, name: &str, op: Op, parents: &[usize]) -> Result<usize, String> {
        let cached = self.cache
            && match &op {
                Op::Windowed(windowed) => windowed.updates(),
                _ => true,
            };
        let node = self.node(name, op, parents);
        let topic = format!("{}-{name}-changelog", self.application);
        self.nodes[node].changelog = Some(self.topic(&topic, TopicRole::Changelog(node), 0)?);
        self.nodes[node].cached = cached;
        self.nodes[node].logs_at_commit = self.cache;
        Ok(node)
    }

    /// The inputs of a step that needs records of a key in one place: through a topic of their own
    /// where their keys have changed.
    fn together(&mut self, name: &str, inputs: &[usize], suffixes: &[&str]) -> Vec<usize> {
        let mut ends = Vec::new();
        for (&made, suffix) in inputs.iter().zip(suffixes) {
            let Made { node, rekeyed, .. } = self.steps[made];
            ends.push(if rekeyed {
                self.through(&format!("{name}{suffix}"), node, true)
            } else {
                node
            });
        }
        ends
    }

    /// Through a repartition topic. Gives the node that reads it.
    fn through(&mut self, name: &str, from: usize, keyed: bool) -> usize {
        let topic = self.topics.len();
        self.topics.push(TopicPlan {
            name: format!("{}-{name}-repartition", self.application).into(),
            role: TopicRole::Repartition,
            partitions: 0,
        });
        let values = Format::Json;
        let write = Op::Write {
            topic,
            values,
            keyed,
        };
        self.node(&format!("{name}-repartition-sink"), write, &[from]);
        let read = Op::Read {
            topics: vec![topic],
            values,
            time: Extractor::Record,
        };
        self.node(&format!("{name}-repartition-source"), read, &[])
    }

    fn topic(&mut self, name: &str, role: TopicRole, partitions: u32) -> Result<usize, String> {
        legal(name)?;
        if let Some(known) = self.topics.iter().position(|topic| *topic.name == *name) {
            return match (self.topics[known].role, role) {
                (TopicRole::Source, TopicRole::Source) => Err(format!(
                    "another step reads {name} already: let both read that step"
                )),
                (TopicRole::Sink, TopicRole::Sink) => Ok(known),
                _ => Err(format!(
                    "{name} would be read and written: use a `repartition` step for that"
                )),
            };
        }
        self.topics.push(TopicPlan {
            name: name.into(),
            role,
            partitions,
        });
        Ok(self.topics.len() - 1)
    }

    /// Cuts the graph at its repartition topics.
    fn cut(mut self) -> Result<Plan, String> {
        let mut of: Vec<usize> = (0..self.nodes.len()).collect();
        for node in 0..self.nodes.len() {
            for parent in self.nodes[node].parents.clone() {
                let (a, b) = (of[node], of[parent]);
                for sub in &mut of {
                    if *sub == a.max(b) {
                        *sub = a.min(b);
                    }
                }
            }
        }
        let mut subs: Vec<Sub> = Vec::new();
        let mut roots: Vec<usize> = Vec::new();
        for (node, &root) in of.iter().enumerate() {
            let sub = roots.iter().position(|&known| known == root);
            let sub = sub.unwrap_or_else(|| {
                roots.push(root);
                subs.push(Sub {
                    nodes: Vec::new(),
                    sources: Vec::new(),
                    stores: Vec::new(),
                    partitions: 0,
                });
                subs.len() - 1
            });
            self.nodes[node].sub = sub;
            subs[sub].nodes.push(node);
            if let Op::Read { topics, .. } = &self.nodes[node].op {
                subs[sub]
                    .sources
                    .extend(topics.iter().map(|&topic| (topic, node)));
            }
            if let Some(changelog) = self.nodes[node].changelog {
                subs[sub].stores.push((node, changelog));
            }
        }
        if subs.iter().all(|sub| sub.sources.is_empty()) {
            return Err(
                "Topology has no stream threads and no source: nothing reads a topic".into(),
            );
        }
        self.count_partitions(&mut subs)?;
        Ok(Plan {
            application: self.application.into(),
            nodes: self.nodes,
            subs,
            topics: self.topics,
        })
    }

    /// How many tasks each sub-topology has. All topics that it reads have as many partitions, so that
    /// records of a key come to one task.
    fn count_partitions(&mut self, subs: &mut [Sub]) -> Result<(), String> {
        for &(topic, wanted) in &self.asked {
            self.topics[topic].partitions = wanted;
        }
        // A repartition topic has as many as what it comes from, unless its sub-topology reads others.
        // Each round knows of one more topic at least.
        for _ in 0..=self.topics.len() {
            for sub in subs.iter_mut() {
                let known = sub
                    .sources
                    .iter()
                    .map(|&(topic, _)| self.topics[topic].partitions);
                sub.partitions = known.max().unwrap_or(0);
                for &(topic, _) in &sub.sources {
                    let read = &mut self.topics[topic];
                    if read.role == TopicRole::Repartition && read.partitions == 0 {
                        read.partitions = sub.partitions;
                    }
                }
            }
            for node in &self.nodes {
                if let Op::Write { topic, .. } = node.op {
                    let from = subs[node.sub].partitions;
                    let to = &mut self.topics[topic];
                    if to.role == TopicRole::Repartition && to.partitions == 0 {
                        to.partitions = from;
                    }
                }
            }
        }
        for sub in subs.iter() {
            let read = sub.sources.iter().map(|&(topic, _)| &self.topics[topic]);
            if read.clone().any(|topic| topic.partitions != sub.partitions) {
                let all: Vec<String> = read
                    .map(|topic| format!("{}({})", topic.name, topic.partitions))
                    .collect();
                return Err(format!(
                    "Following topics do not have the same number of partitions: [{}]. What is joined \
                     or read together must have: put a `repartition` step behind one of them",
                    all.join(", ")
                ));
            }
            for &(_, changelog) in &sub.stores {
                self.topics[changelog].partitions = sub.partitions;
            }
        }
        Ok(())
    }
}

impl Plan {
    /// The topic of this name.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<usize> {
        self.topics.iter().position(|topic| *topic.name == *name)
    }

    /// Every task: sub-topology and partition, in Kafka's order (`0_0`, `0_1`, `1_0`, …).
    pub fn tasks(&self) -> impl Iterator<Item = (usize, u32)> {
        let subs = self.subs.iter().enumerate();
        subs.flat_map(|(sub, plan)| (0..plan.partitions).map(move |partition| (sub, partition)))
    }
}
