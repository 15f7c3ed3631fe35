//! Key material as a key remembers it, whether it holds it or not.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::emulator::crypto::secret::Secret;
use crate::emulator::defects::Defect;

/// The id of key material in a key: 64 lower-case hexadecimal digits (KMID-FORMAT).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaterialId(pub(crate) [u8; 32]);

/// Material that is or was imported into a key, or that KMS made for it.
#[derive(Debug, Clone)]
pub(crate) struct Material {
    pub(crate) id: MaterialId,
    pub(crate) standing: Standing,
    /// The secret itself, unless it was deleted, has expired, or was not yet imported in this Region.
    pub(crate) held: Option<Held>,
    /// The public key of a pair; it outlives the secret.
    pub(crate) public_key: Option<Vec<u8>>,
    pub(crate) description: Option<String>,
    /// How it came into force, unless it was the first.
    pub(crate) rotation: Option<Rotation>,
}

/// A secret that is there.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) secret: Arc<Secret>,
    pub(crate) expiry: Expiry,
}

/// Whether and when material expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    Never,
    At(Timestamp),
}

/// What material is to its key (ROT-LIST-STATES).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Current,
    NonCurrent,
    PendingRotation,
    PendingMultiRegionImport,
}

/// When and why material came into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rotation {
    pub(crate) date: Timestamp,
    pub(crate) kind: RotationKind,
}

/// Why a rotation happened. Automatic rotations would take a year: nobody has waited for one here yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RotationKind {
    OnDemand,
}

impl Material {
    /// The same material, as a related key in another Region knows it before it was imported there.
    pub(crate) fn without_secret(&self) -> Self {
        Self { held: None, ..self.clone() }
    }
}

impl Standing {
    /// Whether the key cannot be used without this material (IMP-ENABLE-ALL).
    pub(crate) fn is_permanent(self) -> bool {
        match self {
            Self::Current | Self::NonCurrent => true,
            Self::PendingRotation | Self::PendingMultiRegionImport => false,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Current => "CURRENT",
            Self::NonCurrent => "NON_CURRENT",
            Self::PendingRotation => "PENDING_ROTATION",
            Self::PendingMultiRegionImport => "PENDING_MULTI_REGION_IMPORT_AND_ROTATION",
        }
    }
}

impl RotationKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::OnDemand => "ON_DEMAND",
        }
    }
}

impl MaterialId {
    /// Reads an id that the request's validation has let through.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut id = [0; 32];
        hex::decode_to_slice(text, &mut id).ok()?;
        Some(Self(id))
    }
}

impl fmt::Display for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Defect::MaterialIdInCapitals.is_on() {
            true => f.write_str(&hex::encode_upper(self.0)),
            false => f.write_str(&hex::encode(self.0)),
        }
    }
}

impl serde::Serialize for MaterialId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
