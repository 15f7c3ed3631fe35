//! Reading a scenario file: its head, its material, and its steps once per case of the matrix.

use std::sync::Arc;

use indexmap::IndexMap;

use super::diagnostic::{Diagnostic, FileErrors, SourceFile, suggestion};
use super::matrix::{self, Case};
use super::parse_step::Steps;
use super::reader::{Errors, Fields};
use super::scope::Scope;
use super::yaml::{Node, Value};
use super::{Scenario, Test};
use crate::kms::KeySpec;
use crate::material::{Form, Recipe};
use crate::target::Client;

/// The fields of a scenario file.
pub(crate) const FILE_FIELDS: [&str; 6] = ["name", "why", "matrix", "material", "clients", "steps"];
/// The fields of a client; each can only be `other`.
pub(crate) const CLIENT_FIELDS: [&str; 2] = ["account", "region"];
/// The fields of material's long form.
pub(crate) const MATERIAL_FIELDS: [&str; 3] = ["for", "form", "length"];

/// Reads a scenario called `name`, a path such as `import_token/random`, and expands its matrix.
///
/// # Errors
/// All the mistakes of the file, each with its place and what to write instead.
pub fn parse(name: &str, file: SourceFile) -> Result<Vec<Test>, FileErrors> {
    let file = Arc::new(file);
    let mut errors = Errors::default();
    let tests = match Node::parse(&file.text) {
        Ok(root) => read(&mut errors, name, &file, &root),
        Err(diagnostic) => {
            errors.report(diagnostic);
            None
        }
    };
    match tests {
        Some(tests) if errors.0.is_empty() => Ok(tests),
        _ => Err(FileErrors::new(file, errors.0)),
    }
}

fn read(errors: &mut Errors, name: &str, file: &Arc<SourceFile>, root: &Node) -> Option<Vec<Test>> {
    let fields = errors.fields(root, "a scenario", &FILE_FIELDS)?;
    let scenario = head(errors, name, file, &fields);
    let cases = matrix::read(errors, fields.get("matrix"));
    let labels = matrix::labels(&cases);
    unused_variables(errors, &fields, &cases, &file.text);
    let clients = match fields.get("clients") {
        Some(node) => read_clients(errors, node),
        None => Some(IndexMap::new()),
    };
    let steps = errors.required(&fields, "steps", "a scenario")?;
    let tests: Vec<Option<Test>> = cases
        .iter()
        .zip(labels)
        .map(|(case, label)| {
            let material = fields.get("material").map(|node| matrix::substitute(node, case));
            let steps = matrix::substitute(steps, case);
            let clients = clients.clone()?;
            let (material, steps) = read_case(errors, file, material.as_ref(), &clients, &steps)?;
            let name = if label.is_empty() { name.to_owned() } else { format!("{name}[{label}]") };
            Some(Test { scenario: scenario.clone()?, name, material, clients, steps })
        })
        .collect();
    tests.into_iter().collect()
}

fn head(errors: &mut Errors, name: &str, file: &Arc<SourceFile>, fields: &Fields<'_>) -> Option<Arc<Scenario>> {
    let mut sentence = |field| {
        let node = errors.required(fields, field, "a scenario")?;
        errors.text(node, &format!("`{field}`")).map(|text| text.trim().to_owned())
    };
    let (title, why) = (sentence("name"), sentence("why"));
    let subject = name.split('/').next().unwrap_or(name).to_owned();
    Some(Arc::new(Scenario { name: name.to_owned(), subject, title: title?, why: why?, file: Arc::clone(file) }))
}

type Body = (IndexMap<String, Recipe>, Vec<super::Step>);

fn read_clients(errors: &mut Errors, node: &Node) -> Option<IndexMap<String, Client>> {
    let mut clients = IndexMap::new();
    for (key, node) in errors.mapping(node, "`clients`")? {
        let fields = errors.fields(node, "a client", &CLIENT_FIELDS)?;
        if !valid_name(&key.name) || ["account", "region"].contains(&key.name.as_str()) || fields.entries.is_empty() {
            let help = "write `name: { region: other }`, `name: { account: other }` or both";
            errors.report(Diagnostic::new(key.span.clone(), format!("`{}` is no client", key.name)).help(help));
            return None;
        }
        let client = Client {
            other_account: other(errors, fields.get("account"))?,
            other_region: other(errors, fields.get("region"))?,
        };
        clients.insert(key.name.clone(), client);
    }
    Some(clients)
}

