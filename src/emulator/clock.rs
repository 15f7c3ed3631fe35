//! Time as one account sees it: the real time, moved forward by as much as a test asked for, or standing still.
//!
//! ```
//! use jiff::SignedDuration;
//! use kms_conformance::emulator::{Config, Emulator};
//!
//! let emulator = Emulator::new(Config::default());
//! let clock = emulator.clock(&"111122223333".parse()?);
//! clock.freeze();
//! let before = clock.now();
//! clock.advance(SignedDuration::from_hours(24));
//! assert_eq!(clock.now().duration_since(before), SignedDuration::from_hours(24));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The clock of one account. Clones are handles on the same clock.
#[derive(Debug, Clone, Default)]
pub struct AccountClock(Arc<Mutex<Pace>>);

#[derive(Debug)]
enum Pace {
    Running { ahead: SignedDuration },
    Frozen { at: Timestamp },
}

impl AccountClock {
    /// The account's present instant, in whole milliseconds: no finer instant can be told on the wire, and so every
    /// instant that a client reads is exactly the one that counts.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match *self.pace() {
            Pace::Running { ahead } => whole_milliseconds(later(Timestamp::now(), ahead)),
            Pace::Frozen { at } => at,
        }
    }

    /// Makes time stand still; only [`advance`](Self::advance) moves it from then on.
    pub fn freeze(&self) {
        let at = self.now();
        *self.pace() = Pace::Frozen { at };
    }

    /// Moves time forward. It never goes back: a negative duration counts as zero.
    pub fn advance(&self, by: SignedDuration) {
        let by = by.max(SignedDuration::ZERO);
        let mut pace = self.pace();
        *pace = match *pace {
            Pace::Running { ahead } => Pace::Running { ahead: ahead.saturating_add(by) },
            Pace::Frozen { at } => Pace::Frozen { at: whole_milliseconds(later(at, by)) },
        };
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::Running { ahead: SignedDuration::ZERO }
    }
}

/// The instant so much later, or the last one there is.
pub(crate) fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn whole_milliseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_clock_keeps_its_lead() {
        let clock = AccountClock::default();
        clock.advance(SignedDuration::from_hours(24 * 365));
        let lead = clock.now().duration_since(Timestamp::now());
        assert!((lead - SignedDuration::from_hours(24 * 365)).abs() < SignedDuration::from_secs(5), "{lead}");
    }

    #[test]
    fn a_frozen_clock_moves_only_when_advanced() {
        let clock = AccountClock::default();
        clock.freeze();
        let before = clock.now();
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert_eq!(clock.now(), before);
        clock.advance(SignedDuration::from_millis(1));
        assert_eq!(clock.now().as_millisecond(), before.as_millisecond() + 1);
    }

    #[test]
    fn time_neither_goes_back_nor_overflows() {
        let clock = AccountClock::default();
        clock.freeze();
        let before = clock.now();
        clock.advance(SignedDuration::from_secs(-1));
        assert_eq!(clock.now(), before);
        clock.advance(SignedDuration::MAX);
        assert!(clock.now() > before);
    }
}
