//! Exceptions that only the service itself can cause, answered on demand: a test of how a client bears them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use super::failure::Failure;
use crate::kms::{ErrorCode, Operation};

/// An exception to answer instead of performing an operation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The operation; any, if none is named.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Which exception.
    pub code: ServiceException,
    /// How often, at least once.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

/// An exception that no request causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ServiceException {
    /// `DependencyTimeoutException`, HTTP 500.
    #[serde(rename = "DependencyTimeoutException")]
    DependencyTimeout,
    /// `KMSInternalException`, HTTP 500.
    #[serde(rename = "KMSInternalException")]
    KmsInternal,
    /// `ThrottlingException`, HTTP 400 (ERR-THROTTLING).
    #[serde(rename = "ThrottlingException")]
    Throttling,
}

impl ServiceException {
    fn failure(self) -> Failure {
        match self {
            Self::DependencyTimeout => Failure::server(ErrorCode::DEPENDENCY_TIMEOUT, "injected: a dependency is slow"),
            Self::KmsInternal => Failure::server(ErrorCode::KMS_INTERNAL, "injected: the service failed"),
            Self::Throttling => Failure::new(
                ErrorCode::THROTTLING,
                "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
            ),
        }
    }
}

/// The faults to come.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<VecDeque<Fault>>);

impl Faults {
    pub(super) fn push(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(fault);
    }

    /// The failure that this operation is to meet, if one is waiting for it.
    pub(super) fn next(&self, operation: Operation) -> Result<(), Failure> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let meant = |fault: &Fault| fault.operation.is_none_or(|named| named == operation);
        let Some(position) = faults.iter().position(meant) else { return Ok(()) };
        let failure = faults[position].code.failure();
        faults[position].times = faults[position].times.saturating_sub(1);
        if faults[position].times == 0 {
            faults.remove(position);
        }
        Err(failure)
    }
}
