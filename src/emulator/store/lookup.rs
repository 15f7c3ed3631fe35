//! From what a request calls a key, a key id, an ARN or an alias, to the key.

use super::{Alias, Books, Key};
use crate::emulator::choices;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::states;
use crate::kms::{Arn, ErrorCode, KeyId, KeyState, Operation, Region};

const ALIAS: &str = "alias/";

/// Whether an operation takes an alias in place of a key (ID-FORMS).
fn takes_aliases(operation: Operation) -> bool {
    states::is_cryptographic(operation) || matches!(operation, Operation::DescribeKey | Operation::GetPublicKey)
}

impl Books<'_> {
    /// The key that the request names, whatever its state.
    pub(crate) fn find(&mut self, named: &str) -> Result<&mut Key, Failure> {
        let id = self.resolve(named)?;
        let arn = self.arn_of(&id);
        let lists = self.operation.is_read_only() && self.operation != Operation::DescribeKey;
        let hides = Defect::HiddenUnlessEnabled.is_on() && lists;
        let is_there = |key: &&mut Key| !hides || key.state() == KeyState::Enabled;
        self.key(&id).filter(is_there).ok_or_else(|| missing(&arn))
    }

    /// The key that the request names, if its state permits the operation.
    pub(crate) fn permitted(&mut self, named: &str) -> Result<&mut Key, Failure> {
        let (operation, now) = (self.operation, self.now);
        let key = self.find(named)?;
        if Defect::ExpiryEnforcedOnly.is_on() {
            let mut key = key.clone();
            key.drop_expired(now);
            states::permit(operation, key.state(), &key.arn)?;
        }
        states::permit(operation, key.state(), &key.arn)?;
        Ok(key)
    }

    /// The ARN that a key of this id has, or would have, here (ID-MISSING).
    pub(crate) fn arn_of(&self, id: &KeyId) -> Arn {
        Arn::of_key(self.region.clone(), self.account.clone(), id)
    }

    pub(crate) fn alias_arn(&self, alias: &str) -> Arn {
        let partition = partition(self.region).to_owned();
        Arn { partition, region: self.region.clone(), account: self.account.clone(), resource: alias.to_owned() }
    }

    fn resolve(&mut self, named: &str) -> Result<KeyId, Failure> {
        if named.starts_with(ALIAS) {
            return self.resolve_alias(named);
        }
        if !named.starts_with("arn:") {
            return named.parse().map_err(|_| malformed(named));
        }
        if Defect::ArnsUnknown.is_on() && !takes_aliases(self.operation) {
            return Err(malformed(named));
        }
        let arn: Arn = named.parse().map_err(|_| invalid_arn(named))?;
        if arn.region != *self.region && !Defect::RegionOfArnIgnored.is_on() {
            return Err(Failure::new(ErrorCode::NOT_FOUND, format!("Invalid arn {}", arn.region)));
        }
        if arn.partition != partition(self.region) && !Defect::RegionOfArnIgnored.is_on() {
            return Err(invalid_arn(named));
        }
        if arn.account != *self.account {
            return Err(self.denied(&arn));
        }
        match arn.resource.strip_prefix("key/") {
            Some(id) => id.parse().map_err(|_| malformed(id)),
            None if Defect::AliasArnsUnknown.is_on() => Err(invalid_arn(named)),
            None if arn.resource.starts_with(ALIAS) => self.resolve_alias(&arn.resource),
            None => Err(invalid_arn(named)),
        }
    }

    fn resolve_alias(&mut self, alias: &str) -> Result<KeyId, Failure> {
        if !takes_aliases(self.operation) && !Defect::AliasesEverywhere.is_on() {
            return Err(Failure::new(choices::ALIAS_REFUSED, "Key Aliases are not supported for this operation."));
        }
        Ok(self.alias(alias)?.target)
    }

    /// The alias of this name, `alias/` included (ID-ALIAS-MISSING). It goes when its key goes.
    pub(crate) fn alias(&mut self, alias: &str) -> Result<Alias, Failure> {
        let code = match Defect::MissingAliasIsInvalidArn.is_on() {
            true => ErrorCode::INVALID_ARN,
            false => ErrorCode::NOT_FOUND,
        };
        let missing = Failure::new(code, format!("Alias {} is not found.", self.alias_arn(alias)));
        let of = |books: &Self| books.holdings.get(books.region).and_then(|here| here.aliases.get(alias).cloned());
        let target = of(self).ok_or_else(|| missing.clone())?.target;
        self.let_time_pass(&target);
        of(self).ok_or(missing)
    }

    /// The choice `ID-XACCT`, in the words of AWS's denials (ID-ACCESSDENIED).
    fn denied(&self, arn: &Arn) -> Failure {
        let message = format!(
            "User: arn:{}:iam::{}:root is not authorized to perform: kms:{} on resource: {arn}",
            arn.partition, self.account, self.operation
        );
        Failure::new(ErrorCode::ACCESS_DENIED, message)
    }
}

/// As [`Arn::of_key`] has it: a test holds that.
fn partition(region: &Region) -> &'static str {
    if region.as_str().starts_with("cn-") { "aws-cn" } else { "aws" }
}

fn missing(arn: &Arn) -> Failure {
    if Defect::MissingKeyIsDenied.is_on() {
        return Failure::new(ErrorCode::ACCESS_DENIED, format!("You may not use '{arn}'"));
    }
    Failure::new(ErrorCode::NOT_FOUND, format!("Key '{arn}' does not exist"))
}

fn malformed(id: &str) -> Failure {
    if Defect::MalformedIdIsValidation.is_on() {
        return Failure::validation(format!("Invalid keyId '{id}'"));
    }
    Failure::new(ErrorCode::NOT_FOUND, format!("Invalid keyId '{id}'"))
}

fn invalid_arn(text: &str) -> Failure {
    Failure::new(ErrorCode::INVALID_ARN, format!("Invalid arn {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_those_of_key_arns() {
        let (account, key) = ("111122223333".parse().unwrap(), "mrk-1234abcd12ab34cd56ef1234567890ab".parse().unwrap());
        for region in ["us-east-1", "cn-north-1"] {
            let region: Region = region.parse().unwrap();
            assert_eq!(Arn::of_key(region.clone(), Clone::clone(&account), &key).partition, partition(&region));
        }
    }
}
