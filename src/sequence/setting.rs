//! What every sequence may use: key material of each kind, and a client for the other Region.

use std::sync::Arc;

use indexmap::IndexMap;

use super::strategy::MATERIALS;
use super::write::OTHER_REGION;
use crate::material::Recipe;
use crate::model::Kind;
use crate::scenario::{Scenario, SourceFile, Test};
use crate::target::Client;

/// The head of a scenario whose steps are yet to be written.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) test: Test,
}

impl Setting {
    /// A setting with the materials of these kinds.
    pub(crate) fn new(name: &str, kinds: &[Kind], related: bool) -> Self {
        let kinds = kinds.iter().filter(|kind| **kind != Kind::Generated);
        let named = kinds.flat_map(|kind| (0..MATERIALS).map(|number| (kind.material(number), kind.spec())));
        let recipes = named.filter_map(|(name, spec)| Some((name, Recipe::new(spec, None, None).ok()?)));
        let other = Client { other_region: true, ..Client::default() };
        let clients = related.then(|| (OTHER_REGION.to_owned(), other));
        let file = SourceFile { path: String::new(), text: String::new() };
        let scenario = Scenario {
            name: name.to_owned(),
            subject: "sequences".to_owned(),
            title: name.to_owned(),
            why: String::new(),
            file: Arc::new(file),
        };
        let material: IndexMap<_, _> = recipes.collect();
        let clients = clients.into_iter().collect();
        Self {
            test: Test { scenario: Arc::new(scenario), name: name.to_owned(), material, clients, steps: Vec::new() },
        }
    }
}
