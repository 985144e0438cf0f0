//! The serving layers: Lambda's adds a batch view and what the speed layer has beyond it, Kappa's
//! gives one of two views.
//!
//! Views are in a database: they outlive the process that answers.

use super::{Architecture, LayersSpec};
use crate::id::NodeId;
use crate::protocol::{Body, Fact, Input, LayerStep, LayersMessage, Out};
use crate::social::{Answer, Rows, View, off_ppm};
use crate::time::{EVENT_EPOCH_MS, Time};
use std::sync::Arc;

/// A view of a batch run or a job.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The number of the run or the version of the job.
    pub number: u32,
    /// Up to which offsets it counts; a job's view goes as far as it has read.
    pub ends: Arc<[i64]>,
    /// The counts.
    pub view: Arc<View>,
    /// The latest event time its maker has seen, in milliseconds since the Unix epoch.
    pub newest_ms: i64,
    /// Whether its maker has had everything there was.
    pub caught_up: bool,
    /// Whether it, or some of it, was counted with the bug.
    pub bug: bool,
}

/// What is served.
#[derive(Clone, Debug)]
pub enum Side {
    /// A batch view and what is beyond it.
    Lambda {
        /// The view, once there is one.
        batch: Option<Kept>,
        /// What the speed layer has, and the latest event time it has seen.
        speed: Option<(Rows, i64)>,
        /// Who that is, once it was heard of.
        told_by: Option<NodeId>,
    },
    /// One of two views.
    Kappa {
        /// By slot.
        views: [Option<Kept>; 2],
        /// Which is served.
        served: u8,
        /// Versions whose views went: what is still on its way of them comes to nothing.
        gone: Vec<u32>,
    },
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Serving {
    node: NodeId,
    set: Arc<LayersSpec>,
    side: Side,
    /// How far what was served was from the last batch view for the same records, in parts per
    /// million.
    disagreement: Option<u32>,
}

impl Serving {
    /// The serving layer of an architecture, with nothing to serve yet.
    #[must_use]
    pub fn new(node: NodeId, set: Arc<LayersSpec>, of: Architecture) -> Self {
        let side = match of {
            Architecture::Lambda => Side::Lambda {
                batch: None,
                speed: None,
                told_by: None,
            },
            Architecture::Kappa => Side::Kappa {
                views: [None, None],
                served: 0,
                gone: Vec::new(),
            },
        };
        Self {
            node,
            set,
            side,
            disagreement: None,
        }
    }

    /// What it serves.
    #[must_use]
    pub fn side(&self) -> &Side {
        &self.side
    }

    /// How far batch and speed were apart when the last batch view came, in parts per million.
    #[must_use]
    pub fn disagreement(&self) -> Option<u32> {
        self.disagreement
    }

    /// The settings changed.
    pub fn set(&mut self, set: &Arc<LayersSpec>) {
        self.set = Arc::clone(set);
    }

    /// What it answers to both questions; `None` before it has anything.
    #[must_use]
    pub fn answer(&self, now_ms: i64) -> Option<Answer> {
        match &self.side {
            Side::Lambda {
                batch: None, speed, ..
            } => {
                let (rows, _) = speed.as_ref()?;
                let mut answer = Answer::default();
                rows.add_to(&mut answer, now_ms, &[], None);
                Some(answer)
            }
            Side::Lambda {
                batch: Some(batch),
                speed,
                ..
            } => {
                let mut answer = batch.view.answer(now_ms);
                if let Some((rows, _)) = speed {
                    rows.add_to(&mut answer, now_ms, &batch.ends, None);
                }
                Some(answer)
            }
            Side::Kappa { .. } => Some(self.served()?.view.answer(now_ms)),
        }
    }

    /// The latest event time that the answer knows of; 0 before it has anything.
    #[must_use]
    pub fn newest_ms(&self) -> i64 {
        match &self.side {
            Side::Lambda { batch, speed, .. } => {
                let batch = batch.as_ref().map_or(0, |batch| batch.newest_ms);
                batch.max(speed.as_ref().map_or(0, |(_, newest)| *newest))
            }
            Side::Kappa { .. } => self.served().map_or(0, |kept| kept.newest_ms),
        }
    }

    /// Of Kappa, the view that is served.
    #[must_use]
    pub fn served(&self) -> Option<&Kept> {
        match &self.side {
            Side::Kappa { views, served, .. } => views[usize::from(*served)].as_ref(),
            Side::Lambda { batch, .. } => batch.as_ref(),
        }
    }

