//! How often AWS KMS may be called: data for whoever paces calls against it.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::kms::Operation;

/// A request rate of AWS KMS, for each account and Region.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// The operations that have this rate, each for itself.
    pub operations: Vec<Operation>,
    /// Calls per second.
    pub per_second: f64,
    /// What else is known of it.
    pub note: Option<String>,
}

/// The rates that AWS documents.
///
/// ```
/// use kms_conformance::kms::Operation;
/// use kms_conformance::rules::quotas;
///
/// let slowest = quotas().iter().min_by(|a, b| a.per_second.total_cmp(&b.per_second)).unwrap();
/// assert_eq!(slowest.operations, [Operation::GetParametersForImport]);
/// ```
#[must_use]
pub fn quotas() -> &'static [Quota] {
    static QUOTAS: LazyLock<Vec<Quota>> = LazyLock::new(|| {
        serde_yaml::from_str(include_str!("quotas.yaml")).unwrap_or_else(|error| panic!("the built-in quotas: {error}"))
    });
    &QUOTAS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_one_rate_at_most() {
        let mut operations: Vec<_> = quotas().iter().flat_map(|quota| &quota.operations).collect();
        let all = operations.len();
        operations.sort_unstable();
        operations.dedup();
        assert_eq!(operations.len(), all);
        assert!(quotas().iter().all(|quota| quota.per_second > 0.0));
    }
}
