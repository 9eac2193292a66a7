//! Work on all cores in the order in which it came: a source of units, workers, and a sink that gets
//! what was made of each unit, first come first. What the units are is left to others.
//!
//! So many units and bytes are in flight at a time, from the source to the sink, and no more: if the
//! first of them takes long the source waits. The source has a thread of its own, so that a reader
//! that waits for its input keeps nobody from ending.

use super::stop::Stop;
use anyhow::{Error, Result, anyhow};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Units in flight for each worker: one that is worked on, and some that wait for it or for others.
const UNITS: usize = 4;
/// Bytes in flight for each worker; a single unit may be larger.
const BYTES: usize = 8 * 1024 * 1024;
/// The stack of a worker: that of a program's first thread.
const STACK: usize = 8 * 1024 * 1024;

/// What workers do.
pub(crate) trait Job: Sync {
    /// What the source gives.
    type Unit: Send + 'static;
    /// What comes of it.
    type Done: Send + 'static;
    /// What a worker keeps from unit to unit.
    type Worker;

    /// Bytes that a unit takes in memory.
    fn size(unit: &Self::Unit) -> usize;

    /// Whether a unit is not whole without the next: nobody stops between them.
    fn is_open(_: &Self::Unit) -> bool {
        false
    }

    /// A new worker.
    fn worker(&self) -> Self::Worker;

    /// Does a unit.
    fn work(&self, worker: &mut Self::Worker, unit: Self::Unit) -> Self::Done;
}

/// Whether the sink wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    On,
    Enough,
}

/// How the work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Everything that the source had is done.
    All,
    /// The sink has had enough.
    Enough,
    /// Somebody asked to stop. What went to the sink is the beginning of it all.
    Stopped,
}

/// A unit that nobody has taken yet.
struct Pending<U> {
    number: u64,
    size: usize,
    is_open: bool,
    unit: U,
}

struct State<U, D> {
    /// In the order of their numbers.
    pending: VecDeque<Pending<U>>,
    /// What waits for its turn.
    done: BTreeMap<u64, (usize, D)>,
    /// Units that came from the source, and that went to the sink.
    came: u64,
    went: u64,
    bytes: usize,
    /// Units being worked on.
    working: usize,
    /// The source has ended, perhaps with an error.
    ended: Option<Result<()>>,
    /// The last unit that came, and the last that was taken, are not whole without the next.
    came_open: bool,
    taken_open: bool,
    /// No more is to be taken than what makes the last whole.
    stopped: bool,
    /// No more is to be taken.
    halted: bool,
    /// A worker did not come back.
    lost: bool,
}

struct Shared<U, D> {
    state: Mutex<State<U, D>>,
    /// There is room for another unit.
    room: Condvar,
    /// There is a unit to take, or there will be no more.
    work: Condvar,
    /// Something has changed for the sink.
    turn: Condvar,
    units: usize,
    max_bytes: usize,
}

