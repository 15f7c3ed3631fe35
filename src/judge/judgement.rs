//! Judging a test call by call: each answer is held against what its step expects, and bound for the steps that follow.

use std::collections::HashMap;

use super::context::{Context, EvaluateError};
use super::evidence::Redactor;
use super::step::{Comparison, Finding, Messages, compare, observation};
use super::verdict::Verdict;
use crate::rules::RuleId;
use crate::scenario::{Call, Expected, Expr, Role};
use crate::target::{Answer, Exchange};

/// Why a test goes no further.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
    pub(crate) unsupported: Vec<String>,
}

impl Stop {
    pub(crate) fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { verdict, reason: reason.into(), unsupported: Vec::new() }
    }
}

/// A test, judged as far as its calls went.
pub(crate) struct Judgement {
    pub(crate) context: Context,
    pub(crate) redactor: Redactor,
    pub(crate) findings: Vec<Finding>,
    messages: Messages,
    /// Names that are not bound because the target refused an open step, and that step's line.
    open: HashMap<String, usize>,
}

impl Judgement {
    pub(crate) fn new(context: Context, redactor: Redactor, messages: Messages) -> Self {
        Self { context, redactor, findings: Vec::new(), messages, open: HashMap::new() }
    }

    /// Whether the call bound to this name was refused, where that was open.
    pub(crate) fn was_refused(&self, name: &str) -> bool {
        self.open.contains_key(name)
    }

    pub(crate) fn evaluate(&self, line: usize, expr: &Expr) -> Result<serde_json::Value, Stop> {
        self.context.evaluate(expr).map_err(|error| self.cannot(line, "be carried out", &error))
    }

    /// A step rests on an answer that lacks something. Where that is the answer to an open step, nothing is amiss.
    pub(crate) fn cannot(&self, line: usize, what: &str, error: &EvaluateError) -> Stop {
        if let EvaluateError::Missing { binding, .. } = error
            && let Some(open) = self.open.get(binding)
        {
            return Stop::new(Verdict::Observed, format!("what follows line {open} would rest on its success"));
        }
        let error = self.redactor.scrub(&error.to_string());
        Stop::new(Verdict::Blocked, format!("line {line} cannot {what}: {error}"))
    }

    /// Judges a call that has been answered.
    pub(crate) fn take(&mut self, line: usize, call: &Call, exchange: Exchange) -> Result<(), Stop> {
        self.undecided(line, &exchange)?;
        match &call.role {
            Role::Scene(expected) => self.scene(line, expected, &exchange)?,
            Role::Judge(rules) => self.judge(line, rules, &exchange)?,
            Role::Observe { rule, show } => {
                let observed = observation(&mut self.redactor, &exchange, show);
                self.find(line, rule, Verdict::Observed, None, observed);
            }
        }
        self.bind(line, call, exchange);
        Ok(())
    }

    /// Binds the answer for the steps that follow.
    pub(crate) fn bind(&mut self, line: usize, call: &Call, exchange: Exchange) {
        let Some(name) = &call.binding else { return };
        match (exchange.answer, &call.role) {
            (Answer::Success(body), _) => self.context.bind(name, exchange.input, body),
            (_, Role::Observe { .. }) => {
                self.open.insert(name.clone(), line);
            }
            (_, Role::Scene(_) | Role::Judge(_)) => {}
        }
    }

    /// Answers that say nothing of the target's rules.
    pub(crate) fn undecided(&self, line: usize, exchange: &Exchange) -> Result<(), Stop> {
        let what = || format!("{} (line {line}): {}", exchange.operation, self.redactor.outcome(exchange));
        if exchange.is_unsupported() {
            let unsupported = vec![exchange.operation.to_string()];
            return Err(Stop { unsupported, ..Stop::new(Verdict::Unsupported, what()) });
        }
        if exchange.is_transient() {
            return Err(Stop::new(Verdict::Inconclusive, what()));
        }
        match exchange.answer {
            Answer::NotSent(_) => Err(Stop::new(Verdict::HarnessError, what())),
            Answer::Success(_) | Answer::Refusal { .. } | Answer::Unreadable(_) | Answer::Nothing(_) => Ok(()),
        }
    }

    pub(crate) fn compare(&self, line: usize, expected: &Expected, exchange: &Exchange) -> Result<Comparison, Stop> {
        compare(&self.context, &self.redactor, expected, exchange, self.messages)
            .map_err(|error| self.cannot(line, "be judged", &error))
    }

    fn scene(&self, line: usize, expected: &Expected, exchange: &Exchange) -> Result<(), Stop> {
        let comparison = self.compare(line, expected, exchange)?;
        if comparison.holds() {
            return Ok(());
        }
        let operation = exchange.operation;
        if let Some(difference) = comparison.differences.first() {
            let (path, expected, found) = (&difference.path, &difference.expected, &difference.found);
            let reason = format!("{operation} (line {line}) shows {path} {found} where {expected} sets the scene");
            return Err(Stop::new(Verdict::Vacuous, reason));
        }
        let (wanted, observed) = (comparison.expected, comparison.observed);
        let reason = format!("{operation} (line {line}) sets the scene with {wanted}, but came to {observed}");
        Err(Stop::new(Verdict::Blocked, reason))
    }

    pub(crate) fn judge(&mut self, line: usize, rules: &[(RuleId, Expected)], exchange: &Exchange) -> Result<(), Stop> {
        let mut wrong_way = None;
        for (rule, expected) in rules {
            let comparison = self.compare(line, expected, exchange)?;
            if !comparison.right_way && (rules.len() > 1 || expected.is_about_form()) {
                // That the call succeeds, or is refused, is none of these rules: it carries them.
                let reason = format!("{} (line {line}) came to {}", exchange.operation, comparison.observed);
                return Err(Stop::new(Verdict::Blocked, reason));
            }
            let verdict = if comparison.holds() { Verdict::Pass } else { Verdict::Deviation };
            if !comparison.right_way {
                wrong_way = Some(format!("what follows line {line} rests on its outcome"));
            }
            self.find(line, rule, verdict, Some(comparison.expected), comparison.observed);
            if let Some(finding) = self.findings.last_mut() {
                finding.differences = comparison.differences;
                finding.notes = comparison.notes;
            }
        }
        wrong_way.map_or(Ok(()), |reason| Err(Stop::new(Verdict::Deviation, reason)))
    }

    fn find(&mut self, line: usize, rule: &RuleId, verdict: Verdict, expected: Option<String>, observed: String) {
        let (differences, notes, listed) = (Vec::new(), Vec::new(), None);
        let rule = rule.clone();
        self.findings.push(Finding { rule, verdict, line, expected, observed, differences, notes, listed });
    }
}
