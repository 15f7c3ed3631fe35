//! What names mean at a place in a scenario: answers bound so far, variables, material; and what has been witnessed.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::expr::Reference;
use crate::kms::Operation;
use crate::kms::shapes::{self, Kind, Shape};
use crate::material::Recipe;
use crate::target::Client;

/// The names known at a step.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) answers: IndexMap<String, Operation>,
    pub(crate) variables: HashSet<String>,
    pub(crate) material: IndexMap<String, Recipe>,
    pub(crate) clients: IndexMap<String, Client>,
    /// Bindings of observed calls, which may have been refused.
    pub(crate) observed: HashSet<String>,
    /// Bindings of `CreateKey` whose `KeyState` an earlier step has looked at.
    pub(crate) witnessed: HashSet<String>,
}

/// Why a reference means nothing, and the names that would.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unresolved {
    pub(crate) message: String,
    pub(crate) found: String,
    pub(crate) candidates: Vec<String>,
}

/// The member of an answer that `${k.…}` starts from: for an operation that makes a key, the key.
pub(crate) fn root_of(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::CreateKey => Some("KeyMetadata"),
        Operation::ReplicateKey => Some("ReplicaKeyMetadata"),
        _ => None,
    }
}

impl Scope {
    /// Whether a name means something already.
    pub(crate) fn is_taken(&self, name: &str) -> bool {
        self.answers.contains_key(name) || self.variables.contains(name) || self.clients.contains_key(name)
    }

    /// Resolves the text between `${` and `}`.
    pub(crate) fn resolve(&self, text: &str) -> Result<Reference, Unresolved> {
        let mut segments = text.split('.').map(str::to_owned);
        let name = segments.next().unwrap_or_default();
        let path: Vec<String> = segments.collect();
        if let Some(operation) = self.answers.get(&name) {
            return resolve_answer(name, *operation, path);
        }
        if self.clients.contains_key(&name) {
            return match path.as_slice() {
                [member] if member == "account" => Ok(Reference::Account(Some(name))),
                [member] if member == "region" => Ok(Reference::Region(Some(name))),
                _ => Err(Unresolved {
                    message: format!("`{name}` is a client, of which only account and Region can be named"),
                    found: path.join("."),
                    candidates: vec!["account".to_owned(), "region".to_owned()],
                }),
            };
        }
        match name.as_str() {
            "account" if path.is_empty() => Ok(Reference::Account(None)),
            "region" if path.is_empty() => Ok(Reference::Region(None)),
            _ if path.is_empty() && self.variables.contains(&name) => Ok(Reference::Variable(name)),
            _ => Err(self.unknown(name)),
        }
    }

    fn unknown(&self, name: String) -> Unresolved {
        let mut candidates: Vec<String> = self.answers.keys().chain(&self.variables).cloned().collect();
        candidates.extend(["account".to_owned(), "region".to_owned()]);
        Unresolved { message: format!("no earlier step has bound `{name}`"), found: name, candidates }
    }
}

fn resolve_answer(binding: String, operation: Operation, mut path: Vec<String>) -> Result<Reference, Unresolved> {
    if path.first().is_some_and(|first| first == "request") {
        path.remove(0);
        descend(shapes::input(operation), &path)?;
        return Ok(Reference::Request { binding, path });
    }
    if let Some(root) = root_of(operation) {
        path.insert(0, root.to_owned());
    }
    descend(shapes::output(operation), &path)?;
    Ok(Reference::Answer { binding, path })
}

/// The shape at a path of member names and list indices.
pub(crate) fn descend<'s>(shape: &'s Shape, path: &[String]) -> Result<&'s Shape, Unresolved> {
    let Some((first, rest)) = path.split_first() else { return Ok(shape) };
    let inner = match shape.kind {
        Kind::Structure => shape.member(first),
        Kind::List => first.parse::<usize>().ok().and_then(|_| shape.element()),
        Kind::Map => shape.map_value(),
        Kind::String | Kind::Blob | Kind::Timestamp | Kind::Integer | Kind::Boolean => None,
    };
    let unresolved = || {
        let candidates =
            if shape.kind == Kind::List { vec!["0".to_owned()] } else { shape.members.keys().cloned().collect() };
        Unresolved { message: format!("there is no member `{first}` here"), found: first.clone(), candidates }
    };
    descend(inner.ok_or_else(unresolved)?, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After steps that bound `k`, `r`, `l` and `e` to answers and `at` to a value, with a client `west`.
    fn scope() -> Scope {
        let mut scope = Scope::default();
        let operations = [Operation::CreateKey, Operation::ReplicateKey, Operation::ListKeys, Operation::Encrypt];
        scope.answers.extend(["k", "r", "l", "e"].map(str::to_owned).into_iter().zip(operations));
        scope.variables.insert("at".into());
        scope.clients.insert("west".into(), Client { other_region: true, ..Client::default() });
        scope
    }

    #[test]
    fn references_are_checked_against_the_shapes() {
        let path = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
        let answer = |name: &str, of: &str| Reference::Answer { binding: name.into(), path: path(of) };
        let request = |name: &str, of: &str| Reference::Request { binding: name.into(), path: path(of) };
        let cases = [
            ("k.KeyId", answer("k", "KeyMetadata.KeyId")),
            ("r.KeyId", answer("r", "ReplicaKeyMetadata.KeyId")),
            ("l.Keys.0.KeyArn", answer("l", "Keys.0.KeyArn")),
            ("k.request.Origin", request("k", "Origin")),
            ("e.request.EncryptionContext.whatever", request("e", "EncryptionContext.whatever")),
            ("at", Reference::Variable("at".into())),
            ("account", Reference::Account(None)),
            ("region", Reference::Region(None)),
            ("west.account", Reference::Account(Some("west".into()))),
            ("west.region", Reference::Region(Some("west".into()))),
        ];
        for (text, reference) in cases {
            assert_eq!(scope().resolve(text), Ok(reference), "{text}");
        }
    }

    #[test]
    fn a_reference_to_nothing_is_refused_with_what_there_is() {
        let cases = [
            ("k.Keyid", "Keyid", "KeyId"),
            ("k.KeyMetadata", "KeyMetadata", "KeyId"),
            ("k.request.KeyId", "KeyId", "Origin"),
            ("l.Keys.first", "first", "0"),
            ("x.KeyId", "x", "k"),
            ("x", "x", "at"),
            ("at.member", "at", "at"),
            ("account.member", "account", "region"),
            ("region.member", "region", "account"),
            ("west", "", "account"),
            ("west.partition", "partition", "region"),
        ];
        for (text, found, candidate) in cases {
            let unresolved = scope().resolve(text).expect_err(text);
            assert_eq!(unresolved.found, found, "{text}");
            assert!(unresolved.candidates.iter().any(|name| name == candidate), "{text}: {unresolved:?}");
        }
        let inside_a_text = scope().resolve("k.KeyId.first").expect_err("a text has no members");
        assert_eq!(inside_a_text.candidates, Vec::<String>::new());
    }

    #[test]
    fn a_name_means_one_thing() {
        for name in ["k", "at", "west"] {
            assert!(scope().is_taken(name), "{name}");
        }
        assert!(!scope().is_taken("new"));
    }
}
