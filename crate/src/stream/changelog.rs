//! An operator's state as a changelog keeps it: by key, the newest entry counts, none takes the key
//! away. From it, the watermark and the settings an operator comes back as it was, timers and all.
//! (Kafka Streams logs each window for itself; here an entry is all of a key.)

use super::Key;
use super::operator::{Keyed, Operator};
use super::pane::Pane;
use serde::{Deserialize, Serialize};

/// What an operator keeps of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyState {
    panes: Vec<Pane>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent: Vec<(i64, i64)>,
}

impl KeyState {
    /// Its windows, in order of their starts.
    #[must_use]
    pub fn panes(&self) -> &[Pane] {
        &self.panes
    }
}

impl Operator {
    /// What changed since this was last called: each key once, with what is kept of it now.
    pub fn take_changes(&mut self) -> Vec<(Key, Option<KeyState>)> {
        let changed = std::mem::take(&mut self.changed);
        let changes = changed.into_iter().map(|key| {
            let keyed = &mut self.keys[key as usize];
            keyed.changed = false;
            let state = KeyState {
                panes: keyed.panes.clone(),
                recent: keyed.recent.clone(),
            };
            let is_empty = state.panes.is_empty() && state.recent.is_empty();
            (key, (!is_empty).then_some(state))
        });
        changes.collect()
    }

    /// An operator with the settings of this one, as it was when the last of `changes` was taken, with
    /// the watermark where it was then.
    #[must_use]
    pub fn restored(
        &self,
        changes: impl IntoIterator<Item = (Key, Option<KeyState>)>,
        watermark: i64,
    ) -> Self {
        let mut operator = Self::new(
            self.windows.clone(),
            self.aggregate,
            self.rules,
            self.trigger,
            self.mode,
        );
        operator.watermark = watermark;
        for (key, state) in changes {
            operator.restore(key, state);
        }
        operator
    }

    /// The key is as its newest entry says, whatever it was before. The watermark stays; see
    /// [`Operator::watermark_ahead`].
    pub fn restore(&mut self, key: Key, state: Option<KeyState>) {
        let place = key as usize;
        if place >= self.keys.len() {
            self.keys.resize_with(place + 1, Keyed::default);
        }
        let state = state.unwrap_or_default();
        let keyed = &mut self.keys[place];
        (keyed.panes, keyed.recent) = (state.panes, state.recent);
        for at in 0..self.keys[place].panes.len() {
            self.arm_again(key, at);
        }
    }

    /// Notes that a key is not as it was.
    #[inline]
    pub(super) fn touch(&mut self, key: Key) {
        let keyed = &mut self.keys[key as usize];
        if !keyed.changed {
            keyed.changed = true;
            self.changed.push(key);
        }
    }
}
