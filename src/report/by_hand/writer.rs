//! Writes the commands of one step after the other, and remembers what earlier ones left behind.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::fit::fits;
use super::word::Word;
use crate::kms::shapes::{self, Kind, Shape};
use crate::kms::{KeySpec, Operation, WrappingAlgorithm};
use crate::material::{Form, Recipe};
use crate::scenario::{Call, Damage, Expr, Generator, Part, Place, Reference, Role, Template, Test};

/// A request's lines are broken where they would grow longer.
const WIDTH: usize = 100;
/// Longer repetitions are left to the shell.
const SPELT_OUT: usize = 80;

/// The commands under way.
pub(super) struct Writer<'t> {
    test: &'t Test,
    lines: Vec<String>,
    calls: HashMap<&'t str, &'t Call>,
    variables: HashMap<&'t str, &'t Expr>,
    /// Files that exist: material, and blobs of answers.
    files: HashSet<String>,
    /// The files of blobs that were sent, by the answer's name and the member.
    sent: HashMap<(String, String), String>,
    /// A key's answer, which names the account.
    described: Option<String>,
    /// The name of the current call's answer.
    keeping: Option<&'t str>,
    /// How many files of a name the current step has made.
    made: HashMap<String, usize>,
}

impl<'t> Writer<'t> {
    pub(super) fn new(test: &'t Test) -> Self {
        Self {
            test,
            lines: Vec::new(),
            calls: HashMap::new(),
            variables: HashMap::new(),
            files: HashSet::new(),
            sent: HashMap::new(),
            described: None,
            keeping: None,
            made: HashMap::new(),
        }
    }

    /// The commands since they were last taken.
    pub(super) fn take(&mut self) -> String {
        self.made.clear();
        self.keeping = None;
        std::mem::take(&mut self.lines).join("\n")
    }

    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Binds a name.
    pub(super) fn set(&mut self, name: &'t str, value: &'t Expr) {
        let word = self.text(value);
        self.line(format!("{name}={}", word.quoted()));
        self.variables.insert(name, value);
    }

    /// Makes a call, and keeps its answer where later steps need it.
    pub(super) fn call(&mut self, call: &'t Call) {
        if let Some(name) = &call.if_refused {
            self.line(format!("# only if the call that would have made {name}.json was refused:"));
        }
        self.keeping = call.binding.as_deref();
        let members = members(&call.request);
        let shape = shapes::input(call.operation);
        let raw = !fits(&call.send, &members, shape, &self.variables);
        let mut command = if raw { self.raw(call, &members, shape) } else { self.with_flags(call, &members, shape) };
        if let Some(name) = &call.binding {
            // An HTTP answer's body is its last line.
            command.push_str(&if raw {
                format!(" | tee /dev/stderr | tail -n 1 >{name}.json")
            } else {
                format!(" | tee {name}.json")
            });
            self.calls.insert(name, call);
            if matches!(call.operation, Operation::CreateKey) {
                self.described.get_or_insert_with(|| name.clone());
            }
        } else if !raw && matches!(call.role, Role::Judge(_)) {
            // The AWS CLI prints nothing of an answer without members, and a success may be what deviates.
            command.push_str(" && echo success");
        }
        self.line(command);
    }

    fn with_flags(&mut self, call: &'t Call, members: &[(String, Expr)], shape: &'t Shape) -> String {
        let mut words = vec![format!("aws kms {} --endpoint-url \"$ENDPOINT\"", kebab(call.operation.as_str()))];
        for (name, value) in members {
            let flag = kebab(name);
            let shape = shape.member(name);
            words.push(match (shape.map(|shape| shape.kind), value) {
                (Some(Kind::Boolean), Expr::Literal(Value::Bool(on))) => {
                    format!("--{}{flag}", if *on { "" } else { "no-" })
                }
                (Some(Kind::Blob), _) => {
                    let file = self.blob(value, name);
                    if let Some(answer) = &call.binding {
                        self.sent.insert((answer.clone(), name.clone()), file.clone());
                    }
                    format!("--{flag} fileb://{file}")
                }
                (Some(Kind::Structure | Kind::List | Kind::Map), _) => {
                    format!("--{flag} {}", self.json(value, shape).quoted())
                }
                _ => {
                    let word = self.text(value);
                    let between = if word.looks_like_a_flag() { '=' } else { ' ' };
                    format!("--{flag}{between}{}", word.quoted())
                }
            });
        }
        if shape.member("Marker").is_some() {
            words.push("--no-paginate".to_owned());
        }
        let client = call.client.as_ref().and_then(|name| self.test.clients.get(name)).copied().unwrap_or_default();
        if client.other_region {
            words.push("--region \"$OTHER_REGION\"".to_owned());
        }
        let prefix = if client.other_account { OTHER_ACCOUNT } else { "" };
        format!("{prefix}{}", broken(&words))
    }

