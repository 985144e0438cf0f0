//! The one event queue: by time, ties in the order pushed.

use crate::time::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A heap of slim keys over a slab of payloads, so that sifting moves 24 bytes whatever an event
/// holds.
#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<(Time, u64, u32)>>,
    slots: Vec<Option<E>>,
    free: Vec<u32>,
    pushed: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self {
            heap: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            pushed: 0,
        }
    }
}

impl<E> Queue<E> {
    /// Puts `event` at `at`, after everything already there at that time.
    pub fn push(&mut self, at: Time, event: E) {
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(event);
            slot
        } else {
            self.slots.push(Some(event));
            (self.slots.len() - 1) as u32
        };
        self.heap.push(Reverse((at, self.pushed, slot)));
        self.pushed += 1;
    }

    /// Takes the earliest event: its time, its sequence number, and itself.
    pub fn pop(&mut self) -> Option<(Time, u64, E)> {
        let Reverse((at, seq, slot)) = self.heap.pop()?;
        let event = self.slots[slot as usize]
            .take()
            .expect("a key in the heap owns its slot");
        self.free.push(slot);
        Some((at, seq, event))
    }

    /// Takes an event out of its turn. As slow as the queue is long.
    pub fn take(&mut self, wanted: impl Fn(&E) -> bool) -> Option<E> {
        let is_it = |event: &Option<E>| event.as_ref().is_some_and(&wanted);
        let place = self.slots.iter().position(is_it)?;
        let event = self.slots[place].take();
        let slot = place as u32;
        self.heap.retain(|Reverse((.., key))| *key != slot);
        self.free.push(slot);
        event
    }

    /// When the earliest event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// Everything pending, in no order that means anything.
    pub fn pending(&self) -> impl Iterator<Item = &E> {
        self.slots.iter().flatten()
    }

    /// How many events are pending.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Salt};

    #[test]
    fn pops_by_time_and_ties_in_the_order_pushed() {
        let mut queue = Queue::default();
        let mut rng = Rng::new(5, Salt::Network, 0);
        let mut model = Vec::new();
        for n in 0..2_000u64 {
            let at = Time(rng.below(50));
            queue.push(at, n);
            model.push((at, n));
            if rng.chance(0.4) {
                model.sort_unstable();
                let (at, seq, event) = queue.pop().unwrap();
                assert_eq!((at, event), model.remove(0));
                assert_eq!(seq, event);
            }
        }
        assert_eq!(queue.len(), model.len());
        assert!(queue.slots.len() < 2_000, "freed slots are used again");
    }

    #[test]
    fn what_is_taken_out_of_its_turn_leaves_the_order_of_the_rest() {
        let mut queue = Queue::default();
        for n in 0..100u64 {
            queue.push(Time(n * 7 % 10), n);
        }
        assert_eq!(queue.take(|&n| n == 42), Some(42));
        assert_eq!(queue.take(|&n| n == 42), None);
        queue.push(Time(3), 100);
        let mut rest: Vec<(u64, u64)> = (0..100)
            .filter(|&n| n != 42)
            .map(|n| (n * 7 % 10, n))
            .collect();
        rest.push((3, 100));
        rest.sort_unstable();
        let popped = std::iter::from_fn(|| queue.pop().map(|(at, _, n)| (at.0, n)));
        assert_eq!(popped.collect::<Vec<_>>(), rest);
    }
}
