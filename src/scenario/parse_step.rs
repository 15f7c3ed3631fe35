//! Reading steps.

use super::diagnostic::{Diagnostic, alternatives, suggestion};
use super::expr::{Expr, Reference};
use super::file::valid_name;
use super::matcher::Matcher;
use super::parse_value::{Values, operator};
use super::reader::{Errors, Fields};
use super::scope::{Scope, descend, root_of};
use super::step::{Action, Call, Expected, Refusal, Role, Send, Step};
use super::yaml::{Key, Node, Value};
use crate::kms::shapes::{self, Shape};
use crate::kms::{ErrorCode, Operation};
use crate::rules::{self, Evidence, RuleId};

/// The fields that a call may have beside the operation's own name.
pub(crate) const CALL_FIELDS: [&str; 9] =
    ["as", "client", "send", "if_refused", "expect", "fails", "checks", "observe", "show"];
/// The fields of `send`.
pub(crate) const SEND_FIELDS: [&str; 3] = ["operation", "content_type", "body"];
/// Steps that call nothing.
pub(crate) const LOCAL_STEPS: [&str; 2] = ["advance", "set"];

/// Reads steps one after the other; each binds names for those that follow.
pub(crate) struct Steps<'a> {
    pub(crate) errors: &'a mut Errors,
    pub(crate) scope: Scope,
    /// Turns an offset into a line, counted from 1.
    pub(crate) line: &'a dyn Fn(usize) -> usize,
}

