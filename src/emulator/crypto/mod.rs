//! The cryptography of the emulator, by AWS-LC throughout: nothing pretends.

mod der;
pub(crate) mod secret;
pub(crate) mod signing;
pub(crate) mod symmetric;
pub(crate) mod unwrap;
