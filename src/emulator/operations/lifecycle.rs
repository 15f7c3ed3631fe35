//! EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion, UpdateKeyDescription.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Session, key_id};
use crate::emulator::choices;
use crate::emulator::clock::later;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::store::{Life, Role, Switch};
use crate::emulator::wire::Instant;
use crate::kms::KeyState;

/// SKD-WINDOW, in days.
const WINDOW: std::ops::RangeInclusive<i64> = 7..=30;
const DEFAULT_WINDOW: i64 = 30;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfKey {
    pub(super) key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ScheduleKeyDeletion {
    key_id: String,
    pending_window_in_days: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateKeyDescription {
    key_id: String,
    description: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeyOnly {
    pub(super) key_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Scheduled {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<Instant>,
    key_state: KeyState,
    pending_window_in_days: i64,
}

pub(super) fn enable_key(session: &Session<'_>, request: &OfKey) -> Result<(), Failure> {
    session.books().permitted(&request.key_id)?.life = Life::Active(Switch::On);
    Ok(())
}

pub(super) fn disable_key(session: &Session<'_>, request: &OfKey) -> Result<(), Failure> {
    let mut books = session.books();
    let key = books.permitted(&request.key_id)?;
    if !Defect::DisablingDoesNothing.is_on() {
        key.life = Life::Active(Switch::Off);
    }
    Ok(())
}

pub(super) fn schedule_key_deletion(
    session: &Session<'_>,
    request: &ScheduleKeyDeletion,
) -> Result<Scheduled, Failure> {
    let days = request.pending_window_in_days.unwrap_or(DEFAULT_WINDOW);
    let mut books = session.books();
    let now = books.now;
    let id = books.permitted(&request.key_id)?.id.clone();
    if !WINDOW.contains(&days) && !Defect::AnyDeletionWindow.is_on() {
        let message = format!("PendingWindowInDays must be between {} and {}.", WINDOW.start(), WINDOW.end());
        return Err(Failure::new(choices::DELETION_WINDOW, message));
    }
    let window = SignedDuration::from_hours(24 * days);
    let has_replicas = books.family(&id).len() > 1 && !Defect::PrimaryDoesNotWait.is_on();
    let key = books.key_again(&id)?;
    key.life = match key.role {
        // A primary key waits for its replicas first.
        Some(Role::Primary) if has_replicas => Life::PendingReplicaDeletion { window },
        Some(Role::Primary | Role::Replica) | None => Life::PendingDeletion { date: later(now, window) },
    };
    let deletion_date = match key.life {
        Life::PendingDeletion { date } => Some(Instant(date)),
        _ => None,
    };
    Ok(Scheduled { key_id: key_id(&key.arn), deletion_date, key_state: key.state(), pending_window_in_days: days })
}

/// CKD-STATE: the key is disabled afterwards, or in PendingImport if it has no material (CKD-NOMATERIAL).
pub(super) fn cancel_key_deletion(session: &Session<'_>, request: &OfKey) -> Result<KeyOnly, Failure> {
    let mut books = session.books();
    let key = books.permitted(&request.key_id)?;
    key.life = Life::Active(if Defect::CancelledDeletionEnables.is_on() { Switch::On } else { Switch::Off });
    Ok(KeyOnly { key_id: key_id(&key.arn) })
}

pub(super) fn update_key_description(session: &Session<'_>, request: UpdateKeyDescription) -> Result<(), Failure> {
    session.books().permitted(&request.key_id)?.description = request.description;
    Ok(())
}