fn other(errors: &mut Errors, node: Option<&Node>) -> Option<bool> {
    let Some(node) = node else { return Some(false) };
    if node.value == Value::String("other".to_owned()) {
        return Some(true);
    }
    let help = "write `other`: which one it is depends on the target";
    errors.report(Diagnostic::new(node.span.clone(), "this can only be `other`").help(help));
    None
}

fn read_case(
    errors: &mut Errors,
    file: &SourceFile,
    material: Option<&Node>,
    clients: &IndexMap<String, Client>,
    steps: &Node,
) -> Option<Body> {
    let material = match material {
        Some(node) => read_material(errors, node)?,
        None => IndexMap::new(),
    };
    let line = |offset| file.line(offset);
    let scope = Scope { material: material.clone(), clients: clients.clone(), ..Scope::default() };
    let nodes = errors.list(steps, "`steps`")?;
    if nodes.is_empty() {
        errors.report(Diagnostic::new(steps.span.clone(), "there are no steps").help("add a step"));
        return None;
    }
    let mut reader = Steps { errors, scope, line: &line };
    // A step that cannot be read binds nothing; what follows it would only repeat the mistake.
    let steps: Vec<super::Step> = nodes.iter().map_while(|node| reader.step(node)).collect();
    if steps.len() < nodes.len() {
        return None;
    }
    says_nothing(errors, &nodes[0], &steps);
    Some((material, steps))
}

/// A scenario that neither judges nor observes would always pass.
fn says_nothing(errors: &mut Errors, first: &Node, steps: &[super::Step]) {
    let says = |step: &super::Step| step.call().is_some_and(|call| call.rules().next().is_some());
    if !steps.iter().any(says) {
        let help = "add `checks:` or `observe:`, with a rule, to a step";
        errors.report(Diagnostic::new(first.span.clone(), "no step judges or observes a rule").help(help));
    }
}

fn read_material(errors: &mut Errors, node: &Node) -> Option<IndexMap<String, Recipe>> {
    let entries = errors.mapping(node, "`material`")?;
    let mut recipes = IndexMap::new();
    for (key, node) in entries {
        recipes.insert(key.name.clone(), recipe(errors, node));
    }
    recipes.into_iter().map(|(name, recipe)| Some((name, recipe?))).collect()
}

fn recipe(errors: &mut Errors, node: &Node) -> Option<Recipe> {
    let (spec, form, length) = match &node.value {
        Value::Mapping(_) => {
            let fields = errors.fields(node, "material", &MATERIAL_FIELDS)?;
            let spec = errors.required(&fields, "for", "material")?;
            (errors.name(spec, KeySpec::ALL, "`for`")?, form(errors, &fields)?, length(errors, &fields)?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Sequence(_) => {
            (errors.name(node, KeySpec::ALL, "material")?, None, None)
        }
    };
    match Recipe::new(spec, form, length) {
        Ok(recipe) => Some(recipe),
        Err(error) => {
            let help = "see \"material\" in scenarios/README.md for the forms of each KeySpec";
            errors.report(Diagnostic::new(node.span.clone(), error.to_string()).help(help));
            None
        }
    }
}

fn form(errors: &mut Errors, fields: &Fields<'_>) -> Option<Option<Form>> {
    let Some(node) = fields.get("form") else { return Some(None) };
    let text = errors.text(node, "`form`")?;
    match text.parse::<Form>() {
        Ok(form) => Some(Some(form)),
        Err(_) => {
            let help = suggestion(text, Form::ALL.iter().map(|form| form.as_str()));
            errors.report(Diagnostic::new(node.span.clone(), format!("`form` cannot be `{text}`")).help(help));
            None
        }
    }
}

fn length(errors: &mut Errors, fields: &Fields<'_>) -> Option<Option<usize>> {
    match fields.get("length") {
        Some(node) => errors.whole_number(node, "`length`").map(Some),
        None => Some(None),
    }
}

/// A variable that nothing uses makes tests that are copies of each other.
fn unused_variables(errors: &mut Errors, fields: &Fields<'_>, cases: &[Case], text: &str) {
    let (Some(node), Some(case)) = (fields.get("matrix"), cases.first()) else { return };
    for (name, _) in &case.0 {
        if !valid_name(name) {
            let help = "use lower-case letters, digits and `_`";
            errors.report(Diagnostic::new(node.span.clone(), format!("`{name}` cannot be a variable")).help(help));
        } else if !text.contains(&format!("${{{name}}}")) {
            let message = format!("the matrix variable `{name}` is not used");
            let help = format!("write `\"${{{name}}}\"` where its value belongs, or take it out");
            errors.report(Diagnostic::new(node.span.clone(), message).help(help));
        }
    }
}

/// Names of answers, variables and material.
pub(crate) fn valid_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