impl Steps<'_> {
    pub(crate) fn step(&mut self, node: &Node) -> Option<Step> {
        let entries = self.errors.mapping(node, "a step")?;
        let fields = Fields { span: node.span.clone(), entries };
        let line = (self.line)(fields.head().start);
        let action = if let Some(duration) = fields.get("advance") {
            self.errors.fields(node, "`advance`", &["advance"])?;
            Action::Advance(self.advance(duration)?)
        } else if let Some(names) = fields.get("set") {
            self.errors.fields(node, "`set`", &["set"])?;
            self.set(names)?
        } else {
            Action::Call(Box::new(self.call(&fields)?))
        };
        Some(Step { line, action })
    }

    fn values(&mut self) -> Values<'_> {
        Values { errors: self.errors, scope: &self.scope }
    }

    fn advance(&mut self, node: &Node) -> Option<jiff::SignedDuration> {
        let duration = self.errors.duration(node, "`advance`")?;
        if duration.is_positive() {
            return Some(duration);
        }
        let help = "write a positive duration: time only goes forwards";
        self.errors.report(Diagnostic::new(node.span.clone(), "`advance` must be positive").help(help));
        None
    }

    fn set(&mut self, node: &Node) -> Option<Action> {
        let mut bound = Vec::new();
        for (key, value) in self.errors.mapping(node, "`set`")? {
            let value = self.values().value(value, None);
            self.bind(key.span.clone(), &key.name)?;
            self.scope.variables.insert(key.name.clone());
            bound.push((key.name.clone(), value?));
        }
        Some(Action::Set(bound))
    }

    fn bind(&mut self, span: std::ops::Range<usize>, name: &str) -> Option<()> {
        let message = if !valid_name(name) || ["account", "region"].contains(&name) {
            format!("`{name}` cannot be a name")
        } else if self.scope.is_taken(name) {
            format!("`{name}` is bound already")
        } else {
            return Some(());
        };
        let help = "use another name, of lower-case letters, digits and `_`";
        self.errors.report(Diagnostic::new(span, message).help(help));
        None
    }

    fn call(&mut self, fields: &Fields<'_>) -> Option<Call> {
        let (operation, key, body) = self.operation(fields)?;
        let request = self.values().value(body, Some(shapes::input(operation)));
        let role = self.role(fields, operation);
        let binding = match fields.get("as") {
            Some(node) => {
                let name = self.errors.text(node, "`as`")?.to_owned();
                self.bind(node.span.clone(), &name)?;
                self.scope.answers.insert(name.clone(), operation);
                Some(name)
            }
            None => None,
        };
        let (client, if_refused, send) = (self.client(fields)?, self.if_refused(fields)?, self.send(fields)?);
        let call = Call { operation, request: request?, binding, client, send, if_refused, role: role? };
        if let Some(name) = call.binding.as_ref().filter(|_| matches!(call.role, Role::Observe { .. })) {
            self.scope.observed.insert(name.clone());
        }
        // `$raw` is exactly what it says.
        if operator(body).is_none() {
            self.require_members(&call, key);
        }
        self.require_witness(&call, key);
        self.note_witness(&call);
        Some(call)
    }

    fn client(&mut self, fields: &Fields<'_>) -> Option<Option<String>> {
        let Some(node) = fields.get("client") else { return Some(None) };
        let name = self.errors.text(node, "`client`")?;
        if self.scope.clients.contains_key(name) {
            return Some(Some(name.to_owned()));
        }
        let help = match self.scope.clients.is_empty() {
            true => format!("add `clients: {{ {name}: {{ region: other }} }}` to the scenario"),
            false => suggestion(name, self.scope.clients.keys().map(String::as_str)),
        };
        self.errors.report(Diagnostic::new(node.span.clone(), format!("no client is called `{name}`")).help(help));
        None
    }

    fn if_refused(&mut self, fields: &Fields<'_>) -> Option<Option<String>> {
        let Some(node) = fields.get("if_refused") else { return Some(None) };
        let name = self.errors.text(node, "`if_refused`")?;
        if self.scope.observed.contains(name) {
            return Some(Some(name.to_owned()));
        }
        let help = "name an earlier step that has both `observe` and `as`";
        let message = format!("no observed step is called `{name}`");
        self.errors.report(Diagnostic::new(node.span.clone(), message).help(help));
        None
    }

    fn send(&mut self, fields: &Fields<'_>) -> Option<Send> {
        let Some(node) = fields.get("send") else { return Some(Send::default()) };
        let fields = self.errors.fields(node, "`send`", &SEND_FIELDS)?;
        let mut text = |name| match fields.get(name) {
            Some(node) => self.errors.text(node, name).map(|text| Some(text.to_owned())),
            None => Some(None),
        };
        let (operation, content_type) = (text("operation")?, text("content_type")?);
        let body = match fields.get("body") {
            Some(node) => {
                let Value::String(text) = &node.value else {
                    let help = "put the body's text in quotes";
                    self.errors.report(Diagnostic::new(node.span.clone(), "`body` must be text").help(help));
                    return None;
                };
                Some(self.values().template(node, text)?)
            }
            None => None,
        };
        Some(Send { operation, content_type, body })
    }

    /// The one key of the step that names an operation.
    fn operation<'n>(&mut self, fields: &Fields<'n>) -> Option<(Operation, &'n Key, &'n Node)> {
        let mut found = None;
        for (key, node) in fields.entries.iter().filter(|(key, _)| !CALL_FIELDS.contains(&key.name.as_str())) {
            match key.name.parse::<Operation>() {
                Ok(operation) if found.is_none() => found = Some((operation, key, node)),
                Ok(_) => {
                    let help = "start a new step with `- `";
                    self.errors.report(Diagnostic::new(key.span.clone(), "a step makes one call").help(help));
                }
                Err(_) => {
                    let operations = Operation::ALL.iter().map(|operation| operation.as_str());
                    let names = operations.chain(CALL_FIELDS).chain(LOCAL_STEPS);
                    let message = format!("`{}` is neither an operation nor a field of a step", key.name);
                    let help = suggestion(&key.name, names);
                    self.errors.report(Diagnostic::new(key.span.clone(), message).help(help));
                    return None;
                }
            }
        }
        if found.is_none() {
            let help = "write what is called, such as `DescribeKey: { KeyId: \"${k.KeyId}\" }`";
            self.errors.report(Diagnostic::new(fields.head(), "this step calls no operation").help(help));
        }
        found
    }

    fn role(&mut self, fields: &Fields<'_>, operation: Operation) -> Option<Role> {
        self.errors.exclusive(fields, &["expect", "fails"]);
        if let Some(node) = fields.get("observe") {
            self.errors.exclusive(fields, &["observe", "checks", "expect", "fails"]);
            let rule = self.rule(node, |evidence| matches!(evidence, Evidence::Open))?;
            return Some(Role::Observe { rule, show: self.show(fields, operation)? });
        }
        if let Some(key) = fields.key("show") {
            let help = "add `observe:` with the open rule, or leave `show` out";
            self.errors.report(Diagnostic::new(key.span.clone(), "`show` needs `observe`").help(help));
        }
        if let Some((node, rules)) = fields.get("checks").and_then(|node| match &node.value {
            Value::Mapping(entries) => Some((node, entries)),
            _ => None,
        }) {
            self.errors.exclusive(fields, &["checks", "expect"]);
            self.errors.exclusive(fields, &["checks", "fails"]);
            return self.judgements(node, rules, operation).map(Role::Judge);
        }
        let expected = self.expected(fields, operation)?;
        match fields.get("checks") {
            None => Some(Role::Scene(expected)),
            Some(node) => Some(Role::Judge(vec![(self.rule(node, judged)?, expected)])),
        }
    }

    fn judgements(
        &mut self,
        node: &Node,
        rules: &[(Key, Node)],
        operation: Operation,
    ) -> Option<Vec<(RuleId, Expected)>> {
        if rules.is_empty() {
            let help = "name the rules that this step judges";
            self.errors.report(Diagnostic::new(node.span.clone(), "`checks` is empty").help(help));
            return None;
        }
        let mut judged_rules = Vec::new();
        for (key, expectation) in rules {
            let name = Node { span: key.span.clone(), value: Value::String(key.name.clone()) };
            let rule = self.rule(&name, judged);
            let matcher = self.values().matcher(expectation, Some(shapes::output(operation)));
            judged_rules.push(rule.zip(matcher).map(|(rule, matcher)| (rule, Expected::Success(Some(matcher)))));
        }
        judged_rules.into_iter().collect()
    }

    fn expected(&mut self, fields: &Fields<'_>, operation: Operation) -> Option<Expected> {
        if let Some(node) = fields.get("fails") {
            return self.refusal(node).map(|refusal| Expected::Refusal(Box::new(refusal)));
        }
        match fields.get("expect") {
            Some(node) => {
                self.values().matcher(node, Some(shapes::output(operation))).map(|m| Expected::Success(Some(m)))
            }
            None => Some(Expected::Success(None)),
        }
    }

    fn refusal(&mut self, node: &Node) -> Option<Refusal> {
        if !matches!(node.value, Value::Mapping(_)) {
            return Some(Refusal { codes: self.codes(node)?, status: None, message: None, body: None });
        }
        let fields = self.errors.fields(node, "`fails`", &["code", "status", "message", "body"])?;
        let code = self.errors.required(&fields, "code", "`fails`")?;
        let codes = self.codes(code)?;
        let status = match fields.get("status") {
            Some(node) => Some(u16::try_from(self.errors.whole_number(node, "`status`")?).unwrap_or(u16::MAX)),
            None => None,
        };
        let text = Shape::of(shapes::Kind::String);
        let message = match fields.get("message") {
            Some(node) => Some(self.values().matcher(node, Some(&text))?),
            None => None,
        };
        let body = match fields.get("body") {
            Some(node) => Some(self.values().matcher(node, None)?),
            None => None,
        };
        Some(Refusal { codes, status, message, body })
    }

    /// One exception, a list of them, or `any`: none in particular.
    fn codes(&mut self, node: &Node) -> Option<Vec<ErrorCode>> {
        match &node.value {
            Value::Sequence(items) => items.iter().map(|item| self.code(item)).collect(),
            Value::String(text) if text == "any" => Some(Vec::new()),
            _ => Some(vec![self.code(node)?]),
        }
    }

    fn code(&mut self, node: &Node) -> Option<ErrorCode> {
        let text = self.errors.text(node, "the exception")?;
        let code = ErrorCode::from_wire(text);
        if code.is_known() && code.as_str() == text {
            return Some(code);
        }
        let help = suggestion(text, ErrorCode::known());
        let message = format!("`{text}` is not an exception of KMS");
        self.errors.report(Diagnostic::new(node.span.clone(), message).help(help));
        None
    }

    fn rule(&mut self, node: &Node, fits: fn(Evidence) -> bool) -> Option<RuleId> {
        let text = self.errors.text(node, "the rule")?;
        let Some(rule) = rules::catalogue().get(text) else {
            let help = format!(
                "{} (`kms-conformance rules` prints them all)",
                suggestion(text, rules::catalogue().iter().map(|rule| rule.id.as_str()))
            );
            self.errors.report(Diagnostic::new(node.span.clone(), format!("there is no rule `{text}`")).help(help));
            return None;
        };
        if !fits(rule.evidence) {
            let (message, help) = match rule.evidence {
                Evidence::Open => ("is open: no source says what AWS does", "write `observe:` instead of `checks:`"),
                Evidence::Recorded | Evidence::Documented => ("is not open", "write `checks:` instead of `observe:`"),
            };
            self.errors.report(Diagnostic::new(node.span.clone(), format!("rule `{text}` {message}")).help(help));
            return None;
        }
        Some(rule.id.clone())
    }

    fn show(&mut self, fields: &Fields<'_>, operation: Operation) -> Option<Vec<Vec<String>>> {
        let Some(node) = fields.get("show") else { return Some(Vec::new()) };
        let items = match &node.value {
            Value::Sequence(items) => items.iter().collect(),
            _ => vec![node],
        };
        items.into_iter().map(|item| self.path(item, operation)).collect()
    }

    fn path(&mut self, node: &Node, operation: Operation) -> Option<Vec<String>> {
        let path: Vec<String> = self.errors.text(node, "the path")?.split('.').map(str::to_owned).collect();
        match descend(shapes::output(operation), &path) {
            Ok(_) => Some(path),
            Err(unresolved) => {
                let help = suggestion(&unresolved.found, unresolved.candidates.iter().map(String::as_str));
                self.errors.report(Diagnostic::new(node.span.clone(), unresolved.message).help(help));
                None
            }
        }
    }

    /// A call that is to succeed has all its members: one left out by mistake would be blamed on the target.
    fn require_members(&mut self, call: &Call, key: &Key) {
        let refused = match &call.role {
            Role::Scene(expected) => matches!(expected, Expected::Refusal(_)),
            Role::Judge(rules) => rules.iter().any(|(_, expected)| matches!(expected, Expected::Refusal(_))),
            Role::Observe { .. } => true,
        };
        let Expr::Object(members) = &call.request else { return };
        let missing: Vec<&str> = shapes::input(call.operation)
            .required
            .iter()
            .map(String::as_str)
            .filter(|name| !members.contains_key(*name))
            .collect();
        if !refused && !missing.is_empty() {
            let message = format!("{} needs {}", call.operation, alternatives(missing).replace(" or ", " and "));
            let help = "add what is missing; if its absence is the point, say `fails: ValidationException`";
            self.errors.report(Diagnostic::new(key.span.clone(), message).help(help));
        }
    }

    /// Judging a call on a key needs to have seen the key's state before, or it might judge something else.
    fn require_witness(&mut self, call: &Call, key: &Key) {
        let Role::Judge(rules) = &call.role else { return };
        let looks_itself = call.operation == Operation::DescribeKey
            && rules.iter().any(|(_, expected)| mentions_state(call.operation, expected));
        if looks_itself {
            return;
        }
        if let Some(subject) = self.subject(call).filter(|subject| !self.scope.witnessed.contains(subject)) {
            let message =
                format!("this step judges a call on `{subject}`, whose KeyState no earlier step has looked at");
            let help = "add `expect: { KeyMetadata: { KeyState: … } }` to its CreateKey or to a DescribeKey before";
            self.errors.report(Diagnostic::new(key.span.clone(), message).help(help));
        }
    }

    fn note_witness(&mut self, call: &Call) {
        // A step that may be skipped may have seen nothing.
        let looked = call.if_refused.is_none()
            && match &call.role {
                Role::Scene(expected) => mentions_state(call.operation, expected),
                Role::Judge(rules) => rules.iter().any(|(_, expected)| mentions_state(call.operation, expected)),
                Role::Observe { .. } => false,
            };
        let key = if root_of(call.operation).is_some() { call.binding.clone() } else { self.subject(call) };
        if let Some(key) = key.filter(|_| looked) {
            self.scope.witnessed.insert(key);
        }
    }

    /// The binding of the key that the call is about, where a `CreateKey` made it.
    fn subject(&self, call: &Call) -> Option<String> {
        let Expr::Object(members) = &call.request else { return None };
        match members.get("KeyId")?.as_reference()? {
            Reference::Answer { binding, .. } | Reference::Request { binding, .. } => {
                let made = self.scope.answers.get(binding).is_some_and(|operation| root_of(*operation).is_some());
                made.then(|| binding.clone())
            }
            Reference::Variable(_) | Reference::Account(_) | Reference::Region(_) => None,
        }
    }
}

