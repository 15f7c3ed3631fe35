//! CreateAlias, UpdateAlias, DeleteAlias, ListAliases.

use serde::{Deserialize, Serialize};

use super::Session;
use super::listing::{Rest, page};
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::store::Alias;
use crate::emulator::wire::Instant;
use crate::kms::{ErrorCode, KeyId};

/// Aliases that a key may have.
const PER_KEY: usize = 50;
const PREFIX: &str = "alias/";
const RESERVED: &str = "alias/aws/";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetAlias {
    alias_name: String,
    target_key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteAlias {
    alias_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListAliases {
    key_id: Option<String>,
    limit: Option<usize>,
    marker: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Aliases {
    aliases: Vec<Entry>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    alias_name: String,
    alias_arn: String,
    target_key_id: String,
    creation_date: Instant,
    last_updated_date: Instant,
}

pub(super) fn create_alias(session: &Session<'_>, request: SetAlias) -> Result<(), Failure> {
    well_named(&request.alias_name)?;
    let mut books = session.books();
    let now = books.now;
    let target = books.permitted(&request.target_key_id)?.id.clone();
    if let Ok(existing) = books.alias(&request.alias_name) {
        let message = format!(
            "An alias with the name {} already exists for key {}",
            books.alias_arn(&request.alias_name),
            existing.target
        );
        return Err(Failure::named("AlreadyExistsException", message));
    }
    let here = books.here();
    if here.aliases.values().filter(|alias| alias.target == target).count() >= PER_KEY {
        return Err(Failure::new(ErrorCode::LIMIT_EXCEEDED, format!("A key has at most {PER_KEY} aliases.")));
    }
    here.aliases.insert(request.alias_name, Alias { target, created: now, updated: now });
    Ok(())
}

pub(super) fn update_alias(session: &Session<'_>, request: SetAlias) -> Result<(), Failure> {
    well_named(&request.alias_name)?;
    let mut books = session.books();
    let now = books.now;
    let current = books.alias(&request.alias_name)?.target;
    let new = books.permitted(&request.target_key_id)?;
    let (target, usage) = (new.id.clone(), new.usage);
    if let Some(before) = books
        .key(&current)
        .map(|key| key.usage)
        .filter(|before| *before != usage && !Defect::AliasOfAnotherUsage.is_on())
    {
        return Err(Failure::validation(format!(
            "Alias {} cannot be changed from a CMK with key usage {before} to a CMK with key usage {usage}. The key \
             usage of the current CMK and the new CMK must be the same.",
            request.alias_name
        )));
    }
    if let Some(alias) = books.here().aliases.get_mut(&request.alias_name) {
        *alias = Alias { target, updated: now, ..*alias };
    }
    Ok(())
}

pub(super) fn delete_alias(session: &Session<'_>, request: &DeleteAlias) -> Result<(), Failure> {
    well_named(&request.alias_name)?;
    let mut books = session.books();
    books.alias(&request.alias_name)?;
    books.here().aliases.remove(&request.alias_name);
    Ok(())
}

pub(super) fn list_aliases(session: &Session<'_>, request: &ListAliases) -> Result<Aliases, Failure> {
    let mut books = session.books();
    let of: Option<KeyId> =
        request.key_id.as_deref().map(|named| books.find(named).map(|k| k.id.clone())).transpose()?;
    let chosen: Vec<(String, Alias)> = books
        .here()
        .aliases
        .iter()
        .filter(|(_, alias)| of.as_ref().is_none_or(|key| alias.target == *key))
        .map(|(name, alias)| (name.clone(), alias.clone()))
        .collect();
    let (chosen, rest) = page(session.operation, chosen, request.limit.unwrap_or(50), request.marker.as_deref())?;
    let entry = |(name, alias): (String, Alias)| Entry {
        alias_arn: books.alias_arn(&name).to_string(),
        alias_name: name,
        target_key_id: alias.target.to_string(),
        creation_date: Instant(alias.created),
        last_updated_date: Instant(alias.updated),
    };
    Ok(Aliases { aliases: chosen.into_iter().map(entry).collect(), rest })
}

fn well_named(name: &str) -> Result<(), Failure> {
    if !name.starts_with(PREFIX) && Defect::AliasWithoutPrefix.is_on() {
        return Ok(());
    }
    if !name.starts_with(PREFIX) {
        return Err(Failure::validation(
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    }
    if name.len() == PREFIX.len() || name.starts_with(RESERVED) {
        return Err(Failure::named(
            "InvalidAliasNameException",
            format!("{name} is not a name for an alias of yours."),
        ));
    }
    Ok(())
}
