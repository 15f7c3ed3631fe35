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

    #[test]
    fn references_are_checked_against_the_shapes() {
        let mut scope = Scope::default();
        scope.answers.insert("k".into(), Operation::CreateKey);
        scope.answers.insert("l".into(), Operation::ListKeys);
        let path = ["KeyMetadata".to_owned(), "KeyId".to_owned()].to_vec();
        assert_eq!(scope.resolve("k.KeyId"), Ok(Reference::Answer { binding: "k".into(), path }));
        assert!(scope.resolve("l.Keys.0.KeyArn").is_ok());
        assert!(scope.resolve("k.request.Origin").is_ok());
        assert_eq!(scope.resolve("account"), Ok(Reference::Account(None)));
        scope.clients.insert("west".into(), Client { other_region: true, ..Client::default() });
        assert_eq!(scope.resolve("west.region"), Ok(Reference::Region(Some("west".into()))));
        assert!(scope.resolve("west").is_err());
        assert_eq!(scope.resolve("k.Keyid").unwrap_err().found, "Keyid");
        assert_eq!(scope.resolve("x.KeyId").unwrap_err().found, "x");
        assert!(scope.resolve("l.Keys.first").is_err());
    }
}
