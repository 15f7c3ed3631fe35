//! The emulator from outside: requests in, responses out. Wrapping, MACs and signatures are made and checked by
//! RustCrypto, which the emulator does not use.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

#[path = "emulator/client.rs"]
mod client;
#[path = "emulator/crypto.rs"]
mod crypto;
#[path = "emulator/expiry.rs"]
mod expiry;
#[path = "emulator/import.rs"]
mod import;
#[path = "emulator/keys.rs"]
mod keys;
#[path = "emulator/multi_region.rs"]
mod multi_region;
#[path = "emulator/others.rs"]
mod others;
#[path = "emulator/outside.rs"]
mod outside;
#[path = "emulator/races.rs"]
mod races;
#[path = "emulator/robustness.rs"]
mod robustness;
#[path = "emulator/rotation.rs"]
mod rotation;
#[path = "emulator/token.rs"]
mod token;
