//! TagResource, UntagResource, ListResourceTags.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Session;
use super::listing::{Rest, page};
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;

/// Tags that a key may have.
const PER_KEY: usize = 50;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    tag_key: String,
    tag_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagResource {
    key_id: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UntagResource {
    key_id: String,
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListResourceTags {
    key_id: String,
    limit: Option<usize>,
    marker: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tags {
    tags: Vec<Tag>,
    #[serde(flatten)]
    rest: Rest,
}

/// The tags by key, if they are permitted beside so many that the key has already (CRE-TAGS).
pub(super) fn checked(tags: Vec<Tag>, others: usize) -> Result<IndexMap<String, String>, Failure> {
    let refuse = |message: &str| Err(Failure::named("TagException", message));
    let given = tags.len();
    let is_reserved = |tag: &Tag| tag.tag_key.to_ascii_lowercase().starts_with("aws:");
    if tags.iter().any(is_reserved) && !Defect::ReservedTags.is_on() {
        return refuse("Tags beginning with aws: are reserved");
    }
    let by_key: IndexMap<String, String> = tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect();
    if by_key.len() < given && !Defect::DuplicateTags.is_on() {
        return refuse("Duplicate tag keys");
    }
    if by_key.len() + others > PER_KEY && !Defect::ManyTags.is_on() {
        return refuse("Too many tags");
    }
    Ok(by_key)
}

/// The tags as a list.
pub(super) fn listed(tags: &IndexMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { tag_key: key.clone(), tag_value: value.clone() }).collect()
}

pub(super) fn tag_resource(session: &Session<'_>, request: TagResource) -> Result<(), Failure> {
    let mut books = session.books();
    let key = books.permitted(&request.key_id)?;
    let others = key.tags.keys().filter(|key| request.tags.iter().all(|tag| tag.tag_key != **key)).count();
    let tags = checked(request.tags, others)?;
    key.tags.extend(tags);
    Ok(())
}

pub(super) fn untag_resource(session: &Session<'_>, request: &UntagResource) -> Result<(), Failure> {
    session.books().permitted(&request.key_id)?.tags.retain(|key, _| !request.tag_keys.contains(key));
    Ok(())
}

pub(super) fn list_resource_tags(session: &Session<'_>, request: &ListResourceTags) -> Result<Tags, Failure> {
    let mut books = session.books();
    let tags = listed(&books.find(&request.key_id)?.tags);
    let (tags, rest) = page(session.operation, tags, request.limit.unwrap_or(50), request.marker.as_deref())?;
    Ok(Tags { tags, rest })
}
