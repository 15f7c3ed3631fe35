//! The words of KMS, and the rules.
pub mod kms;
pub mod rules;
