//! Looking for secrets in artefacts, in whichever form somebody may have written them.
//!
//! It shares no code with the redaction that it holds to account. Of each secret three pieces of 16 bytes are looked for,
//! at its start, its middle and its end, so that parts of it are found, too.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The length of a piece, in bytes. Shorter secrets are not looked for.
const PIECE: usize = 16;
/// So much of a piece's form is indexed, in bytes; no form is shorter.
const INDEXED: usize = 16;
const FILTER_BITS: u32 = 24;

/// What is looked for.
pub(crate) struct Needles {
    /// By the first bytes: the whole form, and what it is of.
    index: HashMap<[u8; INDEXED], (Vec<u8>, String)>,
    /// Whether a form may begin with such bytes; false for nearly all.
    filter: Vec<bool>,
    seen: HashSet<Vec<u8>>,
}

/// How often each kind of secret was found in each form.
pub(crate) type Found = BTreeMap<String, usize>;

impl Default for Needles {
    fn default() -> Self {
        Self { index: HashMap::new(), filter: vec![false; 1 << FILTER_BITS], seen: HashSet::new() }
    }
}

impl Needles {
    /// Looks for this secret, too.
    pub(crate) fn add(&mut self, kind: &str, secret: &[u8]) {
        if secret.len() < PIECE || !self.seen.insert(secret.to_vec()) {
            return;
        }
        for start in [0, (secret.len() - PIECE) / 2, secret.len() - PIECE] {
            for (form, text) in forms(&secret[start..start + PIECE]) {
                let Some(head) = text.first_chunk::<INDEXED>() else { continue };
                self.filter[slot(head)] = true;
                self.index.entry(*head).or_insert_with(|| (text, format!("{kind} as {form}")));
            }
        }
    }

    /// How many secrets there are.
    pub(crate) fn secrets(&self) -> usize {
        self.seen.len()
    }

    /// What stands in these bytes.
    pub(crate) fn find_in(&self, artefact: &[u8]) -> Found {
        let mut found = Found::new();
        for (at, window) in artefact.windows(INDEXED).enumerate() {
            let head: [u8; INDEXED] = window.try_into().unwrap();
            if !self.filter[slot(&head)] {
                continue;
            }
            if let Some((text, what)) = self.index.get(&head).filter(|(text, _)| artefact[at..].starts_with(text)) {
                let _ = text;
                *found.entry(what.clone()).or_default() += 1;
            }
        }
        found
    }
}

fn slot(head: &[u8; INDEXED]) -> usize {
    let (a, b) = head.split_at(8);
    let number = |part: &[u8]| u64::from_le_bytes(part.try_into().unwrap());
    let mixed = (number(a) ^ number(b).rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> (64 - FILTER_BITS)).unwrap()
}

/// The ways in which bytes get into text.
pub(crate) fn forms(piece: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut forms: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: String, text: String| forms.push((name, text.into_bytes()));
    add("hexadecimal".into(), hex::encode(piece));
    add("upper-case hexadecimal".into(), hex::encode_upper(piece));
    for before in 0..3 {
        // Digits that hold bits of what stands before the piece, or after it, are left out.
        let within = [&vec![0; before][..], piece].concat();
        let (skip, count) = ((before * 8).div_ceil(6), (within.len() * 8) / 6);
        for (name, text) in
            [("base64", STANDARD_NO_PAD.encode(&within)), ("URL-safe base64", URL_SAFE_NO_PAD.encode(&within))]
        {
            add(format!("{name} after {before} bytes"), text[skip..count].to_owned());
            add(format!("{name} in JSON after {before} bytes"), text[skip..count].replace('/', "\\/"));
        }
    }
    for before in 0..5 {
        let within = [&vec![0; before][..], piece].concat();
        let text = &base32(&within)[(before * 8).div_ceil(5)..(within.len() * 8) / 5];
        add(format!("base32 after {before} bytes"), text.to_owned());
        add(format!("lower-case base32 after {before} bytes"), text.to_lowercase());
    }
    let numbers = |separator: &str| piece.iter().map(u8::to_string).collect::<Vec<_>>().join(separator);
    for separator in [", ", ",", " "] {
        add(format!("a list of numbers with '{separator}'"), numbers(separator));
    }
    let pretty = piece.iter().map(u8::to_string).collect::<Vec<_>>().join(",\n");
    add("a list of numbers on lines".into(), pretty);
    let latin_1: String = piece.iter().map(|byte| char::from(*byte)).collect();
    let json = serde_json::to_string(&latin_1).unwrap();
    add("text escaped for JSON".into(), json[1..json.len() - 1].to_owned());
    add("text escaped in full".into(), piece.iter().map(|byte| format!("\\u{byte:04x}")).collect());
    add("text escaped as in C".into(), piece.iter().map(|byte| format!("\\x{byte:02x}")).collect());
    add("Latin-1 text".into(), latin_1);
    let lossy = String::from_utf8_lossy(piece);
    if lossy.chars().filter(|c| *c != char::REPLACEMENT_CHARACTER).count() > PIECE / 2 {
        add("text with gaps".into(), lossy.into_owned());
    }
    forms.push(("bytes".into(), piece.to_vec()));
    forms
}

fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut held, mut bits) = (String::new(), 0_u16, 0);
    for byte in bytes {
        held = held << 8 | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(DIGITS[usize::from(held >> bits & 31)]));
        }
    }
    if bits > 0 {
        text.push(char::from(DIGITS[usize::from(held << (5 - bits) & 31)]));
    }
    text
}