fn judged(evidence: Evidence) -> bool {
    matches!(evidence, Evidence::Recorded | Evidence::Documented)
}

fn mentions_state(operation: Operation, expected: &Expected) -> bool {
    let root = root_of(operation).unwrap_or("KeyMetadata");
    match expected {
        Expected::Success(Some(matcher)) => Matcher::mentions(matcher, &[root, "KeyState"]),
        Expected::Success(None) | Expected::Refusal(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{SourceFile, parse};

    /// Whether a judged call on `k` is taken for witnessed after these steps.
    fn is_witnessed(create: &str, before: &str, judged: &str) -> bool {
        let text = format!(
            "name: a test\nwhy: to test\nsteps:\n  - CreateKey: {{}}\n    as: k\n{create}\
             \x20 - CreateKey: {{}}\n    as: other\n{before}{judged}"
        );
        match parse("test/witness", SourceFile { path: "test.yaml".into(), text }) {
            Ok(_) => true,
            Err(errors) => {
                let errors = errors.to_string();
                assert!(errors.contains("whose KeyState no earlier step has looked at"), "{errors}");
                false
            }
        }
    }

    #[test]
    fn a_call_is_judged_only_where_the_state_of_its_key_was_looked_at() {
        const LOOK: &str = "  - DescribeKey: { KeyId: '${k.KeyId}' }\n";
        const STATE: &str = "    expect: { KeyMetadata: { KeyState: PendingImport } }\n";
        const JUDGED: &str = "  - EnableKey: { KeyId: '${k.KeyId}' }\n    fails: any\n    checks: ENA-PENDINGIMPORT\n";
        let look = |fields: &str| is_witnessed("", &format!("{LOOK}{fields}"), JUDGED);
        assert!(is_witnessed(STATE, "", JUDGED), "by CreateKey");
        assert!(look(STATE), "by DescribeKey");
        assert!(look(&format!("{STATE}    checks: CRE-EXT-STATE\n")), "by a judged one");
        assert!(
            is_witnessed("", "", &format!("{LOOK}{STATE}    checks: CRE-EXT-STATE\n")),
            "a judged one looks itself"
        );

        assert!(!is_witnessed("", "", JUDGED), "nobody looked");
        assert!(!look(""), "nothing is expected");
        assert!(!look("    expect: { KeyMetadata: { Origin: EXTERNAL } }\n"), "another member");
        assert!(!look("    expect: { KeyMetadata: { $present: true } }\n"), "no member in particular");
        assert!(!look("    expect: { KeyMetadata: { KeyState: { $absent: true } } }\n"), "that there is none");
        assert!(!look("    fails: any\n"), "a refusal shows no state");
        assert!(!look("    observe: VAL-TYPE\n"), "whatever is observed is right");
        let other = LOOK.replace("${k.", "${other.");
        assert!(!is_witnessed("", &format!("{other}{STATE}"), JUDGED), "another key");
        assert!(!is_witnessed("", JUDGED, &format!("{LOOK}{STATE}")), "afterwards");
        let own = format!("{LOOK}    expect: {{ KeyMetadata: {{ Origin: EXTERNAL }} }}\n    checks: CRE-EXT-STATE\n");
        assert!(!is_witnessed("", "", &own), "a judged one that looks at something else");
        let tried = "  - EnableKey: { KeyId: '${k.KeyId}' }\n    observe: VAL-TYPE\n    as: tried\n";
        let skipped = format!("{tried}{LOOK}    if_refused: tried\n{STATE}");
        assert!(!is_witnessed("", &skipped, JUDGED), "a step that may be skipped");
    }

    #[test]
    fn a_replica_is_witnessed_by_its_own_state() {
        let judged = "  - EnableKey: { KeyId: '${r.KeyId}' }\n    fails: any\n    checks: ENA-PENDINGIMPORT\n";
        let replicate = "  - ReplicateKey: { KeyId: '${k.KeyId}', ReplicaRegion: x }\n    as: r\n";
        let state = "    expect: { ReplicaKeyMetadata: { KeyState: Creating } }\n";
        assert!(is_witnessed("", &format!("{replicate}{state}"), judged));
        assert!(!is_witnessed("", replicate, judged));
    }
}
