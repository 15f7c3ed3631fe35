//! ListKeys, and the paging that all lists share.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::emulator::failure::Failure;
use crate::kms::Operation;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListKeys {
    limit: Option<usize>,
    marker: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Keys {
    keys: Vec<Entry>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key_id: String,
    key_arn: String,
}

/// Whether a list goes on, and where.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Rest {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    truncated: bool,
}

/// Cuts a page out of a list. A marker is the number of items that came before, disguised, and good for its own
/// operation only.
pub(super) fn page<T>(
    operation: Operation,
    items: Vec<T>,
    limit: usize,
    marker: Option<&str>,
) -> Result<(Vec<T>, Rest), Failure> {
    let start = match marker {
        None => 0,
        Some(marker) => position(operation, marker)
            .ok_or_else(|| Failure::named("InvalidMarkerException", "Could not deserialize marker"))?,
    };
    let end = start.saturating_add(limit);
    let truncated = items.len() > end;
    let next_marker = truncated.then(|| URL_SAFE_NO_PAD.encode(format!("{operation}:{end}")));
    Ok((items.into_iter().skip(start).take(limit).collect(), Rest { next_marker, truncated }))
}

fn position(operation: Operation, marker: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(marker).ok()?).ok()?;
    text.strip_prefix(operation.as_str())?.strip_prefix(':')?.parse().ok()
}

pub(super) fn list_keys(session: &Session<'_>, request: &ListKeys) -> Result<Keys, Failure> {
    let mut books = session.books();
    let entries = books.here().keys.values();
    let entries = entries.map(|key| Entry { key_id: key.id.to_string(), key_arn: key.arn.to_string() }).collect();
    let (keys, rest) = page(session.operation, entries, request.limit.unwrap_or(100), request.marker.as_deref())?;
    Ok(Keys { keys, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let mut seen = Vec::new();
        let mut marker = None;
        loop {
            let (items, rest) = page(Operation::ListKeys, (0..7).collect(), 3, marker.as_deref()).unwrap();
            seen.push(items);
            assert_eq!(rest.truncated, rest.next_marker.is_some());
            marker = rest.next_marker;
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(seen, [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    }

    #[test]
    fn a_marker_is_good_for_its_own_operation_only() {
        let (_, rest) = page(Operation::ListKeys, vec![1, 2], 1, None).unwrap();
        let marker = rest.next_marker.unwrap();
        for (operation, marker) in [(Operation::ListAliases, marker.as_str()), (Operation::ListKeys, "nonsense")] {
            let failure = page(operation, vec![1, 2], 1, Some(marker)).err().unwrap();
            assert_eq!(failure.code.as_str(), "InvalidMarkerException");
        }
    }
}
