//! A list that grows at its end and may lose its beginning, and whose clones share all but its last
//! chunk.

use std::ops::Range;
use std::sync::Arc;

/// Items in a chunk: 4 KiB of batches. A checkpoint may come to cost half a chunk for each pile.
const CHUNK: usize = 128;

/// Full chunks are immutable and shared between clones, and so is the list of them until one clone
/// fills another chunk. The chunk being filled is shared too, until the first push after a clone
/// copies it: a clone costs two reference counts, and what it may later copy is bounded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pile<T> {
    /// Items before this are gone; those that are left keep their numbers.
    first: usize,
    /// The full chunks, from the one that has item `first` on.
    sealed: Arc<Vec<Arc<Vec<T>>>>,
    open: Arc<Vec<T>>,
}

impl<T> Default for Pile<T> {
    fn default() -> Self {
        Self {
            first: 0,
            sealed: Arc::default(),
            open: Arc::default(),
        }
    }
}

impl<T: Clone> Pile<T> {
    pub fn push(&mut self, item: T) {
        match Arc::get_mut(&mut self.open) {
            Some(open) => open.push(item),
            None => {
                let mut open = Vec::with_capacity((self.open.len() + 1).next_power_of_two());
                open.extend_from_slice(&self.open);
                open.push(item);
                self.open = Arc::new(open);
            }
        }
        if self.open.len() == CHUNK {
            Arc::make_mut(&mut self.sealed).push(std::mem::take(&mut self.open));
        }
    }

    /// Keeps the items numbered below `len`, which is not before the first.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        let full = len / CHUNK - self.first / CHUNK;
        if full < self.sealed.len() {
            let rest = self.sealed[full][..len % CHUNK].to_vec();
            Arc::make_mut(&mut self.sealed).truncate(full);
            self.open = Arc::new(rest);
        } else {
            self.open = Arc::new(self.open[..len % CHUNK].to_vec());
        }
    }

    /// Lets the items before the one numbered `first` go. Whole chunks are freed, once no clone has
    /// them; fewer items than a chunk holds stay in memory.
    pub fn drop_before(&mut self, first: usize) {
        let first = first.min(self.len()).max(self.first);
        let chunks = first / CHUNK - self.first / CHUNK;
        if chunks > 0 {
            Arc::make_mut(&mut self.sealed).drain(..chunks);
        }
        self.first = first;
    }

    /// The item numbered `i`, to change it; its chunk is copied first if a clone shares it.
    pub fn get_mut(&mut self, i: usize) -> Option<&mut T> {
        let place = (i / CHUNK).checked_sub(self.first / CHUNK)?;
        let chunk = if place < self.sealed.len() {
            &mut Arc::make_mut(&mut self.sealed)[place]
        } else {
            &mut self.open
        };
        Arc::make_mut(chunk).get_mut(i % CHUNK)
    }
}

impl<T> Pile<T> {
    /// The number after the last item's: how many there are, with those that are gone.
    pub fn len(&self) -> usize {
        (self.first / CHUNK + self.sealed.len()) * CHUNK + self.open.len()
    }

    /// The number of the first item that is left.
    pub fn first(&self) -> usize {
        self.first
    }

    pub fn get(&self, i: usize) -> Option<&T> {
        if !(self.first..self.len()).contains(&i) {
            return None;
        }
        let chunk = self.sealed.get(i / CHUNK - self.first / CHUNK);
        chunk.unwrap_or(&self.open).get(i % CHUNK)
    }