    fn raw(&mut self, call: &'t Call, members: &[(String, Expr)], shape: &'t Shape) -> String {
        let body = match &call.send.body {
            Some(template) => self.template(template),
            None => {
                let mut body = Word::text("{");
                for (position, (name, value)) in members.iter().enumerate() {
                    if position > 0 {
                        body.push(Word::text(", "));
                    }
                    body.push(Word::text(format!("{}: ", Value::from(name.as_str()))));
                    let value = self.json(value, shape.member(name));
                    body.push(value);
                }
                body.push(Word::text("}"));
                body
            }
        };
        let operation = call.send.operation.as_deref().unwrap_or(call.operation.as_str());
        let mut words = vec![format!("raw {}", Word::text(operation).quoted()), body.quoted()];
        words.extend(call.send.content_type.as_ref().map(|kind| Word::text(kind.as_str()).quoted()));
        let client = call.client.as_ref().and_then(|name| self.test.clients.get(name)).copied().unwrap_or_default();
        let region = if client.other_region { "AWS_DEFAULT_REGION=\"$OTHER_REGION\" " } else { "" };
        let account = if client.other_account { OTHER_ACCOUNT } else { "" };
        format!("{region}{account}{}", words.join(" "))
    }

    /// The value as text, blobs as base64.
    fn text(&mut self, value: &Expr) -> Word {
        match value {
            Expr::Literal(Value::String(text)) => Word::text(text.as_str()),
            Expr::Literal(other) => Word::text(other.to_string()),
            Expr::Template(template) => self.template(template),
            Expr::Object(_) | Expr::Array(_) => self.json(value, None),
            Expr::Generated(generator) => match generator.as_ref() {
                Generator::Repeat { text, times } if text.len() * times <= SPELT_OUT || text.contains(['%', '\\']) => {
                    Word::text(text.repeat(*times))
                }
                Generator::Repeat { text, times } => {
                    let format = Word::text(format!("%.0s{text}")).quoted();
                    Word::expansion(format!("$(printf {format} $(seq {times}))"))
                }
                Generator::Now(offset) => {
                    let (sign, offset) = (if offset.is_negative() { '-' } else { '+' }, offset.abs());
                    Word::expansion(format!("$(($(date +%s) {sign} {}))", offset.as_secs()))
                }
                Generator::Time { base, plus } => {
                    let base = self.text(base).quoted();
                    Word::expansion(format!("$(instant {base} {})", plus.as_secs_f64()))
                }
                Generator::Wrap { .. } | Generator::Text(_) | Generator::Random(_) | Generator::Damage { .. } => {
                    let file = self.blob(value, "blob");
                    Word::expansion(format!("$(base64_of {file})"))
                }
            },
        }
    }

    fn template(&mut self, Template(parts): &Template) -> Word {
        let mut word = Word::default();
        for part in parts {
            word.push(match part {
                Part::Text(text) => Word::text(text.as_str()),
                Part::Reference(reference) => self.reference(reference),
            });
        }
        word
    }

    fn reference(&mut self, reference: &Reference) -> Word {
        match reference {
            Reference::Answer { binding, path } => Word::expansion(format!("$({})", member_of(binding, path))),
            Reference::Request { binding, path } => match self.request_member(binding, path) {
                Some(value) => self.text(&value),
                None => Word::text(format!("(what was sent as {})", path.join("."))),
            },
            Reference::Variable(name) => Word::expansion(format!("${{{name}}}")),
            Reference::Account(None) => {
                let Some(key) = &self.described else { return Word::expansion("${ACCOUNT}") };
                Word::expansion(format!("$(jq -r .KeyMetadata.Arn {key}.json | cut -d: -f5)"))
            }
            Reference::Account(Some(_)) => Word::expansion("${OTHER_ACCESS_KEY_ID}"),
            Reference::Region(None) => Word::expansion("${AWS_DEFAULT_REGION}"),
            Reference::Region(Some(_)) => Word::expansion("${OTHER_REGION}"),
        }
    }

