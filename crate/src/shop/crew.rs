//! The workers of a shop or of a service: each has at most one job in hand, and the settings say
//! how many there are.

/// Workers, by their number.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Crew<T> {
    jobs: Vec<Option<T>>,
}

impl<T> Default for Crew<T> {
    fn default() -> Self {
        Self { jobs: Vec::new() }
    }
}

impl<T> Crew<T> {
    /// What each has in hand.
    pub(super) fn jobs(&self) -> &[Option<T>] {
        &self.jobs
    }

    /// What this one has in hand.
    pub(super) fn job(&mut self, worker: u32) -> Option<&mut T> {
        self.jobs.get_mut(worker as usize)?.as_mut()
    }

    /// This one is done: returns what it had in hand.
    pub(super) fn take(&mut self, worker: u32) -> Option<T> {
        self.jobs.get_mut(worker as usize)?.take()
    }

    /// Those whose job is such are done with it.
    pub(super) fn release(&mut self, is_done: impl Fn(&T) -> bool) {
        for job in &mut self.jobs {
            if job.as_ref().is_some_and(&is_done) {
                *job = None;
            }
        }
    }

    /// Nobody is left, and what they had in hand is gone.
    pub(super) fn clear(&mut self) {
        self.jobs.clear();
    }

    /// Whether nobody has anything in hand.
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.iter().all(Option::is_none)
    }

    /// Has so many workers from now on, and gives the idle ones a job each, the first first, while
    /// there is a `next` one for the worker of that number. Those that are too many go home when
    /// they are done.
    pub(super) fn assign(&mut self, wanted: u32, mut next: impl FnMut(u32) -> Option<T>) {
        let size = self.jobs.len().max(wanted as usize);
        self.jobs.resize_with(size, || None);
        for (worker, job) in (0..wanted).zip(&mut self.jobs) {
            if job.is_none() {
                *job = next(worker);
            }
            if job.is_none() {
                break;
            }
        }
        while self.jobs.len() > wanted as usize && matches!(self.jobs.last(), Some(None)) {
            self.jobs.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_idle_worker_gets_the_next_job_and_the_last_go_home_when_done() {
        let mut queue = 1..;
        let mut crew = Crew::default();
        crew.assign(3, |_| queue.next());
        assert_eq!(crew.jobs(), [Some(1), Some(2), Some(3)]);
        assert_eq!(crew.take(1), Some(2));
        // One too many is still at work; the idle one in between is not given anything.
        crew.assign(1, |_| queue.next());
        assert_eq!(crew.jobs(), [Some(1), None, Some(3)]);
        crew.release(|&job| job == 3);
        crew.assign(1, |_| queue.next());
        assert_eq!(crew.jobs(), [Some(1)]);
        crew.assign(2, |worker| (worker == 1).then_some(9));
        assert_eq!(crew.jobs(), [Some(1), Some(9)]);
        assert_eq!((crew.take(7), crew.is_idle()), (None, false));
        crew.clear();
        assert!(crew.is_idle());
    }
}