impl<U, D> Shared<U, D> {
    fn new(threads: usize) -> Self {
        Shared {
            state: Mutex::new(State {
                pending: VecDeque::new(),
                done: BTreeMap::new(),
                came: 0,
                went: 0,
                bytes: 0,
                working: 0,
                ended: None,
                came_open: false,
                taken_open: false,
                stopped: false,
                halted: false,
                lost: false,
            }),
            room: Condvar::new(),
            work: Condvar::new(),
            turn: Condvar::new(),
            units: threads.saturating_mul(UNITS),
            max_bytes: threads.saturating_mul(BYTES),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<U, D>> {
        // Nothing that can panic is done behind this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(
        condition: &Condvar,
        state: MutexGuard<'a, State<U, D>>,
    ) -> MutexGuard<'a, State<U, D>> {
        condition
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn halt(&self) {
        self.lock().halted = true;
        self.wake();
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.wake();
    }

    fn wake(&self) {
        self.room.notify_all();
        self.work.notify_all();
        self.turn.notify_all();
    }

    /// Takes a unit in, when there is room; false if no more is wanted.
    fn push(&self, size: usize, is_open: bool, unit: U) -> bool {
        let mut state = self.lock();
        loop {
            if state.halted || (state.stopped && !state.came_open) {
                return false;
            }
            let flying = (state.came - state.went) as usize;
            if flying == 0 || (flying < self.units && state.bytes + size <= self.max_bytes) {
                break;
            }
            state = Self::wait(&self.room, state);
        }
        let number = state.came;
        state.came += 1;
        state.bytes += size;
        state.came_open = is_open;
        state.pending.push_back(Pending {
            number,
            size,
            is_open,
            unit,
        });
        self.work.notify_one();
        true
    }

    /// The next unit, when there is one; `None` if there will be no more.
    fn take(&self) -> Option<(u64, usize, U)> {
        let mut state = self.lock();
        loop {
            if state.halted || (state.stopped && !state.taken_open) {
                return None;
            }
            if let Some(next) = state.pending.pop_front() {
                state.working += 1;
                state.taken_open = next.is_open;
                return Some((next.number, next.size, next.unit));
            }
            if state.ended.is_some() {
                return None;
            }
            state = Self::wait(&self.work, state);
        }
    }

    fn put(&self, number: u64, size: usize, done: D) {
        let mut state = self.lock();
        state.working -= 1;
        state.done.insert(number, (size, done));
        self.turn.notify_one();
    }

    /// What is next in order, when it is done; `None` if there will be no more. Makes room for others.
    fn next(&self) -> Option<D> {
        let mut state = self.lock();
        loop {
            let turn = state.went;
            if let Some((size, done)) = state.done.remove(&turn) {
                state.went += 1;
                state.bytes -= size;
                self.room.notify_one();
                return Some(done);
            }
            let all = state.ended.is_some() && state.went == state.came;
            let stopped = state.halted || (state.stopped && !state.taken_open);
            if all || state.lost || (stopped && state.working == 0) {
                return None;
            }
            state = Self::wait(&self.turn, state);
        }
    }

    /// How it all ended, once there will be no more.
    fn end(&self) -> Result<End> {
        let mut state = self.lock();
        if state.lost {
            return Err(anyhow!("a worker was lost"));
        }
        if state.halted || state.stopped {
            return Ok(End::Stopped);
        }
        state.ended.take().unwrap_or(Ok(())).map(|()| End::All)
    }
}

/// Tells that the source has ended, if it panics too.
struct Reader<U, D>(Arc<Shared<U, D>>);

impl<U, D> Reader<U, D> {
    fn end(&self, result: Result<()>) {
        self.0.lock().ended.get_or_insert(result);
        self.0.work.notify_all();
        self.0.turn.notify_all();
    }
}

impl<U, D> Drop for Reader<U, D> {
    fn drop(&mut self) {
        self.end(Err(anyhow!("reading broke off")));
    }
}

/// Tells that a worker is gone, if it panicked.
struct Watch<'a, U, D>(&'a Shared<U, D>);

impl<U, D> Drop for Watch<'_, U, D> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().lost = true;
            self.0.halt();
        }
    }
}

/// Halts when the sink is left, in whatever way, so that nobody waits for it.
struct Halt<'a, U, D>(&'a Shared<U, D>);

impl<U, D> Drop for Halt<'_, U, D> {
    fn drop(&mut self) {
        self.0.halt();
    }
}

