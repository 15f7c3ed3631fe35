//! Pacing: how often a target is called. Every request to it takes its turn here first, those of probing, of clean-up and
//! second attempts included.
//!
//! Tokio's own timer does it, so that a test which pauses Tokio's time tests this, too.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::kms::Operation;
use crate::rules::{Quota, quotas};

/// Calls per second: at least one in a thousand seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(f64);

impl Rate {
    /// The slowest rate.
    pub const MIN: f64 = 0.001;
    /// The fastest rate: nobody calls that often.
    pub const MAX: f64 = 1_000_000.0;

    /// A rate, unless the number is too small or too large to be one.
    #[must_use]
    pub fn new(per_second: f64) -> Option<Self> {
        (Self::MIN..=Self::MAX).contains(&per_second).then_some(Self(per_second))
    }

    /// The time between two calls.
    #[must_use]
    pub fn interval(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }
}

/// The request rates that a target bears.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates {
    /// Of all operations together; none is no limit.
    pub overall: Option<Rate>,
    /// Of single operations; those that are not named have no limit of their own.
    pub operations: BTreeMap<Operation, Rate>,
}

impl Rates {
    /// The rates that AWS documents for each operation. They count for an account and a Region; here they hold for all
    /// calls together, which is no faster.
    #[must_use]
    pub fn aws_operations() -> BTreeMap<Operation, Rate> {
        let of = |quota: &'static Quota| quota.operations.iter().zip(std::iter::repeat(quota.per_second));
        quotas().iter().flat_map(of).filter_map(|(operation, rate)| Some((*operation, Rate::new(rate)?))).collect()
    }
}

/// The right to send one request.
#[derive(Debug)]
#[must_use = "a turn that is not used slows the run down"]
pub struct Turn {
    pub(super) operation: Operation,
}

/// Hands out turns, evenly spaced, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    overall: Option<Lane>,
    operations: BTreeMap<Operation, Lane>,
}

#[derive(Debug)]
struct Lane {
    interval: Duration,
    /// When the next call may be sent; none before the first.
    next: Mutex<Option<Instant>>,
}

impl Pacer {
    pub(super) fn new(rates: &Rates) -> Self {
        Self {
            overall: rates.overall.map(Lane::new),
            operations: rates.operations.iter().map(|(operation, rate)| (*operation, Lane::new(*rate))).collect(),
        }
    }

    /// Waits until a call of the operation may be sent. Whoever stops waiting gives the turn back.
    pub(super) async fn turn(&self, operation: Operation) -> Turn {
        // Both locks are held while waiting, the narrower one first: a call that waits for its own operation's rate keeps
        // no other operation waiting, and the times that count are those at which calls are really sent.
        let mut own = Lane::wait(self.operations.get(&operation)).await;
        let mut overall = Lane::wait(self.overall.as_ref()).await;
        let now = Instant::now();
        for (lane, next) in [&mut own, &mut overall].into_iter().flatten() {
            **next = Some(now + lane.interval);
        }
        Turn { operation }
    }
}

type Held<'a> = (&'a Lane, tokio::sync::MutexGuard<'a, Option<Instant>>);

impl Lane {
    fn new(rate: Rate) -> Self {
        Self { interval: rate.interval(), next: Mutex::default() }
    }

    async fn wait(lane: Option<&Self>) -> Option<Held<'_>> {
        let lane = lane?;
        let next = lane.next.lock().await;
        if let Some(at) = *next {
            sleep_until(at).await;
        }
        Some((lane, next))
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;

    fn pacer(overall: Option<f64>, operations: &[(Operation, f64)]) -> Pacer {
        let rate = |per_second: f64| Rate::new(per_second).unwrap();
        let operations = operations.iter().map(|(operation, per_second)| (*operation, rate(*per_second))).collect();
        Pacer::new(&Rates { overall: overall.map(rate), operations })
    }

    /// When each of so many turns came, in milliseconds from the start.
    async fn times(pacer: &Pacer, operations: &[Operation]) -> Vec<u128> {
        let start = Instant::now();
        let turns = operations.iter().map(async |operation| {
            let _turn = pacer.turn(*operation).await;
            start.elapsed().as_millis()
        });
        join_all(turns).await
    }

    #[tokio::test(start_paused = true)]
    async fn without_rates_nothing_waits() {
        assert_eq!(times(&pacer(None, &[]), &[Operation::CreateKey; 100]).await, [0; 100]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_overall_rate_spaces_all_calls_evenly() {
        let operations = [Operation::CreateKey, Operation::Encrypt, Operation::CreateKey, Operation::Sign];
        assert_eq!(times(&pacer(Some(4.0), &[]), &operations).await, [0, 250, 500, 750]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_operations_own_rate_holds_no_other_operation_up() {
        let pacer = pacer(Some(10.0), &[(Operation::GetParametersForImport, 0.5)]);
        let (slow, fast) = (Operation::GetParametersForImport, Operation::Encrypt);
        assert_eq!(times(&pacer, &[slow, slow, slow, fast, fast]).await, [0, 2000, 4000, 100, 200]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stops_waiting_gives_the_turn_back() {
        let pacer = pacer(Some(1.0), &[]);
        let start = Instant::now();
        let _first = pacer.turn(Operation::Sign).await;
        let waiting = tokio::time::timeout(Duration::from_millis(500), pacer.turn(Operation::Sign)).await;
        assert!(waiting.is_err());
        let _second = pacer.turn(Operation::Sign).await;
        assert_eq!(start.elapsed().as_millis(), 1000);
    }

    #[test]
    fn the_rates_of_aws_are_those_of_the_data() {
        let rates = Rates::aws_operations();
        let of = |operation| quotas().iter().find(|quota| quota.operations.contains(&operation)).unwrap().per_second;
        assert_eq!(rates.len(), quotas().iter().map(|quota| quota.operations.len()).sum::<usize>());
        let rate = Rate::new(of(Operation::GetParametersForImport));
        assert_eq!(rates.get(&Operation::GetParametersForImport).copied(), rate);
    }
}
