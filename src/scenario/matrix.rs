//! The cases of a scenario: combinations of its matrix variables, their names, and putting them in place.

use super::diagnostic::Diagnostic;
use super::reader::Errors;
use super::yaml::{Node, Value};

/// One combination of values, in the order in which the matrix names its variables.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case(pub(crate) Vec<(String, Value)>);

/// Reads `matrix`. Without one, there is a single case without variables.
pub(crate) fn read(errors: &mut Errors, node: Option<&Node>) -> Vec<Case> {
    let Some(node) = node else { return vec![Case(Vec::new())] };
    let rows: Vec<&Node> = match &node.value {
        Value::Sequence(rows) => rows.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Mapping(_) => vec![node],
    };
    let cases: Vec<Case> = rows.iter().flat_map(|row| read_row(errors, row)).collect();
    if let [first, rest @ ..] = cases.as_slice() {
        let names = |case: &Case| case.0.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        if rest.iter().any(|case| names(case) != names(first)) {
            let help = format!("give every row the variables {}, in this order", names(first).join(", "));
            errors.report(Diagnostic::new(node.span.clone(), "the rows name different variables").help(help));
        }
        for (position, case) in cases.iter().enumerate() {
            if cases[..position].contains(case) {
                let message = format!("two rows give the same case {case}");
                errors.report(Diagnostic::new(node.span.clone(), message).help("take one of them out"));
            }
        }
    } else if errors.0.is_empty() {
        errors.report(Diagnostic::new(node.span.clone(), "the matrix is empty").help("leave `matrix` out"));
    }
    cases
}

fn read_row(errors: &mut Errors, row: &Node) -> Vec<Case> {
    let Some(variables) = errors.mapping(row, "a row of the matrix") else { return Vec::new() };
    let mut cases = vec![Case(Vec::new())];
    for (key, node) in variables {
        let values: Vec<&Node> = match &node.value {
            Value::Sequence(items) => items.iter().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Mapping(_) => vec![node],
        };
        for value in values.iter().filter(|value| !matches!(value.value, Value::String(_) | Value::Number(_))) {
            let message = format!("a matrix value is {}, but must be text or a number", value.kind());
            errors.report(Diagnostic::new(value.span.clone(), message).help("put it in quotes"));
        }
        let with = |case: &Case, value: &Node| {
            let mut variables = case.0.clone();
            variables.push((key.name.clone(), value.value.clone()));
            Case(variables)
        };
        cases = cases.iter().flat_map(|case| values.iter().map(move |value| with(case, value))).collect();
    }
    cases
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
        f.write_str(&pairs.join(","))
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Sequence(_) | Value::Mapping(_) => String::new(),
    }
}

/// What tells the cases apart, for test names: variables that follow from those before them are left out.
pub(crate) fn labels(cases: &[Case]) -> Vec<String> {
    let width = cases.first().map_or(0, |case| case.0.len());
    let mut telling: Vec<usize> = Vec::new();
    for position in 0..width {
        let same = |a: &Case, b: &Case, at: usize| a.0.get(at).map(|(_, v)| v) == b.0.get(at).map(|(_, v)| v);
        let tells = cases
            .iter()
            .enumerate()
            .any(|(i, a)| cases[..i].iter().any(|b| telling.iter().all(|at| same(a, b, *at)) && !same(a, b, position)));
        if tells {
            telling.push(position);
        }
    }
    let label = |case: &Case| Case(telling.iter().filter_map(|at| case.0.get(*at).cloned()).collect()).to_string();
    cases.iter().map(label).collect()
}

/// The tree with the case's values in the place of its variables. A lone `${name}` takes the value's type.
pub(crate) fn substitute(node: &Node, case: &Case) -> Node {
    let value = match &node.value {
        Value::String(text) => substitute_text(text, case),
        Value::Sequence(items) => Value::Sequence(items.iter().map(|item| substitute(item, case)).collect()),
        Value::Mapping(entries) => {
            Value::Mapping(entries.iter().map(|(key, value)| (key.clone(), substitute(value, case))).collect())
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain.clone(),
    };
    Node { span: node.span.clone(), value }
}

fn substitute_text(text: &str, case: &Case) -> Value {
    let mut text = text.to_owned();
    for (name, value) in &case.0 {
        let reference = format!("${{{name}}}");
        if text == reference {
            return value.clone();
        }
        text = text.replace(&reference, &plain(value));
    }
    Value::String(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(yaml: &str) -> Vec<Case> {
        let mut errors = Errors::default();
        let cases = read(&mut errors, Some(&Node::parse(yaml).unwrap()));
        assert_eq!(errors.0, []);
        cases
    }

    #[test]
    fn rows_expand_to_every_combination() {
        let cases = cases("- { a: [1, 2], b: [x, y] }\n- { a: 3, b: x }\n");
        assert_eq!(labels(&cases), ["a=1,b=x", "a=1,b=y", "a=2,b=x", "a=2,b=y", "a=3,b=x"]);
    }

    #[test]
    fn a_variable_that_follows_from_others_is_left_out_of_the_name() {
        let cases = cases("- { spec: SYM, usage: ENC }\n- { spec: [H1, H2], usage: MAC }\n");
        assert_eq!(labels(&cases), ["spec=SYM", "spec=H1", "spec=H2"]);
    }

    #[test]
    fn a_lone_variable_keeps_its_type() {
        let case = Case(vec![("n".into(), Value::Number(3.into()))]);
        let node = Node::parse("['${n}', 'x${n}', '${other}']").unwrap();
        let Value::Sequence(items) = substitute(&node, &case).value else { panic!("a list") };
        let values: Vec<Value> = items.into_iter().map(|item| item.value).collect();
        assert_eq!(values, [Value::Number(3.into()), Value::String("x3".into()), Value::String("${other}".into())]);
    }
}