/// Does all that `source` gives with so many workers, and hands what comes of it to `sink` in the
/// order of the source. With one thread the sink's does the work.
///
/// # Errors
///
/// Those of the sink, at once; those of the source, after what it gave before is done.
pub(crate) fn run<J: Job>(
    job: &J,
    threads: usize,
    stop: &Stop,
    mut source: impl FnMut() -> Result<Option<J::Unit>> + Send + 'static,
    sink: impl FnMut(J::Done) -> Result<Flow>,
) -> Result<End> {
    let shared = Arc::new(Shared::new(threads));
    let _awake = stop.awake({
        let shared = Arc::clone(&shared);
        move || shared.stop()
    });
    // Not one of the scope's: it may wait for input when everybody else has gone.
    let reader = Reader(Arc::clone(&shared));
    thread::Builder::new().spawn(move || {
        let result = loop {
            match source() {
                Ok(Some(unit)) => {
                    let (size, is_open) = (J::size(&unit), J::is_open(&unit));
                    if !reader.0.push(size, is_open, unit) {
                        break Ok(());
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        reader.end(result);
    })?;
    let next = || shared.next();
    if threads <= 1 {
        let mut worker = job.worker();
        let _halt = Halt(&shared);
        let next = || {
            let (number, size, unit) = shared.take()?;
            shared.put(number, size, job.work(&mut worker, unit));
            shared.next()
        };
        return drain(next, sink, &shared);
    }
    thread::scope(|scope| {
        let _halt = Halt(&shared);
        for _ in 0..threads {
            thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, || {
                    let _watch = Watch(&shared);
                    let mut worker = job.worker();
                    while let Some((number, size, unit)) = shared.take() {
                        shared.put(number, size, job.work(&mut worker, unit));
                    }
                })?;
        }
        drain(next, sink, &shared)
    })
}

fn drain<U, D>(
    mut next: impl FnMut() -> Option<D>,
    mut sink: impl FnMut(D) -> Result<Flow>,
    shared: &Shared<U, D>,
) -> Result<End, Error> {
    while let Some(done) = next() {
        if sink(done)? == Flow::Enough {
            return Ok(End::Enough);
        }
    }
    shared.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    /// Takes longest for the first of eight.
    struct Slow;

    impl Job for Slow {
        type Unit = u64;
        type Done = u64;
        type Worker = ();

        fn size(_: &u64) -> usize {
            1
        }

        fn worker(&self) {}

        fn work(&self, (): &mut (), unit: u64) -> u64 {
            if unit.is_multiple_of(8) {
                thread::sleep(Duration::from_millis(3));
            }
            assert_ne!(unit, 1000, "a unit that nobody survives");
            unit * 2
        }
    }

    fn count_to(n: u64) -> impl FnMut() -> Result<Option<u64>> + Send {
        let mut i = 0;
        move || {
            i += 1;
            Ok((i <= n).then_some(i))
        }
    }

    #[test]
    fn order_is_kept_by_any_number_of_threads() -> Result<()> {
        for threads in [1, 2, 3, 16] {
            let mut got = Vec::new();
            let end = run(&Slow, threads, &Stop::default(), count_to(100), |done| {
                got.push(done);
                Ok(Flow::On)
            })?;
            assert_eq!(end, End::All);
            assert_eq!(got, (1..=100).map(|i| i * 2).collect::<Vec<_>>());
        }
        Ok(())
    }

    #[test]
    fn nothing_comes_of_nothing() -> Result<()> {
        for threads in [1, 2] {
            let end = run(&Slow, threads, &Stop::default(), count_to(0), |_| {
                panic!("nothing was done")
            })?;
            assert_eq!(end, End::All);
        }
        Ok(())
    }

    /// Units of 3 MiB, of which 16 MiB may be in flight.
    struct Large;

    impl Job for Large {
        type Unit = u64;
        type Done = u64;
        type Worker = ();

        fn size(_: &u64) -> usize {
            3 * 1024 * 1024
        }

        fn worker(&self) {}

        fn work(&self, (): &mut (), unit: u64) -> u64 {
            if unit == 1 {
                thread::sleep(Duration::from_millis(50));
            }
            unit
        }
    }

    #[test]
    fn so_many_are_in_flight_and_no_more() -> Result<()> {
        fn most<J: Job<Unit = u64, Done = u64>>(job: &J) -> Result<usize> {
            let flying = Arc::new(AtomicUsize::new(0));
            let most = Arc::new(AtomicUsize::new(0));
            let mut count = count_to(60);
            let source = {
                let (flying, most) = (Arc::clone(&flying), Arc::clone(&most));
                move || {
                    let unit = count()?;
                    if unit.is_some() {
                        let now = flying.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                    }
                    Ok(unit)
                }
            };
            run(job, 2, &Stop::default(), source, |_| {
                flying.fetch_sub(1, Ordering::SeqCst);
                Ok(Flow::On)
            })?;
            Ok(most.load(Ordering::SeqCst))
        }
        // One more is in the source's hands, one in the sink's.
        assert!((3..=5 + 2).contains(&most(&Large)?));
        assert!((3..=2 * UNITS + 2).contains(&most(&Slow)?));
        Ok(())
    }

    #[test]
    fn errors_come_behind_what_was_before_them() {
        for threads in [1, 3] {
            let mut count = count_to(10);
            let source = move || match count()? {
                None => Err(anyhow!("no more to read")),
                some => Ok(some),
            };
            let mut got = 0;
            let error = run(&Slow, threads, &Stop::default(), source, |_| {
                got += 1;
                Ok(Flow::On)
            })
            .unwrap_err();
            assert_eq!((got, error.to_string().as_str()), (10, "no more to read"));
        }
    }

    #[test]
    fn the_sink_ends_it() -> Result<()> {
        for threads in [1, 3] {
            let mut got = 0;
            let end = run(&Slow, threads, &Stop::default(), count_to(u64::MAX), |_| {
                got += 1;
                Ok(if got == 5 { Flow::Enough } else { Flow::On })
            })?;
            assert_eq!((got, end), (5, End::Enough));
            let end = run(&Slow, threads, &Stop::default(), count_to(u64::MAX), |_| {
                Err(anyhow!("full"))
            });
            assert_eq!(end.unwrap_err().to_string(), "full");
        }
        Ok(())
    }

    #[test]
    fn a_reader_that_waits_does_not_keep_it_from_stopping() -> Result<()> {
        for threads in [1, 3] {
            let stop = Stop::default();
            let (keep_open, wait) = mpsc::channel::<()>();
            let mut count = count_to(20);
            let source = move || match count()? {
                None => wait.recv().map(|()| None).map_err(Error::from),
                some => Ok(some),
            };
            let mut got = Vec::new();
            let end = run(&Slow, threads, &stop, source, |done| {
                got.push(done);
                if got.len() == 20 {
                    let stop = stop.clone();
                    thread::spawn(move || {
                        thread::sleep(Duration::from_millis(20));
                        stop.request();
                    });
                }
                Ok(Flow::On)
            })?;
            assert_eq!((got.len(), end), (20, End::Stopped));
            drop(keep_open);
        }
        Ok(())
    }

    #[test]
    fn what_is_done_when_it_stops_is_the_beginning() -> Result<()> {
        for threads in [1, 4] {
            let stop = Stop::default();
            let mut got = Vec::new();
            let end = run(&Slow, threads, &stop, count_to(u64::MAX), |done| {
                got.push(done);
                if got.len() == 30 {
                    stop.request();
                }
                Ok(Flow::On)
            })?;
            assert_eq!(end, End::Stopped);
            let beginning: Vec<u64> = (1..=got.len() as u64).map(|i| i * 2).collect();
            assert_eq!(got, beginning);
        }
        Ok(())
    }

    /// Units that belong together by tens.
    struct Tens;

    impl Job for Tens {
        type Unit = u64;
        type Done = u64;
        type Worker = ();

        fn size(_: &u64) -> usize {
            1
        }

        fn is_open(unit: &u64) -> bool {
            !unit.is_multiple_of(10)
        }

        fn worker(&self) {}

        fn work(&self, (): &mut (), unit: u64) -> u64 {
            unit
        }
    }

    #[test]
    fn what_belongs_together_is_finished_before_it_stops() -> Result<()> {
        for threads in [1, 4] {
            for at in 25..35 {
                let stop = Stop::default();
                let mut got = Vec::new();
                let end = run(&Tens, threads, &stop, count_to(u64::MAX), |done| {
                    got.push(done);
                    if done == at {
                        stop.request();
                    }
                    Ok(Flow::On)
                })?;
                assert_eq!(end, End::Stopped);
                let last = got.last().copied().unwrap_or_default();
                assert!(last >= at && last.is_multiple_of(10), "{last}");
                assert_eq!(got, (1..=last).collect::<Vec<_>>());
            }
            // Where the source breaks off nobody waits for the rest.
            let stop = Stop::default();
            let mut count = count_to(25);
            let source = move || match count()? {
                None => Err(anyhow!("no more to read")),
                some => Ok(some),
            };
            let end = run(&Tens, threads, &stop, source, |done| {
                if done == 23 {
                    stop.request();
                }
                Ok(Flow::On)
            });
            assert!(matches!(end, Ok(End::Stopped)));
        }
        Ok(())
    }

    #[test]
    fn a_lost_worker_is_told() {
        let end = thread::spawn(|| {
            run(&Slow, 2, &Stop::default(), count_to(5000), |_| Ok(Flow::On)).map_err(drop)
        });
        // The scope hands the panic on; nobody waits for ever.
        assert!(!matches!(end.join(), Ok(Ok(_))));
    }
}
