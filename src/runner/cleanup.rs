//! Leaving nothing behind: keys and aliases that a test made on a target that keeps them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::test_run::Sessions;
use crate::kms::{ErrorCode, Operation};
use crate::target::{Answer, Exchange, Session};

/// The shortest window that AWS allows, in days (SKD-WINDOW).
const SHORTEST_WINDOW_DAYS: u32 = 7;

/// What a test made.
#[derive(Debug, Default)]
pub(super) struct Made {
    keys: Vec<Key>,
    aliases: Vec<(Option<String>, String)>,
}

#[derive(Debug)]
struct Key {
    /// The client that made it.
    client: Option<String>,
    /// The Region that it was replicated to, if it is a replica.
    replicated_to: Option<String>,
    id: String,
    imported: bool,
}

impl Made {
    /// Takes note of what a call made.
    pub(super) fn note(&mut self, client: Option<&String>, exchange: &Exchange) {
        let Answer::Success(body) = &exchange.answer else { return };
        match exchange.operation {
            Operation::CreateKey => {
                let metadata = &body["KeyMetadata"];
                let imported = metadata["Origin"] == "EXTERNAL";
                let id = metadata["KeyId"].as_str().map(str::to_owned);
                self.keys.extend(id.map(|id| Key { client: client.cloned(), replicated_to: None, id, imported }));
            }
            Operation::ReplicateKey => {
                let metadata = &body["ReplicaKeyMetadata"];
                let imported = metadata["Origin"] == "EXTERNAL";
                let replicated_to = exchange.input["ReplicaRegion"].as_str().map(str::to_owned);
                let id = metadata["KeyId"].as_str().map(str::to_owned);
                self.keys.extend(id.map(|id| Key { client: client.cloned(), replicated_to, id, imported }));
            }
            Operation::CreateAlias => {
                self.aliases
                    .extend(exchange.input["AliasName"].as_str().map(|name| (client.cloned(), name.to_owned())));
            }
            _ => {}
        }
    }

    /// Deletes the material and the aliases at once and schedules the keys' deletion. Returns what could not be removed.
    pub(super) async fn clean_up(self, sessions: &Sessions) -> Vec<String> {
        let mut left = Vec::new();
        for (client, alias) in self.aliases {
            let exchange = sessions[&client].call(Operation::DeleteAlias, json!({"AliasName": alias})).await;
            if !gone(&exchange.answer, &[ErrorCode::NOT_FOUND]) {
                left.push(alias);
            }
        }
        // Replicas first: a primary goes only after them.
        for key in self.keys.into_iter().rev() {
            let Some(session) = session_of(sessions, &key) else {
                left.push(key.id);
                continue;
            };
            if key.imported {
                let _: Exchange = session.call(Operation::DeleteImportedKeyMaterial, by_id(&key.id)).await;
            }
            let mut request = by_id(&key.id);
            request["PendingWindowInDays"] = SHORTEST_WINDOW_DAYS.into();
            let exchange = session.call(Operation::ScheduleKeyDeletion, request).await;
            // A key that is pending deletion already answers KMSInvalidStateException.
            if !gone(&exchange.answer, &[ErrorCode::NOT_FOUND, ErrorCode::KMS_INVALID_STATE]) {
                left.push(key.id);
            }
        }
        left
    }
}

/// The client that can reach the key: of a replica, one that calls its Region.
fn session_of<'s>(sessions: &'s Sessions, key: &Key) -> Option<&'s Arc<Session>> {
    match &key.replicated_to {
        None => sessions.get(&key.client),
        Some(region) => sessions.values().find(|session| session.region().as_str() == region),
    }
}

fn by_id(key: &str) -> Value {
    json!({"KeyId": key})
}

fn gone(answer: &Answer, already: &[ErrorCode]) -> bool {
    match answer {
        Answer::Success(_) => true,
        Answer::Refusal { code, .. } => already.contains(code),
        Answer::Unreadable(_) | Answer::Nothing(_) | Answer::NotSent(_) => false,
    }
}
