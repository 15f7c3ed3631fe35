//! The vocabulary of AWS KMS that the whole crate shares: names, identifiers and request shapes.
//!
//! Nothing here decides anything. What KMS *does* with these words is stated in [`crate::rules`], checked by the
//! scenarios, and implemented, independently, by the emulator.
//!
//! ```
//! use kms_conformance::kms::{KeySpec, KeyUsage, Operation};
//!
//! let spec: KeySpec = "HMAC_256".parse()?;
//! assert_eq!(spec, KeySpec::Hmac256);
//! assert!("HMAC_255".parse::<KeySpec>().is_err());
//! assert_eq!(Operation::ImportKeyMaterial.as_str(), "ImportKeyMaterial");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arn;
mod error_code;
mod names;
mod operation;
pub mod shapes;

pub use arn::{AccountId, Arn, KeyId, ParseArnError, Region};
pub use error_code::ErrorCode;
pub use names::{
    EncryptionAlgorithm, ExpirationModel, ImportType, KeyManager, KeySpec, KeyState, KeyUsage, MacAlgorithm, Origin,
    SigningAlgorithm, UnknownName, WrappingAlgorithm, WrappingKeySpec,
};
pub use operation::Operation;