    /// How many numbers its views have, the rows of a speed layer among them.
    #[must_use]
    pub fn cells(&self) -> u64 {
        match &self.side {
            Side::Lambda { batch, speed, .. } => {
                let batch = batch.as_ref().map_or(0, |batch| batch.view.cells());
                batch + speed.as_ref().map_or(0, |(rows, _)| rows.len() as u64)
            }
            Side::Kappa { views, .. } => views.iter().flatten().map(|k| k.view.cells()).sum(),
        }
    }

    /// Serves the view in this slot from now on.
    pub fn switch_to(&mut self, slot: u8, out: &mut Out) {
        if let Side::Kappa { views, served, .. } = &mut self.side {
            *served = slot;
            let version = views[usize::from(slot)].as_ref().map_or(0, |v| v.number);
            let (node, step) = (self.node, LayerStep::Serves(version));
            out.tell(Fact::Layer { node, step });
        }
    }

    /// The view of this version, whose place is this slot, goes.
    pub fn forget(&mut self, slot: u8, version: u32) {
        if let Side::Kappa { views, gone, .. } = &mut self.side {
            views[usize::from(slot)] = None;
            gone.push(version);
        }
    }

    /// One step.
    pub fn handle(&mut self, _now: Time, input: Input, out: &mut Out) {
        match input {
            Input::Stop => out.exit(),
            Input::Message {
                from,
                body: Body::Layers(message),
            } => self.take(from, message, out),
            _ => {}
        }
    }

    fn take(&mut self, from: NodeId, message: LayersMessage, out: &mut Out) {
        match (message, &mut self.side) {
            (
                LayersMessage::BatchView {
                    run,
                    ends,
                    view,
                    bug,
                },
                Side::Lambda { batch, .. },
            ) => {
                if batch.as_ref().is_some_and(|batch| batch.number >= run) {
                    return;
                }
                let kept = Kept {
                    number: run,
                    newest_ms: view.newest_ms,
                    ends,
                    view,
                    caught_up: true,
                    bug,
                };
                self.compare_with(&kept);
                if let Side::Lambda { batch, told_by, .. } = &mut self.side {
                    if let Some(speed) = *told_by {
                        let ends = Arc::clone(&kept.ends);
                        out.send(speed, LayersMessage::Covered { ends }.into());
                    }
                    *batch = Some(kept);
                }
                let (node, step) = (self.node, LayerStep::Serves(run));
                out.tell(Fact::Layer { node, step });
            }
            (
                LayersMessage::SpeedView { rows, newest_ms },
                Side::Lambda {
                    batch,
                    speed,
                    told_by,
                },
            ) => {
                *speed = Some((rows, newest_ms));
                *told_by = Some(from);
                if let Some(batch) = batch {
                    let ends = Arc::clone(&batch.ends);
                    out.send(from, LayersMessage::Covered { ends }.into());
                }
            }
            (
                LayersMessage::JobView {
                    slot,
                    version,
                    view,
                    newest_ms,
                    caught_up,
                    bug,
                },
                Side::Kappa {
                    views,
                    served,
                    gone,
                },
            ) => {
                if gone.contains(&version) {
                    return;
                }
                let mine = &mut views[usize::from(slot)];
                let first = caught_up && mine.as_ref().is_none_or(|kept| !kept.caught_up);
                *mine = Some(Kept {
                    number: version,
                    ends: Arc::from([]),
                    view,
                    newest_ms,
                    caught_up,
                    bug,
                });
                if first && *served != slot && self.set.auto_cut_over {
                    self.switch_to(slot, out);
                }
            }
            _ => {}
        }
    }

    /// What a new batch view says of its last hour, against what was served until now of the same
    /// records.
    fn compare_with(&mut self, new: &Kept) {
        let Side::Lambda {
            batch,
            speed: Some((rows, _)),
            ..
        } = &self.side
        else {
            return;
        };
        if new.newest_ms < EVENT_EPOCH_MS {
            return;
        }
        let at = new.newest_ms;
        let mut streamed = batch
            .as_ref()
            .map_or_else(Answer::default, |b| b.view.answer(at));
        let from = batch.as_ref().map_or(&[][..], |batch| &batch.ends[..]);
        rows.add_to(&mut streamed, at, from, Some(&new.ends));
        let batch = new.view.answer(at);
        self.disagreement = Some(off_ppm(&batch.mentions, &streamed.mentions));
    }
}
