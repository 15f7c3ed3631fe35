//! The words of KMS, the rules, and key material.
pub mod kms;
pub mod material;
pub mod rules;
