//! What is known when a step runs, and working out its values.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use crate::kms::{AccountId, Region, WrappingAlgorithm};
use crate::material::{self, Material};
use crate::scenario::{Expr, Generator, Part, Reference, Template};

/// An answer that a step bound to a name, and the request behind it.
#[derive(Debug, Clone)]
struct Bound {
    request: Value,
    answer: Value,
}

/// The names of a test at a step.
pub struct Context {
    bound: HashMap<String, Bound>,
    variables: HashMap<String, Value>,
    material: IndexMap<String, Material>,
    /// By the client's name; none is the test's own.
    places: HashMap<Option<String>, Place>,
    now: Timestamp,
}

/// Where a client calls.
#[derive(Debug, Clone)]
pub struct Place {
    /// The account that it acts in, once that is known.
    pub account: Option<AccountId>,
    /// The Region that it calls.
    pub region: Region,
}

/// Why a value cannot be worked out. All of these come from an answer that lacks something: the scenario itself was
/// checked when it was read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// An earlier answer has no such member.
    #[error("the answer `{binding}` has no member `{path}`")]
    Missing {
        /// The answer's name.
        binding: String,
        /// The member.
        path: String,
    },
    /// A blob is not base64.
    #[error("`{0}` is not base64")]
    NotBase64(&'static str),
    /// A member that must be an instant is none.
    #[error("`{0}` is not an instant in epoch seconds")]
    NotAnInstant(String),
    /// The material cannot be wrapped under the public key that the target gave.
    #[error("the key material cannot be wrapped: {0}")]
    Wrap(#[from] material::WrapError),
    /// The target has described no key yet, so its account is unknown.
    #[error("the account is not known: no answer has named it")]
    UnknownAccount,
}

impl Context {
    /// At the start of a test, nothing but its material is known.
    #[must_use]
    pub fn new(material: IndexMap<String, Material>) -> Self {
        Self {
            bound: HashMap::new(),
            variables: HashMap::new(),
            material,
            places: HashMap::new(),
            now: Timestamp::UNIX_EPOCH,
        }
    }

    /// Sets the target's time as it is before the next step.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Sets where each client calls, as far as that is known.
    pub fn set_places(&mut self, places: HashMap<Option<String>, Place>) {
        self.places = places;
    }

    /// Binds an answer to a name.
    pub fn bind(&mut self, name: &str, request: Value, answer: Value) {
        self.bound.insert(name.to_owned(), Bound { request, answer });
    }

    /// Binds a value to a name.
    pub fn set(&mut self, name: &str, value: Value) {
        self.variables.insert(name.to_owned(), value);
    }

    /// The target's time before the current step.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Material by its name.
    #[must_use]
    pub fn material(&self, name: &str) -> Option<&Material> {
        self.material.get(name)
    }

    /// Works a value out.
    ///
    /// # Errors
    /// When an earlier answer lacks what the value is made of.
    pub fn evaluate(&self, expr: &Expr) -> Result<Value, EvaluateError> {
        match expr {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::Template(template) => self.template(template),
            Expr::Object(members) => {
                let members = members.iter().map(|(name, value)| Ok((name.clone(), self.evaluate(value)?)));
                Ok(Value::Object(members.collect::<Result<Map<_, _>, EvaluateError>>()?))
            }
            Expr::Array(items) => {
                Ok(Value::Array(items.iter().map(|item| self.evaluate(item)).collect::<Result<_, _>>()?))
            }
            Expr::Generated(generator) => self.generate(generator),
        }
    }

    /// Works a blob out, as bytes.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate); also when it is not base64.
    pub fn bytes(&self, expr: &Expr) -> Result<Vec<u8>, EvaluateError> {
        decode(&self.evaluate(expr)?, "the blob")
    }

    /// Works a text out.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn template(&self, template: &Template) -> Result<Value, EvaluateError> {
        if let [Part::Reference(reference)] = template.0.as_slice() {
            return self.reference(reference);
        }
        let mut text = String::new();
        for part in &template.0 {
            match part {
                Part::Text(words) => text.push_str(words),
                Part::Reference(reference) => match self.reference(reference)? {
                    Value::String(words) => text.push_str(&words),
                    other => text.push_str(&other.to_string()),
                },
            }
        }
        Ok(Value::String(text))
    }

    fn reference(&self, reference: &Reference) -> Result<Value, EvaluateError> {
        let member = |binding: &str, path: &[String], of: fn(&Bound) -> &Value| {
            let found = self.bound.get(binding).and_then(|bound| lookup(of(bound), path));
            found.cloned().ok_or_else(|| EvaluateError::Missing { binding: binding.to_owned(), path: path.join(".") })
        };
        match reference {
            Reference::Answer { binding, path } => member(binding, path, |bound| &bound.answer),
            Reference::Request { binding, path } => member(binding, path, |bound| &bound.request),
            Reference::Variable(name) => {
                let missing = || EvaluateError::Missing { binding: name.clone(), path: String::new() };
                self.variables.get(name).cloned().ok_or_else(missing)
            }
            Reference::Account(client) => {
                let account = self.places.get(client).and_then(|place| place.account.as_ref());
                account.map(|account| account.as_str().into()).ok_or(EvaluateError::UnknownAccount)
            }
            Reference::Region(client) => {
                let missing =
                    || EvaluateError::Missing { binding: client.clone().unwrap_or_default(), path: "region".into() };
                self.places.get(client).map(|place| place.region.as_str().into()).ok_or_else(missing)
            }
        }
    }

    fn generate(&self, generator: &Generator) -> Result<Value, EvaluateError> {
        let blob = |bytes: &[u8]| Value::String(STANDARD.encode(bytes));
        Ok(match generator {
            Generator::Wrap { material, parameters, algorithm } => blob(&self.wrap(material, parameters, *algorithm)?),
            Generator::Text(template) => match self.template(template)? {
                Value::String(text) => blob(text.as_bytes()),
                other => blob(other.to_string().as_bytes()),
            },
            Generator::Random(length) => {
                let mut bytes = vec![0; *length];
                rand::RngCore::fill_bytes(&mut rand::thread_rng(), &mut bytes);
                blob(&bytes)
            }
            Generator::Repeat { text, times } => Value::String(text.repeat(*times)),
            Generator::Damage { blob: source, damage } => {
                let mut bytes = self.bytes(source)?;
                damage.apply(&mut bytes);
                blob(&bytes)
            }
            Generator::Now(offset) => instant(self.now.saturating_add(*offset).unwrap_or(Timestamp::MAX)),
            Generator::Time { base, plus } => {
                let base = self.evaluate(base)?;
                let base = timestamp(&base).ok_or_else(|| EvaluateError::NotAnInstant(base.to_string()))?;
                let exact = base.saturating_add(*plus).unwrap_or(Timestamp::MAX);
                seconds(exact)
            }
        })
    }

    fn wrap(
        &self,
        name: &str,
        parameters: &str,
        algorithm: Option<WrappingAlgorithm>,
    ) -> Result<Vec<u8>, EvaluateError> {
        let missing = |path: &str| EvaluateError::Missing { binding: parameters.to_owned(), path: path.to_owned() };
        let bound = self.bound.get(parameters).ok_or_else(|| missing("PublicKey"))?;
        let material = self.material.get(name).ok_or_else(|| missing(name))?;
        let public_key = bound.answer.get("PublicKey").ok_or_else(|| missing("PublicKey"))?;
        let asked = bound.request.get("WrappingAlgorithm").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let algorithm = algorithm.or(asked).ok_or_else(|| missing("request.WrappingAlgorithm"))?;
        Ok(material::wrap(material.bytes(), &decode(public_key, "PublicKey")?, algorithm)?)
    }
}

/// The member at a path of names and list indices.
pub(crate) fn lookup<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, segment| match value {
        Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
        Value::Object(members) => members.get(segment),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// A blob's bytes.
pub(crate) fn decode(value: &Value, what: &'static str) -> Result<Vec<u8>, EvaluateError> {
    value.as_str().and_then(|text| STANDARD.decode(text).ok()).ok_or(EvaluateError::NotBase64(what))
}

/// An instant on the wire: epoch seconds, possibly with a fraction.
pub(crate) fn timestamp(value: &Value) -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "what is too large saturates, and is no instant either")]
    let millis = (value.as_f64()? * 1000.0).round() as i64;
    Timestamp::from_millisecond(millis).ok()
}

/// Whole seconds: the precision at which `ValidTo` is known to read back as written (IMP-VALIDTO-FORMAT).
fn instant(at: Timestamp) -> Value {
    Value::Number(at.as_second().into())
}

fn seconds(at: Timestamp) -> Value {
    let millis = at.as_millisecond();
    if millis % 1000 == 0 {
        return instant(at);
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era fit a double")]
    let seconds = millis as f64 / 1000.0;
    Number::from_f64(seconds).map_or(Value::Null, Value::Number)
}