    fn request_member(&self, binding: &str, path: &[String]) -> Option<Expr> {
        let [name] = path else { return None };
        members(&self.calls.get(binding)?.request)
            .into_iter()
            .find(|(member, _)| member == name)
            .map(|(_, value)| value)
    }

    /// The value as JSON.
    fn json(&mut self, value: &Expr, shape: Option<&Shape>) -> Word {
        let list = |open: &str, items: Vec<Word>, close: &str| {
            let mut word = Word::text(open);
            for (position, item) in items.into_iter().enumerate() {
                if position > 0 {
                    word.push(Word::text(", "));
                }
                word.push(item);
            }
            word.push(Word::text(close));
            word
        };
        match value {
            Expr::Literal(value) => Word::text(value.to_string()),
            Expr::Object(members) => {
                let mut items = Vec::new();
                for (name, value) in members {
                    let mut item = Word::text(format!("{}: ", Value::from(name.as_str())));
                    let shape = shape.and_then(|shape| shape.member(name).or_else(|| shape.map_value()));
                    item.push(self.json(value, shape));
                    items.push(item);
                }
                list("{", items, "}")
            }
            Expr::Array(values) => {
                let shape = shape.and_then(Shape::element);
                list("[", values.iter().map(|value| self.json(value, shape)).collect(), "]")
            }
            Expr::Template(_) | Expr::Generated(_) => {
                let number = match value {
                    Expr::Generated(generator) => matches!(**generator, Generator::Now(_) | Generator::Time { .. }),
                    _ => {
                        shape.is_some_and(|shape| matches!(shape.kind, Kind::Integer | Kind::Timestamp | Kind::Boolean))
                    }
                };
                let word = self.text(value);
                if number { word } else { word.in_json() }
            }
        }
    }

    /// A file with the blob's bytes.
    fn blob(&mut self, value: &Expr, member: &str) -> String {
        if let Some(Reference::Answer { binding, path }) = value.as_reference() {
            let file = format!("{binding}.{}.bin", path.last().map_or("blob", String::as_str));
            if self.files.insert(file.clone()) {
                self.line(format!("{} | unbase64 {file}", member_of(binding, path)));
            }
            return file;
        }
        if let Some(Reference::Request { binding, path }) = value.as_reference()
            && let Some(file) = self.sent.get(&(binding.clone(), path.join(".")))
        {
            return file.clone();
        }
        let own = self.file(member);
        match value {
            Expr::Generated(generator) => self.generate(generator, &own),
            Expr::Literal(_) | Expr::Template(_) | Expr::Object(_) | Expr::Array(_) => {
                let base64 = self.text(value).quoted();
                self.line(format!("printf %s {base64} | unbase64 {own}"));
            }
        }
        own
    }

    /// A name for a file of the current step. Later steps may use it again, but for a request that has a name.
    fn file(&mut self, member: &str) -> String {
        let count = self.made.entry(member.to_owned()).or_default();
        *count += 1;
        let number = if *count == 1 { String::new() } else { count.to_string() };
        match &self.keeping {
            Some(answer) => format!("{answer}.{member}{number}.sent.bin"),
            None => format!("{member}{number}.bin"),
        }
    }

    fn generate(&mut self, generator: &Generator, file: &str) {
        match generator {
            Generator::Wrap { material, parameters, algorithm } => self.wrap(material, parameters, *algorithm, file),
            Generator::Text(template) => {
                let text = self.template(template).quoted();
                self.line(format!("printf %s {text} >{file}"));
            }
            Generator::Random(length) => self.line(format!("openssl rand -out {file} {length}")),
            Generator::Damage { blob, damage } => {
                let whole = self.blob(blob, "whole");
                self.line(format!("cp {whole} {file}"));
                self.line(match damage {
                    Damage::Flip(place) => {
                        let name =
                            Place::NAMES.iter().find(|(_, known)| known == place).map_or("middle", |(name, _)| name);
                        format!("flip {name} {file}")
                    }
                    Damage::Truncate(by) => format!("resize -{by} {file}"),
                    Damage::Extend(by) => format!("resize {by} {file}"),
                });
            }
            Generator::Repeat { .. } | Generator::Now(_) | Generator::Time { .. } => {
                let text = self.text(&Expr::Generated(Box::new(generator.clone()))).quoted();
                self.line(format!("printf %s {text} >{file}"));
            }
        }
    }

