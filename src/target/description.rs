//! Target descriptions: what a target is called, how it is reached, what it offers, and how often it may be called, in a
//! YAML file. `targets/example.yaml` shows every field.
//!
//! ```
//! use kms_conformance::scenario::SourceFile;
//! use kms_conformance::target::Description;
//!
//! let parse = |text: &str| Description::parse(SourceFile { path: "mine.yaml".into(), text: text.into() });
//! let description = parse("name: Example KMS\nversion: '2.4'\nendpoint: http://127.0.0.1:4566")?;
//! assert_eq!(description.version.as_deref(), Some("2.4"));
//! assert!(parse("name: Example KMS\nendpiont: …").unwrap_err().to_string().contains("did you mean `endpoint`?"));
//! # Ok::<(), kms_conformance::scenario::FileErrors>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::Arc;

use jiff::SignedDuration;

use super::pacing::{Rate, Rates};
use crate::kms::{Operation, Region};
use crate::scenario::{Diagnostic, Errors, Fields, FileErrors, Key, Node, SourceFile, YamlValue, suggestion};

/// The fields of a description.
pub(crate) const FIELDS: [&str; 7] = ["name", "version", "endpoint", "regions", "accounts", "capabilities", "pacing"];
/// The fields of `regions` and of `accounts`.
pub(crate) const PAIR_FIELDS: [&str; 2] = ["first", "second"];
/// The fields of `capabilities`.
pub(crate) const CAPABILITY_FIELDS: [&str; 5] = ["offers", "lacks", "clock", "second_region", "second_account"];
/// The fields of `pacing`.
pub(crate) const PACING_FIELDS: [&str; 5] = ["per_second", "operations", "concurrent_tests", "timeout", "max_wait"];
/// The name of the rates that AWS documents.
pub(crate) const AWS_RATES: &str = "aws";

/// What is known of a target before it is called. Whatever is `None` or empty is not said: it is found out, or a default
/// holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Description {
    /// The file.
    pub path: String,
    /// What reports call the target.
    pub name: String,
    /// The target's version.
    pub version: Option<String>,
    /// Its URL.
    pub endpoint: Option<String>,
    /// The Region to sign for.
    pub region: Option<Region>,
    /// A Region for clients that call another one.
    pub second_region: Option<Region>,
    /// The profile of the AWS configuration to sign with.
    pub profile: Option<String>,
    /// A profile of the AWS configuration for clients that act in another account.
    pub second_profile: Option<String>,
    /// What it offers.
    pub capabilities: Capabilities,
    /// How often it may be called.
    pub rates: Rates,
    /// How many tests may run at once.
    pub concurrent_tests: Option<NonZeroUsize>,
    /// How long to wait for an answer.
    pub timeout: Option<SignedDuration>,
    /// How long a test may wait where the target's clock cannot be turned.
    pub max_wait: Option<SignedDuration>,
}

/// What a target is said to offer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Operations that it offers: that one of them is not known contradicts the description, and is reported so.
    pub offers: BTreeSet<Operation>,
    /// Operations that it does not offer: they are not called.
    pub lacks: BTreeSet<Operation>,
    /// Whether its clock can be turned.
    pub clock: Option<DeclaredClock>,
    /// Whether there is a second Region.
    pub second_region: Option<bool>,
    /// Whether there is a second account.
    pub second_account: Option<bool>,
}

/// What a description says of the target's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclaredClock {
    /// It is turned through the control endpoint of this project's emulator; without one the target is not run against.
    Controlled,
    /// Nobody turns it, even where a control endpoint answers.
    Real,
}

impl DeclaredClock {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Controlled, Self::Real];
}

impl std::fmt::Display for DeclaredClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Controlled => "controlled",
            Self::Real => "real",
        })
    }
}

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    /// All the mistakes of the file, each with its place and what to write instead.
    pub fn parse(file: SourceFile) -> Result<Self, FileErrors> {
        let file = Arc::new(file);
        let mut errors = Errors::default();
        let description = match Node::parse(&file.text) {
            Ok(root) => read(&mut errors, &file.path, &root),
            Err(diagnostic) => {
                errors.report(diagnostic);
                None
            }
        };
        match description {
            Some(description) if errors.0.is_empty() => Ok(description),
            _ => Err(FileErrors::new(file, errors.0)),
        }
    }
}

