//! stub
pub mod kms;
