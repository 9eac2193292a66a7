//! Ctrl-C, and being asked to end by the system: what is being done is finished, nothing new is begun.
//! Who is asked twice ends at once.

use anyhow::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type Waker = Box<dyn Fn() + Send>;

#[derive(Default)]
struct Inner {
    requested: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// Whether somebody wants the work to stop.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<Inner>);

impl Stop {
    /// Listens to the signals of this process from now on. Where there are no such signals, Ctrl-C ends
    /// the process.
    ///
    /// # Errors
    ///
    /// The system does not let it.
    pub(crate) fn on_signal() -> Result<Stop> {
        let stop = Stop::default();
        #[cfg(unix)]
        {
            use signal_hook::consts::{SIGINT, SIGTERM};
            let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
            let stop = stop.clone();
            std::thread::Builder::new().spawn(move || {
                for signal in &mut signals {
                    if stop.is_requested() {
                        // Does what the signal does to those who do not listen.
                        let _ = signal_hook::low_level::emulate_default_handler(signal);
                    }
                    stop.request();
                }
            })?;
        }
        Ok(stop)
    }

    /// Asks the work to stop.
    pub(crate) fn request(&self) {
        self.0.requested.store(true, Ordering::SeqCst);
        if let Some(wake) = &*self.waker() {
            wake();
        }
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::SeqCst)
    }

    /// Has `wake` called when somebody asks, at once if somebody has, until what comes back is dropped.
    /// There is one at a time.
    pub(crate) fn awake(&self, wake: impl Fn() + Send + 'static) -> Awake<'_> {
        let mut waker = self.waker();
        if self.is_requested() {
            wake();
        }
        *waker = Some(Box::new(wake));
        Awake(self)
    }

    fn waker(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.0.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody is being woken by a [`Stop`].
pub(crate) struct Awake<'a>(&'a Stop);

impl Drop for Awake<'_> {
    fn drop(&mut self) {
        *self.0.waker() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn who_listens_is_woken() {
        let (stop, woken) = (Stop::default(), Arc::new(AtomicU32::new(0)));
        let wake = || {
            let woken = Arc::clone(&woken);
            move || {
                woken.fetch_add(1, Ordering::SeqCst);
            }
        };
        let awake = stop.awake(wake());
        assert_eq!(woken.load(Ordering::SeqCst), 0);
        stop.request();
        assert_eq!(woken.load(Ordering::SeqCst), 1);
        drop(awake);
        stop.request();
        assert_eq!(woken.load(Ordering::SeqCst), 1);
        let _late = stop.awake(wake());
        assert_eq!(woken.load(Ordering::SeqCst), 2);
    }
}