fn read(errors: &mut Errors, path: &str, root: &Node) -> Option<Description> {
    let fields = errors.fields(root, "a target description", &FIELDS)?;
    let name = errors.required(&fields, "name", "a target description").and_then(|node| errors.text(node, "`name`"));
    let mut description = Description { path: path.to_owned(), ..Description::default() };
    description.version = text(errors, &fields, "version");
    description.endpoint = text(errors, &fields, "endpoint");
    if let Some(fields) = part(errors, &fields, "regions") {
        [description.region, description.second_region] = PAIR_FIELDS.map(|field| region(errors, &fields, field));
        differ(errors, &fields, "Region");
    }
    if let Some(fields) = part(errors, &fields, "accounts") {
        [description.profile, description.second_profile] = PAIR_FIELDS.map(|field| text(errors, &fields, field));
        differ(errors, &fields, "profile");
    }
    if let Some(node) = fields.get("capabilities") {
        description.capabilities = capabilities(errors, node).unwrap_or_default();
        let (regions, accounts) = (description.second_region.is_some(), description.second_profile.is_some());
        contradiction(errors, node, "second_region", "regions.second", regions);
        contradiction(errors, node, "second_account", "accounts.second", accounts);
    }
    if let Some(node) = fields.get("pacing") {
        pacing(errors, node, &mut description);
    }
    description.name = name?.trim().to_owned();
    Some(description)
}

fn part<'n>(errors: &mut Errors, fields: &Fields<'n>, field: &str) -> Option<Fields<'n>> {
    errors.fields(fields.get(field)?, &format!("`{field}`"), &PAIR_FIELDS)
}

fn text(errors: &mut Errors, fields: &Fields<'_>, field: &str) -> Option<String> {
    let text = errors.text(fields.get(field)?, &format!("`{field}`"))?;
    Some(text.trim().to_owned())
}

fn region(errors: &mut Errors, fields: &Fields<'_>, field: &str) -> Option<Region> {
    let node = fields.get(field)?;
    let text = errors.text(node, &format!("`{field}`"))?;
    let region = Region::from_str(text).ok();
    if region.is_none() {
        let message = format!("`{text}` is not a Region");
        errors.report(Diagnostic::new(node.span.clone(), message).help("write its name, such as `us-east-1`"));
    }
    region
}

/// A second Region or account that is the first one makes scenarios about two of them meaningless.
fn differ(errors: &mut Errors, fields: &Fields<'_>, what: &str) {
    if let (Some(first), Some(second)) = (fields.get("first"), fields.get("second"))
        && first.value == second.value
    {
        let message = format!("the second {what} is the first one");
        errors.report(Diagnostic::new(second.span.clone(), message).help("name another one, or leave `second` out"));
    }
}

fn contradiction(errors: &mut Errors, capabilities: &Node, field: &str, other: &str, given: bool) {
    let YamlValue::Mapping(entries) = &capabilities.value else { return };
    let denied = entries.iter().find(|(key, node)| key.name == field && node.value == YamlValue::Bool(false));
    if let Some((_, node)) = denied.filter(|_| given) {
        let message = format!("`{field}` is false, but `{other}` names one");
        errors.report(Diagnostic::new(node.span.clone(), message).help("keep one of the two"));
    }
}

fn capabilities(errors: &mut Errors, node: &Node) -> Option<Capabilities> {
    let fields = errors.fields(node, "`capabilities`", &CAPABILITY_FIELDS)?;
    let offers = operations(errors, &fields, "offers");
    let lacks = operations(errors, &fields, "lacks");
    for (operation, node) in &lacks {
        if offers.contains_key(operation) {
            let message = format!("{operation} is said to be offered and to be lacking");
            errors.report(Diagnostic::new(node.span.clone(), message).help("keep it in one of the two lists"));
        }
    }
    let clock = fields.get("clock").and_then(|node| errors.name(node, &DeclaredClock::ALL, "`clock`"));
    Some(Capabilities {
        offers: offers.into_keys().collect(),
        lacks: lacks.into_keys().collect(),
        clock,
        second_region: truth(errors, &fields, "second_region"),
        second_account: truth(errors, &fields, "second_account"),
    })
}

