//! One test's way to the target: an account of its own where there can be one, and its clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_kms::Client;
use serde_json::{Value, json};

use super::clock::Clock;
use super::exchange::{Answer, Exchange, Message, Transport};
use super::operations::{self, Outcome};
use super::pacing::{Pacer, Turn};
use super::wire::{Overrides, Record, Wire};
use crate::kms::{AccountId, Arn, Operation, Region};

/// How often a call is sent at most. Only what cannot have had an effect, or says "try again", is repeated.
const ATTEMPTS: u32 = 4;
/// The pause before the second attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// One test's way to the target.
#[derive(Debug)]
pub struct Session {
    pub(super) client: Client,
    pub(super) region: Region,
    pub(super) clock: Clock,
    pub(super) pacer: Arc<Pacer>,
    /// Known from the start where the session chose it, else from the first key that the target described.
    pub(super) account: Mutex<Option<AccountId>>,
}

impl Session {
    /// The target's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The Region that calls go to.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The account that calls act in, once it is known.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends `input` as the operation's body, exactly as it is, through the SDK's pipeline.
    pub async fn call(&self, operation: Operation, input: Value) -> Exchange {
        self.call_with(operation, input, Overrides::default()).await
    }

    /// The same with parts that the SDK would not send so.
    pub async fn call_with(&self, operation: Operation, input: Value, overrides: Overrides) -> Exchange {
        let turn = self.turn(operation).await;
        self.call_in_turn(turn, input, overrides).await
    }

    /// Waits until the target's pacing lets a request of the operation through. Whoever makes a request that rests on the
    /// time waits first, so that it is not stale when it is sent.
    pub async fn turn(&self, operation: Operation) -> Turn {
        self.pacer.turn(operation).await
    }

    /// The same as [`call_with`](Self::call_with), for who has waited already.
    pub async fn call_in_turn(&self, turn: Turn, input: Value, overrides: Overrides) -> Exchange {
        let operation = turn.operation;
        let mut attempts = 1;
        let mut elapsed = Duration::ZERO;
        loop {
            let started = Instant::now();
            let mut exchange = self.attempt(operation, &input, overrides.clone()).await;
            elapsed += started.elapsed();
            exchange.attempts = attempts;
            exchange.elapsed = elapsed;
            if attempts == ATTEMPTS || !worth_repeating(&exchange) {
                self.learn_account(&exchange);
                return exchange;
            }
            tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempts - 1)).await;
            let _: Turn = self.turn(operation).await;
            attempts += 1;
        }
    }

    async fn attempt(&self, operation: Operation, input: &Value, overrides: Overrides) -> Exchange {
        let input = overrides.body.clone().map_or_else(|| input.clone(), Value::String);
        let body = overrides.body.clone().unwrap_or_else(|| input.to_string());
        let unnamed = overrides.operation.is_some();
        let wire = Wire::new(body, overrides);
        let outcome = operations::send(&self.client, operation, wire.clone()).await;
        let Record { request, response } = wire.take();
        let (status, response) = response.unzip();
        let answer = match outcome {
            Outcome::Failure(answer) => answer,
            Outcome::Success => body_of(response.as_ref()),
        };
        Exchange { operation, unnamed, input, request, response, status, answer, elapsed: Duration::ZERO, attempts: 1 }
    }

    /// Some targets leave `AWSAccountId` out, but none can do without the ARN.
    fn learn_account(&self, exchange: &Exchange) {
        let Answer::Success(body) = &exchange.answer else { return };
        let Some(arn) = body["KeyMetadata"]["Arn"].as_str().and_then(|text| text.parse::<Arn>().ok()) else { return };
        self.account.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(arn.account);
    }
}

/// The SDK was content with the body; it is JSON, or there is none.
fn body_of(response: Option<&Message>) -> Answer {
    let body = response.map_or(&[][..], |message| &message.body);
    if body.is_empty() {
        return Answer::Success(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(body) => Answer::Success(body),
        Err(error) => Answer::Unreadable(format!("the body is not JSON: {error}")),
    }
}

/// A broken connection leaves open whether the request had its effect, so only reads are repeated after one.
fn worth_repeating(exchange: &Exchange) -> bool {
    match &exchange.answer {
        Answer::Nothing(Transport::Unreachable(_)) => true,
        Answer::Nothing(Transport::Broken(_)) => exchange.operation.is_read_only(),
        Answer::Refusal { .. } => exchange.is_transient(),
        Answer::Nothing(Transport::TimedOut(_)) | Answer::Success(_) | Answer::Unreadable(_) | Answer::NotSent(_) => {
            false
        }
    }
}
