//! Stream tasks in words and tables: who has them, what they took, how they were restored.

use super::scene::stopped;
use crate::app::{RunningTask, TaskState};
use crate::id::{NodeId, TopicPartition};
use crate::sim::{App, Happening, Moment, Status, Timeline, World};
use crate::time::{Span, Time};
use crate::view::panel::{Explain, Table, Text};
use crate::view::scene::committed;

/// How long what befell tasks stays the news.
const NEWS: Span = Span::secs(12);

/// A task as Kafka names it: sub-topology and partition.
fn name(task: (u32, u32)) -> String {
    format!("{}_{}", task.0, task.1)
}

/// A worker's number, from 1.
fn number(app: &App, worker: NodeId) -> usize {
    let place = app.workers.iter().position(|&known| known == worker);
    place.map_or(0, |place| place + 1)
}

/// `tasks 0_1 and 1_1`, `task 0_1`.
fn names(tasks: &[(u32, u32)]) -> String {
    let mut names: Vec<String> = tasks.iter().map(|&task| name(task)).collect();
    match names.pop() {
        None => "no task".into(),
        Some(only) if names.is_empty() => format!("task {only}"),
        Some(last) => format!("tasks {} and {last}", names.join(", ")),
    }
}

/// The tasks that a worker has, or had last.
fn tasks_of(moment: &Moment, worker: NodeId) -> Vec<(u32, u32)> {
    let mut last: Vec<((u32, u32), NodeId)> = Vec::new();
    for (_, happening) in moment.chronicle.entries() {
        if let Happening::TaskMoved { worker, task, .. } = *happening {
            last.retain(|(known, _)| *known != task);
            last.push((task, worker));
        }
    }
    last.sort_by_cached_key(|(task, _)| u64::from(task.0) << 32 | u64::from(task.1));
    let own = last.into_iter().filter(|(_, has)| *has == worker);
    own.map(|(task, _)| task).collect()
}

/// Records in the partitions of these tasks that the application has not committed.
fn waiting(world: &World, app: &App, tasks: &[(u32, u32)]) -> i64 {
    let partitions = tasks.iter().flat_map(|&(sub, partition)| {
        let sources = app.plan.subs[sub as usize].sources.iter();
        sources.map(move |&(topic, _)| TopicPartition::new(app.topics[topic], partition))
    });
    let lags = partitions.filter_map(|at| {
        let end = world.partition(at)?.high_watermark();
        Some((end - committed(world, App::GROUP, at)).max(0))
    });
    lags.sum()
}

/// What befell the stream tasks lately: a worker is down and missed or not, tasks moved and were
/// restored. `None` if nothing did.
#[must_use]
pub fn news(timeline: &Timeline) -> Option<Explain> {
    let (moment, now) = (timeline.moment(), timeline.now());
    let app = moment.world.app()?;
    let spec = timeline.scenario().app.as_ref()?;
    let session_timeout = Span::millis(spec.session_timeout_ms);
    down(moment, app, now, session_timeout).or_else(|| restored(moment, app, now))
}

fn down(moment: &Moment, app: &App, now: Time, session_timeout: Span) -> Option<Explain> {
    let world = &moment.world;
    let entries = moment.chronicle.entries().rev();
    let (worker, how, at) = entries.into_iter().find_map(|(stamp, what)| match *what {
        Happening::Stopped(node, how) if app.workers.contains(&node) => Some((node, how, stamp.at)),
        _ => None,
    })?;
    let tasks = tasks_of(moment, worker);
    if world.status(worker) != Status::Down || tasks.is_empty() {
        return None;
    }
    let stand = if tasks.len() == 1 { "stands" } else { "stand" };
    let waiting = waiting(world, app, &tasks);
    let records = if waiting == 1 {
        "record waits"
    } else {
        "records wait"
    };
    Some(Explain {
        heading: "Who counts now?".into(),
        now: Text::default()
            .stress(format!("Worker {} {} {} ago. ", number(app, worker), was(stopped(how)), now.since(at)))
            .say(format!(
                "Its {} {stand} still, and {waiting} {records} for what it had: the group takes it for \
                 dead when nothing was heard of it for {session_timeout} (session.timeout.ms), and \
                 shares its tasks then.",
                names(&tasks)
            )),
        hint: "Its stores died with it. Their changelogs are on the brokers.".into(),
    })
}