    /// All items.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.range(self.first..self.len())
    }

    /// The items numbered `range`, as many of them as there are.
    pub fn range(&self, range: Range<usize>) -> impl DoubleEndedIterator<Item = &T> + Clone {
        let end = range.end.min(self.len());
        (range.start.min(end)..end).filter_map(|i| self.get(i))
    }

    /// The number of the first item of `range` that does not satisfy `before`, if those that do
    /// come first; `range.end` if all do.
    pub fn partition_point(&self, range: Range<usize>, before: impl Fn(&T) -> bool) -> usize {
        let (mut low, mut high) = (range.start, range.end.min(self.len()).max(range.start));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle).is_some_and(&before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// What the next push after a clone may have to copy, in bytes, beside the items' own heap.
    pub fn unshared_bytes(&self) -> usize {
        self.open.len() * size_of::<T>() + self.sealed.len() * size_of::<Arc<Vec<T>>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_diverge_and_share_what_was_full() {
        let mut a = Pile::default();
        for i in 0..CHUNK * 2 + 7 {
            a.push(i);
        }
        let mut b = a.clone();
        a.push(1_000_000);
        b.push(2_000_000);
        b.push(3_000_000);
        assert_eq!((a.len(), b.len()), (CHUNK * 2 + 8, CHUNK * 2 + 9));
        assert_eq!(a.get(CHUNK * 2 + 7), Some(&1_000_000));
        assert_eq!(b.get(CHUNK * 2 + 7), Some(&2_000_000));
        assert_eq!(a.get(CHUNK * 2 + 8), None);
        assert!(Arc::ptr_eq(&a.sealed, &b.sealed));
        for _ in 0..CHUNK {
            a.push(0);
        }
        assert_eq!((a.sealed.len(), b.sealed.len()), (3, 2));
        assert!(Arc::ptr_eq(&a.sealed[1], &b.sealed[1]));
        assert!(a.unshared_bytes() < CHUNK * 8 + 64);
    }

    #[test]
    fn what_is_cut_off_stays_in_clones() {
        for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7] {
            let mut a = Pile::default();
            for i in 0..CHUNK * 2 + 7 {
                a.push(i);
            }
            let b = a.clone();
            a.truncate(len);
            a.push(1_000_000);
            let wanted: Vec<usize> = (0..len).chain([1_000_000]).collect();
            assert!(a.iter().eq(&wanted), "cut to {len}");
            assert_eq!(b.len(), CHUNK * 2 + 7);
        }
    }

    #[test]
    fn a_dropped_beginning_frees_its_chunks_and_leaves_the_numbers() {
        for first in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7] {
            let mut a = Pile::default();
            for i in 0..CHUNK * 2 + 7 {
                a.push(Arc::new(i));
            }
            let (b, seen) = (a.clone(), Arc::downgrade(a.get(0).expect("it is there")));
            a.drop_before(first);
            assert_eq!((a.first(), a.len()), (first, CHUNK * 2 + 7));
            assert!(a.iter().map(|i| **i).eq(first..CHUNK * 2 + 7), "{first}");
            assert_eq!(first.checked_sub(1).and_then(|i| a.get(i)), None);
            assert_eq!(b.iter().count(), CHUNK * 2 + 7, "a clone keeps them");
            drop(b);
            assert_eq!(seen.upgrade().is_none(), first >= CHUNK, "{first}");
            a.truncate(first.max(CHUNK + 3));
            for i in a.len()..4 * CHUNK {
                a.push(Arc::new(i));
            }
            assert!(a.iter().map(|i| **i).eq(first..4 * CHUNK), "{first}");
            assert_eq!(a.get_mut(4 * CHUNK - 1).map(|i| **i), Some(4 * CHUNK - 1));
            a.drop_before(4 * CHUNK);
            a.push(Arc::new(7));
            assert!(a.iter().map(|i| **i).eq([7]));
        }
    }

    #[test]
    fn items_are_found_by_number_and_by_order() {
        let mut pile = Pile::default();
        for i in 0..CHUNK + 100 {
            pile.push(i * 2);
        }
        for i in [0, 1, CHUNK - 1, CHUNK, CHUNK + 99] {
            assert_eq!(pile.get(i), Some(&(i * 2)));
            assert_eq!(pile.partition_point(0..pile.len(), |&n| n < i * 2), i);
        }
        assert_eq!(pile.get(CHUNK + 100), None);
        assert_eq!(pile.partition_point(3..7, |_| true), 7);
        assert_eq!(pile.partition_point(3..7, |_| false), 3);
        assert!(
            pile.range(CHUNK - 1..CHUNK + 1)
                .eq(&[CHUNK * 2 - 2, CHUNK * 2])
        );
    }
}
