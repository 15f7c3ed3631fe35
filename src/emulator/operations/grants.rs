//! CreateGrant, ListGrants, ListRetirableGrants, RetireGrant, RevokeGrant. Grants are kept, not enforced.

use serde::{Deserialize, Serialize};

use super::listing::{Rest, page};
use super::{Session, key_id, unless_dry};
use crate::emulator::crypto::secret::random;
use crate::emulator::failure::Failure;
use crate::emulator::store::{Books, Grant, GrantTerms, Key};
use crate::emulator::wire::Instant;
use crate::kms::{ErrorCode, KeyId};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateGrant {
    key_id: String,
    #[serde(flatten)]
    terms: GrantTerms,
    dry_run: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListGrants {
    key_id: String,
    grant_id: Option<String>,
    grantee_principal: Option<String>,
    grantee_service_principal: Option<String>,
    limit: Option<usize>,
    marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListRetirableGrants {
    retiring_principal: Option<String>,
    retiring_service_principal: Option<String>,
    limit: Option<usize>,
    marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RetireGrant {
    grant_token: Option<String>,
    key_id: Option<String>,
    grant_id: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RevokeGrant {
    key_id: String,
    grant_id: String,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Created {
    grant_token: String,
    grant_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Grants {
    grants: Vec<Entry>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key_id: String,
    grant_id: String,
    issuing_account: String,
    creation_date: Instant,
    #[serde(flatten)]
    terms: GrantTerms,
}

pub(super) fn create_grant(session: &Session<'_>, request: &CreateGrant) -> Result<Created, Failure> {
    let terms = &request.terms;
    if terms.grantee_principal.is_some() == terms.grantee_service_principal.is_some() {
        return Err(Failure::validation("Specify either GranteePrincipal or GranteeServicePrincipal."));
    }
    let (id, token) = (hex::encode(random(32)?), hex::encode(random(64)?));
    let mut books = session.books();
    let created = books.now;
    let key = books.permitted(&request.key_id)?;
    unless_dry(request.dry_run)?;
    // A named grant that is asked for again is the same grant.
    if let Some((id, grant)) = key.grants.iter().find(|(_, grant)| terms.name.is_some() && grant.terms == *terms) {
        return Ok(Created { grant_token: grant.token.clone(), grant_id: id.clone() });
    }
    key.grants.insert(id.clone(), Grant { terms: terms.clone(), created, token: token.clone() });
    Ok(Created { grant_token: token, grant_id: id })
}

pub(super) fn list_grants(session: &Session<'_>, request: &ListGrants) -> Result<Grants, Failure> {
    let mut books = session.books();
    let key = books.find(&request.key_id)?;
    let chosen = key.grants.iter().filter(|(id, grant)| {
        request.grant_id.as_ref().is_none_or(|wanted| wanted == *id)
            && agrees(&request.grantee_principal, &grant.terms.grantee_principal)
            && agrees(&request.grantee_service_principal, &grant.terms.grantee_service_principal)
    });
    let entries = chosen.map(|(id, grant)| Entry::of(key, id, grant)).collect();
    let (grants, rest) = page(session.operation, entries, request.limit.unwrap_or(50), request.marker.as_deref())?;
    Ok(Grants { grants, rest })
}

pub(super) fn list_retirable_grants(session: &Session<'_>, request: &ListRetirableGrants) -> Result<Grants, Failure> {
    if request.retiring_principal.is_some() == request.retiring_service_principal.is_some() {
        return Err(Failure::validation("Specify either RetiringPrincipal or RetiringServicePrincipal."));
    }
    let mut books = session.books();
    let grants = books.here().keys.values().flat_map(|key| key.grants.iter().map(move |(id, grant)| (key, id, grant)));
    let chosen = grants.filter(|(_, _, grant)| {
        agrees(&request.retiring_principal, &grant.terms.retiring_principal)
            && agrees(&request.retiring_service_principal, &grant.terms.retiring_service_principal)
    });
    let entries = chosen.map(|(key, id, grant)| Entry::of(key, id, grant)).collect();
    let (grants, rest) = page(session.operation, entries, request.limit.unwrap_or(50), request.marker.as_deref())?;
    Ok(Grants { grants, rest })
}

pub(super) fn retire_grant(session: &Session<'_>, request: &RetireGrant) -> Result<(), Failure> {
    let mut books = session.books();
    let (key, grant) = match (&request.grant_token, &request.key_id, &request.grant_id) {
        (Some(token), None, None) => of_token(&mut books, token)?,
        (None, Some(named), Some(grant)) => (books.find(named)?.id.clone(), grant.clone()),
        _ => return Err(Failure::validation("Specify either GrantToken, or KeyId and GrantId.")),
    };
    remove(&mut books, &key, &grant, request.dry_run)
}

pub(super) fn revoke_grant(session: &Session<'_>, request: &RevokeGrant) -> Result<(), Failure> {
    let mut books = session.books();
    let key = books.permitted(&request.key_id)?.id.clone();
    remove(&mut books, &key, &request.grant_id, request.dry_run)
}

fn of_token(books: &mut Books<'_>, token: &str) -> Result<(KeyId, String), Failure> {
    let keys = books.here().keys.values();
    let mut grants = keys.flat_map(|key| key.grants.iter().map(move |(id, grant)| (key, id, grant)));
    let found = grants.find(|(_, _, grant)| grant.token == token);
    found
        .map(|(key, id, _)| (key.id.clone(), id.clone()))
        .ok_or_else(|| Failure::named("InvalidGrantTokenException", "The grant token is invalid."))
}

fn remove(books: &mut Books<'_>, key: &KeyId, grant: &str, dry_run: Option<bool>) -> Result<(), Failure> {
    let key = books.key_again(key)?;
    if !key.grants.contains_key(grant) {
        return Err(Failure::new(ErrorCode::NOT_FOUND, format!("Grant ID {grant} not found")));
    }
    unless_dry(dry_run)?;
    key.grants.shift_remove(grant);
    Ok(())
}

/// Whether a filter, if there is one, lets the value through.
fn agrees(filter: &Option<String>, value: &Option<String>) -> bool {
    filter.is_none() || filter == value
}

impl Entry {
    fn of(key: &Key, id: &str, grant: &Grant) -> Self {
        Self {
            key_id: key_id(&key.arn),
            grant_id: id.to_owned(),
            issuing_account: format!("arn:{}:iam::{}:root", key.arn.partition, key.arn.account),
            creation_date: Instant(grant.created),
            terms: grant.terms.clone(),
        }
    }
}