    fn wrap(&mut self, material: &str, parameters: &str, algorithm: Option<WrappingAlgorithm>, file: &str) {
        let plain = format!("{material}.material");
        if self.files.insert(plain.clone())
            && let Some(recipe) = self.test.material.get(material)
        {
            self.line(make(recipe, &plain));
        }
        let key = format!("{parameters}.PublicKey.bin");
        if self.files.insert(key.clone()) {
            self.line(format!("jq -r .PublicKey {parameters}.json | unbase64 {key}"));
        }
        let asked = || match self.request_member(parameters, &["WrappingAlgorithm".to_owned()]) {
            Some(Expr::Literal(Value::String(name))) => name.parse().ok(),
            _ => None,
        };
        let algorithm = algorithm.or_else(asked);
        let command = match algorithm {
            Some(WrappingAlgorithm::RsaesOaepSha1) => "rsaes_oaep sha1",
            Some(WrappingAlgorithm::RsaAesKeyWrapSha1) => "rsa_aes_key_wrap sha1",
            Some(WrappingAlgorithm::RsaAesKeyWrapSha256) => "rsa_aes_key_wrap sha256",
            Some(WrappingAlgorithm::RsaesPkcs1V15) => "rsaes_pkcs1",
            Some(WrappingAlgorithm::RsaesOaepSha256 | WrappingAlgorithm::Sm2Pke) | None => "rsaes_oaep sha256",
        };
        self.line(format!("{command} {key} {plain} {file}"));
    }
}

const OTHER_ACCOUNT: &str =
    "AWS_ACCESS_KEY_ID=\"$OTHER_ACCESS_KEY_ID\" AWS_SECRET_ACCESS_KEY=\"$OTHER_SECRET_ACCESS_KEY\" ";

fn members(request: &Expr) -> Vec<(String, Expr)> {
    match request {
        Expr::Object(members) => members.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        Expr::Literal(Value::Object(members)) => {
            members.iter().map(|(name, value)| (name.clone(), Expr::Literal(value.clone()))).collect()
        }
        Expr::Literal(_) | Expr::Template(_) | Expr::Array(_) | Expr::Generated(_) => Vec::new(),
    }
}

/// The command that prints a member of an answer.
fn member_of(binding: &str, path: &[String]) -> String {
    let simple = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let filter: String = path
        .iter()
        .map(|segment| match segment.parse::<usize>() {
            Ok(index) => format!("[{index}]"),
            Err(_) if simple(segment) => format!(".{segment}"),
            Err(_) => format!(".[{}]", Value::from(segment.as_str())),
        })
        .collect();
    let filter = if filter.starts_with('.') { filter } else { format!(".{filter}") };
    format!("jq -r {} {binding}.json", crate::runner::shell_word(&filter))
}

/// The name of a flag or command: `KeyId` is `key-id`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for (position, c) in name.char_indices() {
        if c.is_ascii_uppercase() && position > 0 {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
    }
    kebab
}

/// A command on one line, or with a word and its value on each.
fn broken(words: &[String]) -> String {
    let line = words.join(" ");
    if line.chars().count() <= WIDTH { line } else { words.join(" \\\n  ") }
}

/// The command that makes key material.
fn make(recipe: &Recipe, file: &str) -> String {
    if let Some(length) = recipe.length() {
        return format!("openssl rand -out {file} {length}");
    }
    let key = match recipe.spec() {
        KeySpec::Rsa2048 => "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        KeySpec::Rsa3072 => "-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
        KeySpec::Rsa4096 => "-algorithm RSA -pkeyopt rsa_keygen_bits:4096",
        KeySpec::EccNistP256 => "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        KeySpec::EccNistP384 => "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        KeySpec::EccNistP521 => "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
        KeySpec::EccSecgP256k1 => "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
        _ => "-algorithm ED25519",
    };
    let generate = format!("openssl genpkey -quiet {key}");
    match recipe.form() {
        Form::Raw | Form::Pem => format!("{generate} -out {file}"),
        Form::Pkcs8 => format!("{generate} | openssl pkcs8 -topk8 -nocrypt -outform DER -out {file}"),
        Form::PrivateOnly => {
            format!("{generate} | openssl ec -no_public | openssl pkcs8 -topk8 -nocrypt -outform DER -out {file}")
        }
        Form::Sec1 => format!("{generate} | openssl ec -outform DER -out {file}"),
        Form::Pkcs1 => format!("{generate} | openssl rsa -traditional -outform DER -out {file}"),
    }
}
