//! Shards: one run in several parts, each by a process of its own.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the equal parts that a run is cut into, such as `1/4`. The parts have no test in common, and together have all.
///
/// ```
/// use kms_conformance::runner::Shard;
///
/// let shard: Shard = "2/3".parse()?;
/// assert_eq!(shard.take(vec!["a", "b", "c", "d", "e"]), ["b", "e"]);
/// # Ok::<(), kms_conformance::runner::ParseShardError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Fields")]
pub struct Shard {
    index: NonZeroUsize,
    count: NonZeroUsize,
}

/// A shard as an event log has it.
#[derive(Deserialize, JsonSchema)]
struct Fields {
    /// Which part, from 1.
    index: NonZeroUsize,
    /// Of how many.
    count: NonZeroUsize,
}

/// Text, or numbers, that are no shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a shard; write K/N, such as 1/4, with K from 1 to N")]
pub struct ParseShardError {
    found: String,
}

impl Shard {
    /// Which part it is, from 1.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index.get()
    }

    /// How many parts there are.
    #[must_use]
    pub const fn count(self) -> usize {
        self.count.get()
    }

    /// The shard's part: every `count`th, so that the cases of one scenario, which cost alike, are spread evenly. No two
    /// shards differ by more than one.
    #[must_use]
    pub fn take<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.index() - 1).step_by(self.count()).collect()
    }
}

impl TryFrom<Fields> for Shard {
    type Error = ParseShardError;

    fn try_from(Fields { index, count }: Fields) -> Result<Self, Self::Error> {
        let shard = Self { index, count };
        if index <= count { Ok(shard) } else { Err(ParseShardError { found: shard.to_string() }) }
    }
}

impl FromStr for Shard {
    type Err = ParseShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        let (index, count) = numbers.ok_or_else(|| ParseShardError { found: text.to_owned() })?;
        Fields { index, count }.try_into()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_disjoint_complete_and_balanced() {
        for count in 1..12_usize {
            let shards: Vec<Vec<usize>> =
                (1..=count).map(|k| format!("{k}/{count}").parse::<Shard>().unwrap().take((0..50).collect())).collect();
            let mut all = shards.concat();
            all.sort_unstable();
            assert_eq!(all, (0..50).collect::<Vec<_>>(), "{count}");
            let sizes: Vec<usize> = shards.iter().map(Vec::len).collect();
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
        }
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for bad in ["", "1", "0/4", "5/4", "1/0", "a/b", "1/2/3", "-1/2", " 1/2"] {
            let error = bad.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains("write K/N"), "{bad}: {error}");
        }
        assert!(serde_json::from_str::<Shard>(r#"{"index": 3, "count": 2}"#).is_err());
    }
}