fn operations<'n>(errors: &mut Errors, fields: &Fields<'n>, field: &str) -> BTreeMap<Operation, &'n Node> {
    let items = fields.get(field).and_then(|node| errors.list(node, &format!("`{field}`"))).unwrap_or_default();
    items.iter().filter_map(|node| Some((errors.name(node, Operation::ALL, "an operation")?, node))).collect()
}

fn truth(errors: &mut Errors, fields: &Fields<'_>, field: &str) -> Option<bool> {
    let node = fields.get(field)?;
    if let YamlValue::Bool(truth) = node.value {
        return Some(truth);
    }
    let message = format!("`{field}` is {}, but must be true or false", node.kind());
    errors.report(Diagnostic::new(node.span.clone(), message).help("write `true` or `false`"));
    None
}

fn pacing(errors: &mut Errors, node: &Node, description: &mut Description) -> Option<()> {
    if let YamlValue::String(name) = &node.value {
        description.rates.operations = named_rates(errors, node, name, "`pacing`")?;
        return Some(());
    }
    let fields = errors.fields(node, "`pacing`", &PACING_FIELDS)?;
    description.rates.overall = fields.get("per_second").and_then(|node| rate(errors, node, "`per_second`"));
    if let Some(node) = fields.get("operations") {
        description.rates.operations = match &node.value {
            YamlValue::String(name) => named_rates(errors, node, name, "`operations`").unwrap_or_default(),
            _ => {
                let entries = errors.mapping(node, "`operations`").unwrap_or_default();
                entries.iter().filter_map(|entry| own_rate(errors, entry)).collect()
            }
        };
    }
    description.concurrent_tests = fields.get("concurrent_tests").and_then(|node| count(errors, node));
    description.timeout = duration(errors, &fields, "timeout");
    description.max_wait = duration(errors, &fields, "max_wait");
    Some(())
}

fn named_rates(errors: &mut Errors, node: &Node, name: &str, what: &str) -> Option<BTreeMap<Operation, Rate>> {
    if name == AWS_RATES {
        return Some(Rates::aws_operations());
    }
    let help = format!("write `{AWS_RATES}` for the rates that AWS documents, or a mapping");
    errors.report(Diagnostic::new(node.span.clone(), format!("{what} cannot be `{name}`")).help(help));
    None
}

fn own_rate(errors: &mut Errors, (key, node): &(Key, Node)) -> Option<(Operation, Rate)> {
    let Ok(operation) = Operation::from_str(&key.name) else {
        let help = suggestion(&key.name, Operation::ALL.iter().map(|operation| operation.as_str()));
        let message = format!("there is no operation `{}`", key.name);
        errors.report(Diagnostic::new(key.span.clone(), message).help(help));
        return None;
    };
    Some((operation, rate(errors, node, &format!("the rate of {operation}"))?))
}

fn rate(errors: &mut Errors, node: &Node, what: &str) -> Option<Rate> {
    let rate = match &node.value {
        YamlValue::Number(number) => number.as_f64().and_then(Rate::new),
        _ => None,
    };
    if rate.is_none() {
        let message = format!("{what} is not a number of calls per second");
        let help = format!("write a number from {} to {}, such as `20` or `0.25`", Rate::MIN, Rate::MAX);
        errors.report(Diagnostic::new(node.span.clone(), message).help(help));
    }
    rate
}

fn count(errors: &mut Errors, node: &Node) -> Option<NonZeroUsize> {
    let number = errors.whole_number(node, "`concurrent_tests`")?;
    let count = NonZeroUsize::new(number);
    if count.is_none() {
        let message = "without a test at a time no test would run";
        errors.report(Diagnostic::new(node.span.clone(), message).help("write `1` or more"));
    }
    count
}

fn duration(errors: &mut Errors, fields: &Fields<'_>, field: &str) -> Option<SignedDuration> {
    let node = fields.get(field)?;
    let duration = errors.duration(node, &format!("`{field}`"))?;
    if duration.is_negative() {
        let message = format!("`{field}` is negative");
        errors.report(Diagnostic::new(node.span.clone(), message).help("leave the sign out"));
        return None;
    }
    Some(duration)
}
