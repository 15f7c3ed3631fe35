//! Reports: putting shards together, the files of a run, and what each of them holds.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

#[path = "report/common.rs"]
mod common;
#[path = "report/counts.rs"]
mod counts;
#[path = "report/files.rs"]
mod files;
#[path = "report/junit.rs"]
mod junit;
#[path = "report/markdown.rs"]
mod markdown;
#[path = "report/profiles.rs"]
mod profiles;
#[path = "report/schemas.rs"]
mod schemas;
#[path = "report/shards.rs"]
mod shards;
