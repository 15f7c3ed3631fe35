//! Reading expectations, checked against the API's shapes.

use regex::Regex;

use super::diagnostic::{Diagnostic, suggestion};
use super::expr::Expr;
use super::matcher::Matcher;
use super::parse_value::{Values, operator};
use super::yaml::{Key, Node, Value};
use crate::kms::shapes::{Kind, Shape};
use crate::kms::{MacAlgorithm, SigningAlgorithm};

/// The operators of expectations.
pub(crate) const MATCHERS: [&str; 14] = [
    "$absent",
    "$present",
    "$not",
    "$one_of",
    "$same_items",
    "$contains",
    "$matches",
    "$starts_with",
    "$length",
    "$near",
    "$rsa_public_key",
    "$public_key_of",
    "$mac_by",
    "$signature_by",
];

impl Values<'_> {
    /// Reads an expectation of a member of this shape.
    pub(crate) fn matcher(&mut self, node: &Node, shape: Option<&Shape>) -> Option<Matcher> {
        if let Some(operator) = operator(node) {
            return self.operator(node, operator, shape);
        }
        match (&node.value, shape.map(|shape| shape.kind)) {
            (Value::Mapping(entries), Some(Kind::Structure)) => self.members(entries, shape?),
            (Value::Mapping(entries), Some(Kind::Map) | None) => {
                let inner = shape.and_then(Shape::map_value);
                let members = entries.iter().map(|(key, node)| Some((key.name.clone(), self.matcher(node, inner)?)));
                Some(Matcher::Object(members.collect::<Option<_>>()?))
            }
            (Value::Sequence(items), Some(Kind::List) | None) => {
                let inner = shape.and_then(Shape::element);
                let items = items.iter().map(|item| self.matcher(item, inner));
                Some(Matcher::List(items.collect::<Option<_>>()?))
            }
            (Value::Null, _) => self.null(node),
            _ => self.value(node, shape).map(Matcher::Equals),
        }
    }

    fn members(&mut self, entries: &[(Key, Node)], shape: &Shape) -> Option<Matcher> {
        let mut members = Vec::new();
        for (key, node) in entries {
            match shape.member(&key.name) {
                Some(inner) => members.push(self.matcher(node, Some(inner)).map(|m| (key.name.clone(), m))),
                None => {
                    self.unknown_member(key, shape);
                    members.push(None);
                }
            }
        }
        Some(Matcher::Object(members.into_iter().collect::<Option<_>>()?))
    }

    fn null(&mut self, node: &Node) -> Option<Matcher> {
        let help = "write `{ $absent: true }`, or what the member must be";
        self.errors.report(Diagnostic::new(node.span.clone(), "nothing is expected of this member").help(help));
        None
    }

    fn operator(&mut self, node: &Node, operator: &Key, shape: Option<&Shape>) -> Option<Matcher> {
        let name = operator.name.as_str();
        let extra: &[&str] = match name {
            "$near" => &["within"],
            "$mac_by" | "$signature_by" => &["message", "algorithm"],
            _ if MATCHERS.contains(&name) => &[],
            _ => return self.not_a_matcher(node, operator, shape),
        };
        let known: Vec<&str> = std::iter::once(name).chain(extra.iter().copied()).collect();
        let fields = self.errors.fields(node, &format!("`{name}`"), &known)?;
        let argument = fields.get(name)?;
        match name {
            "$absent" => self.flag(argument, Matcher::Absent),
            "$present" => self.flag(argument, Matcher::Present),
            "$not" => self.value(argument, shape).map(Matcher::Not),
            "$one_of" => self.values(argument, shape, name).map(Matcher::OneOf),
            "$same_items" => self.values(argument, shape.and_then(Shape::element), name).map(Matcher::SameItems),
            "$contains" => {
                self.matcher(argument, shape.and_then(Shape::element)).map(|m| Matcher::Contains(Box::new(m)))
            }
            "$matches" => self.regex(argument),
            "$starts_with" => {
                let text = self.errors.text(argument, "`$starts_with`")?.to_owned();
                self.template(argument, &text).map(|template| Matcher::StartsWith(Expr::Template(template)))
            }
            "$length" => self.length(argument),
            "$near" => {
                let offset = self.errors.duration(argument, "`$near`")?;
                let within = self.errors.required(&fields, "within", "`$near`")?;
                Some(Matcher::Near { offset, within: self.errors.duration(within, "`within`")? })
            }
            "$rsa_public_key" => self.errors.whole_number(argument, name).map(Matcher::RsaPublicKey),
            "$public_key_of" => self.material(argument).map(Matcher::PublicKeyOf),
            _ => {
                let material = self.material(argument)?;
                let message = self.errors.required(&fields, "message", &format!("`{name}`"))?;
                let message = self.value(message, Some(&Shape::of(Kind::Blob)))?;
                let algorithm = self.errors.required(&fields, "algorithm", &format!("`{name}`"))?;
                if name == "$signature_by" {
                    let algorithm = self.errors.name(algorithm, SigningAlgorithm::ALL, "`algorithm`")?;
                    return Some(Matcher::SignatureBy { material, message, algorithm });
                }
                let algorithm = self.errors.name(algorithm, MacAlgorithm::ALL, "`algorithm`")?;
                Some(Matcher::MacBy { material, message, algorithm })
            }
        }
    }

    /// Operators of values stand for what they make; anything else is a slip.
    fn not_a_matcher(&mut self, node: &Node, operator: &Key, shape: Option<&Shape>) -> Option<Matcher> {
        let values = super::parse_value::OPERATORS.map(|(name, _)| name);
        if operator.name == "$raw" || values.contains(&operator.name.as_str()) {
            return self.value(node, shape).map(Matcher::Equals);
        }
        let help = suggestion(&operator.name, MATCHERS);
        let message = format!("there is no matcher `{}`", operator.name);
        self.errors.report(Diagnostic::new(operator.span.clone(), message).help(help));
        None
    }

    fn flag(&mut self, node: &Node, matcher: Matcher) -> Option<Matcher> {
        if node.value == Value::Bool(true) {
            return Some(matcher);
        }
        let help = "write `true`; for the opposite, use the other of `$absent` and `$present`";
        self.errors.report(Diagnostic::new(node.span.clone(), "this can only be `true`").help(help));
        None
    }

    fn values(&mut self, node: &Node, shape: Option<&Shape>, name: &str) -> Option<Vec<Expr>> {
        let items = self.errors.list(node, &format!("`{name}`"))?;
        items.iter().map(|item| self.value(item, shape)).collect()
    }

    fn regex(&mut self, node: &Node) -> Option<Matcher> {
        let text = self.errors.text(node, "`$matches`")?;
        match Regex::new(text) {
            Ok(regex) => Some(Matcher::Matches(regex)),
            Err(error) => {
                let message =
                    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                let message = format!("not a regular expression: {message}");
                let help = "mind that `\\` is doubled in double quotes; single quotes take it as it is";
                self.errors.report(Diagnostic::new(node.span.clone(), message).help(help));
                None
            }
        }
    }

    fn length(&mut self, node: &Node) -> Option<Matcher> {
        if matches!(node.value, Value::Number(_)) {
            let exact = self.errors.whole_number(node, "`$length`")?;
            return Some(Matcher::Length { min: exact, max: exact });
        }
        let fields = self.errors.fields(node, "`$length`", &["min", "max"])?;
        let mut bound = |name, otherwise| match fields.get(name) {
            Some(node) => self.errors.whole_number(node, name),
            None => Some(otherwise),
        };
        Some(Matcher::Length { min: bound("min", 0)?, max: bound("max", usize::MAX)? })
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{SourceFile, parse};

    /// What is said of an expectation of DescribeKey's `KeyMetadata`; nothing, where it has no mistake.
    fn mistake(expectation: &str) -> String {
        let text = format!(
            "name: a test\nwhy: to test\nmaterial: {{ m: HMAC_256 }}\nsteps:\n  - DescribeKey: {{ KeyId: k }}\n    \
             expect: {{ KeyMetadata: {{ {expectation} }} }}\n    checks: CRE-EXT-STATE\n"
        );
        let file = SourceFile { path: "test.yaml".into(), text };
        parse("test/mistake", file).map_or_else(|errors| errors.to_string(), |_| String::new())
    }

    #[test]
    fn an_expectation_that_could_hold_of_anything_or_nothing_is_refused() {
        let cases = [
            ("KeyState: ~", "nothing is expected of this member"),
            ("KeyState: { $oneof: [Enabled] }", "there is no matcher `$oneof`"),
            ("KeyState: { $text: Enabled }", "this is a mapping, but must be text"),
            ("KeyState: { $present: false }", "this can only be `true`"),
            ("KeyState: { $absent: false }", "this can only be `true`"),
            ("KeyState: { $one_of: Enabled }", "`$one_of` is text, but must be a list"),
            ("KeyState: { $one_of: [Enabld] }", "`Enabld` is not a value of AWS's"),
            ("KeyState: { $not: Enabld }", "`Enabld` is not a value of AWS's"),
            ("KeyState: { $matches: '(' }", "not a regular expression"),
            ("KeyStates: Enabled", "no member `KeyStates` here"),
            ("MacAlgorithms: [HMAC_SHA_257]", "`HMAC_SHA_257` is not a value of AWS's"),
            ("MacAlgorithms: { $contains: HMAC_SHA_257 }", "`HMAC_SHA_257` is not a value of AWS's"),
            ("ValidTo: { $near: +1h }", "`$near` has no `within`"),
            ("Description: { $length: { least: 1 } }", "`$length` has no field `least`"),
            ("Description: { $length: some }", "`$length` is text, but must be a mapping"),
            ("Description: { $public_key_of: n }", "no material is called `n`"),
            ("Description: { $mac_by: m, message: aGk= }", "`$mac_by` has no `algorithm`"),
            ("Description: { $mac_by: m, message: hi, algorithm: HMAC_SHA_256 }", "this is not base64"),
            ("Description: { $signature_by: m, message: aGk=, algorithm: HMAC_SHA_256 }", "`algorithm` cannot be"),
        ];
        for (expectation, expected) in cases {
            let mistake = mistake(expectation);
            assert!(mistake.contains(expected), "{expectation} is said to be: {mistake}");
        }
        assert_eq!(mistake("KeyState: Enabled, Description: { $raw: ~ }, ValidTo: { $now: +1h }"), "");
    }
}
