//! What would make the file too large, compressed: the script of the page unpacks it.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use serde::Serialize;
use std::collections::BTreeMap;

use super::findings::Findings;
use super::shared::Extent;

/// The best that the compressor can do.
const LEVEL: u8 = 9;

#[derive(Serialize)]
struct Packed<'f> {
    /// By anchor, what takes the place of the short form.
    findings: BTreeMap<&'f str, &'f str>,
    /// What comes after the commands and exchanges that are in the page.
    commands: String,
    exchanges: String,
}

/// The findings of these positions, and the commands and exchanges that they need beside those that are in the page.
pub(super) fn packed(findings: &Findings<'_>, positions: Range<usize>, shown: Extent) -> String {
    let all = findings.told(positions.clone()).last().map(|(_, told)| told.shared).unwrap_or_default();
    let packed = Packed {
        findings: findings.told(positions).map(|(anchor, told)| (anchor, told.markup.as_str())).collect(),
        commands: findings.shared.commands(shown.commands..all.commands).into_string(),
        exchanges: findings.shared.exchanges(shown.exchanges..all.exchanges).into_string(),
    };
    // Text by text always has a JSON form.
    let json = serde_json::to_vec(&packed).unwrap_or_default();
    STANDARD.encode(compress_to_vec_zlib(&json, LEVEL))
}
