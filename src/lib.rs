//! Proves, or disproves, that an endpoint treats *imported key material* (bring your own key, BYOK) the way AWS KMS does.
//!
//! The program `kms-conformance` is described in the README. As a library, the crate is for those who run scenarios from
//! their own Rust tests: read them with [`scenario::Library`], reach a [`target::Target`], and [`runner::run_test`].
//!
//! The modules, from the words up:
//!
//! - [`kms`]: the vocabulary that all share: operations, key specs, states, ARNs, request shapes. It decides nothing.
//! - [`rules`]: what KMS does, one sentence a rule, with its evidence and sources. Nothing else states a rule.
//! - [`scenario`]: the YAML language: parsing with positions, references, matchers, expansion of the matrix.
//! - [`states`]: the key-state table as data, and a scenario for every cell of it.
//! - [`material`]: key material and how a client wraps it, and the proofs of which material is in force.
//! - [`model`]: the reference model: what AWS allows for each operation in each state, in any order. Pure.
//! - [`target`]: reaching a target through the official SDK, with the wire recorded; its clock.
//! - [`judge`]: an expectation and an answer make a verdict; the evidence, redacted.
//! - [`runner`]: running tests side by side, time, clean-up, interruption; a stream of events.
//! - [`report`]: folds over the events: for people, for programs.
//! - [`known`]: lists of known deviations, and holding outcomes against them.
//! - [`emulator`]: a KMS of our own, to develop against and to test the harness with. It knows no rule and no scenario.
//! - [`defects`]: the emulator with one thing wrong, many times over, and what catches each: the test of the harness.
//! - [`cli`]: the command line.

#![warn(clippy::unwrap_used)]

pub mod cli;
pub mod defects;
pub mod emulator;
pub mod judge;
pub mod kms;
pub mod known;
pub mod material;
pub mod model;
pub mod report;
pub mod rules;
pub mod runner;
pub mod scenario;
pub mod sequence;
pub mod states;
pub mod target;

/// The README's examples are tests, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