fn was(stopped: &str) -> String {
    match stopped {
        "lost power" => stopped.to_owned(),
        _ => format!("was {stopped}"),
    }
}

fn restored(moment: &Moment, app: &App, now: Time) -> Option<Explain> {
    let mut moved = Text::default();
    let mut told = 0;
    let recent = || {
        let entries = moment.chronicle.entries().rev();
        entries.take_while(|(stamp, _)| now.since(stamp.at) <= NEWS)
    };
    for (_, what) in recent() {
        let Happening::TaskMoved {
            worker,
            from: Some(from),
            task,
        } = *what
        else {
            continue;
        };
        told += 1;
        if told > 2 {
            continue;
        }
        moved = moved.stress(format!(
            "Task {} moved from worker {} to worker {}",
            name(task),
            number(app, from),
            number(app, worker)
        ));
        let restored = recent().find_map(|(stamp, what)| match *what {
            Happening::TaskRestored {
                worker: by,
                task: of,
                records,
                since,
            } if (by, of) == (worker, task) => Some((records, stamp.at.since(since))),
            _ => None,
        });
        let stores = &app.plan.subs[task.0 as usize].stores;
        moved = match restored {
            Some((records, took)) => moved.say(format!(
                ", which read {records} changes from its changelog in {took} before it took a record. "
            )),
            None if stores.is_empty() => moved.say(". It has no store. "),
            None if restores(&moment.world, worker, task) => {
                moved.say(", which is reading its changelog. ")
            }
            None => moved.say(". It lacked nothing of its changelog. "),
        };
    }
    if told > 2 {
        moved = moved.say(format!("{} more moved.", told - 2));
    }
    (told > 0).then(|| Explain {
        heading: "Who has the tasks now?".into(),
        now: moved,
        hint: "Whoever has a task takes again what was not committed: that is what “at least once” says."
            .into(),
    })
}

/// Whether a worker fills the stores of a task.
fn restores(world: &World, worker: NodeId, task: (u32, u32)) -> bool {
    let restores = |running: &RunningTask| {
        let of = running.task();
        (of.sub() as u32, of.partition()) == task && running.state() == TaskState::Restoring
    };
    world
        .worker(worker)
        .is_some_and(|worker| worker.tasks().iter().any(restores))
}

/// How many tasks run on how many workers.
#[must_use]
pub fn words(world: &World) -> Option<String> {
    let app = world.app()?;
    let workers = app.workers.iter().filter_map(|&node| world.worker(node));
    let counts: Vec<usize> = workers
        .map(|worker| worker.tasks().len())
        .filter(|&n| n > 0)
        .collect();
    let tasks: usize = counts.iter().sum();
    let all = app.plan.tasks().count();
    let name = &app.plan.application;
    Some(match counts.len() {
        0 => format!("No worker of {name} has a task now."),
        1 => format!("One worker has {tasks} of the {all} tasks of {name}."),
        workers => format!("{workers} workers have {tasks} of the {all} tasks of {name}."),
    })
}

/// Each task: who has it, how it stands, what it took.
#[must_use]
pub fn table(world: &World) -> Option<Table> {
    let app = world.app()?;
    let mut rows = Vec::new();
    for (n, worker) in (1..).zip(app.workers.iter().filter_map(|&node| world.worker(node))) {
        for running in worker.tasks() {
            let task = running.task();
            let state = match running.state() {
                TaskState::Restoring => "restoring",
                TaskState::Running => "running",
            };
            rows.push(vec![
                format!("{}_{}", task.sub(), task.partition()),
                format!("worker {n}"),
                state.to_owned(),
                task.taken().to_string(),
                running.buffered().to_string(),
                running.restored().to_string(),
            ]);
        }
    }
    Some(Table {
        caption: format!("Stream tasks of {}", app.plan.application),
        heads: ["task", "on", "state", "taken", "waiting", "restored"]
            .map(String::from)
            .into(),
        rows,
    })
}
