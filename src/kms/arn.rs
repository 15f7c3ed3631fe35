//! Accounts, Regions, key ids and Amazon Resource Names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An AWS account id: twelve digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

impl From<AccountId> for String {
    fn from(value: AccountId) -> Self {
        value.0
    }
}

impl TryFrom<String> for AccountId {
    type Error = <Self as FromStr>::Err;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A Region name such as `eu-central-1`. Any non-empty text of lower-case letters, digits and dashes is one: new Regions
/// appear without notice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

impl From<Region> for String {
    fn from(value: Region) -> Self {
        value.0
    }
}

impl TryFrom<String> for Region {
    type Error = <Self as FromStr>::Err;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The id of a KMS key: a UUID, or `mrk-` and 32 hexadecimal digits for a multi-Region key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

/// The ARN of a KMS key or alias: `arn:<partition>:kms:<Region>:<account>:<resource>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// The Region that the resource lives in.
    pub region: Region,
    /// The account that owns the resource.
    pub account: AccountId,
    /// The rest: `key/<key id>` or `alias/<name>`.
    pub resource: String,
}

/// Text that is not what its place calls for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not {expected}")]
pub struct ParseArnError {
    expected: &'static str,
    found: String,
}

impl AccountId {
    /// The account as twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Region {
    /// The Region's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl KeyId {
    /// The key id as it stands in an ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the key is a multi-Region key.
    #[must_use]
    pub fn is_multi_region(&self) -> bool {
        self.0.starts_with("mrk-")
    }
}

impl Arn {
    /// The ARN of a key.
    #[must_use]
    pub fn of_key(region: Region, account: AccountId, key: &KeyId) -> Self {
        let partition = if region.as_str().starts_with("cn-") { "aws-cn" } else { "aws" };
        Self { partition: partition.to_owned(), region, account, resource: format!("key/{}", key.as_str()) }
    }

    /// The key id, where the ARN names a key and the id is well-formed.
    #[must_use]
    pub fn key_id(&self) -> Option<KeyId> {
        self.resource.strip_prefix("key/")?.parse().ok()
    }
}

fn error(expected: &'static str, found: &str) -> ParseArnError {
    ParseArnError { expected, found: found.to_owned() }
}

impl FromStr for AccountId {
    type Err = ParseArnError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let valid = s.len() == 12 && s.bytes().all(|b| b.is_ascii_digit());
        valid.then(|| Self(s.to_owned())).ok_or_else(|| error("an account id (12 digits)", s))
    }
}

impl FromStr for Region {
    type Err = ParseArnError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let valid = !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        valid.then(|| Self(s.to_owned())).ok_or_else(|| error("a Region name", s))
    }
}

impl FromStr for KeyId {
    type Err = ParseArnError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let hex = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
        let uuid = || {
            let groups: Vec<&str> = s.split('-').collect();
            groups.len() == 5 && groups.iter().zip([8, 4, 4, 4, 12]).all(|(group, length)| hex(group, length))
        };
        let valid = s.strip_prefix("mrk-").map_or_else(uuid, |rest| hex(rest, 32));
        valid.then(|| Self(s.to_owned())).ok_or_else(|| error("a key id (a UUID, or mrk- and 32 hex digits)", s))
    }
}

impl FromStr for Arn {
    type Err = ParseArnError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let fail = || error("a KMS ARN (arn:aws:kms:<Region>:<account>:key/<key id>)", s);
        let mut parts = s.splitn(6, ':');
        let mut next = || parts.next().ok_or_else(fail);
        let (scheme, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        if scheme != "arn" || service != "kms" || partition.is_empty() || resource.is_empty() {
            return Err(fail());
        }
        Ok(Self {
            partition: partition.to_owned(),
            region: region.parse().map_err(|_| fail())?,
            account: account.parse().map_err(|_| fail())?,
            resource: resource.to_owned(),
        })
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:kms:{}:{}:{}", self.partition, self.region, self.account, self.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn an_arn_reads_back_as_written() {
        let text = format!("arn:aws:kms:us-east-2:111122223333:key/{KEY}");
        let arn: Arn = text.parse().unwrap();
        assert_eq!(arn.to_string(), text);
        assert_eq!(arn.key_id().unwrap().as_str(), KEY);
        assert_eq!(arn.account.as_str(), "111122223333");
    }

    #[test]
    fn what_is_not_an_arn_is_refused() {
        for text in ["", "arn", "arn:aws:s3:us-east-2:111122223333:key/x", "arn:aws:kms:us-east-2:1111:key/x", KEY] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }

    #[test]
    fn key_ids_are_uuids_or_multi_region_ids() {
        assert!(!KEY.parse::<KeyId>().unwrap().is_multi_region());
        assert!("mrk-1234abcd12ab34cd56ef1234567890ab".parse::<KeyId>().unwrap().is_multi_region());
        for text in ["", "fake-key-id", "mrk-fake-key-id", "1234abcd12ab34cd56ef1234567890ab", "alias/a"] {
            assert!(text.parse::<KeyId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_china_region_has_its_own_partition() {
        let arn = Arn::of_key("cn-north-1".parse().unwrap(), "111122223333".parse().unwrap(), &KEY.parse().unwrap());
        assert!(arn.to_string().starts_with("arn:aws-cn:kms:cn-north-1:"));
    }
}
