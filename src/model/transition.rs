//! What a sequence is made of: calls with symbolic handles, and time.

use std::fmt;

use jiff::SignedDuration;

use super::world::{Kind, Name};
use crate::kms::{Operation, WrappingAlgorithm};
use crate::scenario::{Damage, format_duration};

/// One step of a sequence. What it makes, it names; what it uses, it names too, so that it stays meaningful, or is
/// plainly void, when steps before it are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    /// `CreateKey`.
    Create {
        /// The new key.
        key: Name,
        /// Which kind.
        kind: Kind,
        /// Whether it is a multi-Region primary key.
        multi_region: bool,
    },
    /// `ReplicateKey` into the other Region.
    Replicate {
        /// The primary key.
        key: Name,
        /// The new replica.
        replica: Name,
    },
    /// `GetParametersForImport` with RSA_2048.
    Parameters {
        /// For which key.
        key: Name,
        /// The token and its public key.
        token: Name,
        /// For which way of wrapping.
        algorithm: WrappingAlgorithm,
    },
    /// `ImportKeyMaterial`.
    Import(Import),
    /// `DeleteImportedKeyMaterial`.
    DeleteMaterial {
        /// From which key.
        key: Name,
        /// By the `KeyMaterialId` that this import answered; the current material, if none.
        id_of: Option<Name>,
    },
    /// `EnableKey`.
    Enable {
        /// Which key.
        key: Name,
    },
    /// `DisableKey`.
    Disable {
        /// Which key.
        key: Name,
    },
    /// `ScheduleKeyDeletion`.
    ScheduleDeletion {
        /// Which key.
        key: Name,
        /// After how many days.
        days: i64,
    },
    /// `CancelKeyDeletion`.
    CancelDeletion {
        /// Which key.
        key: Name,
    },
    /// `RotateKeyOnDemand`.
    Rotate {
        /// Which key.
        key: Name,
    },
    /// `DescribeKey`.
    Describe {
        /// Which key.
        key: Name,
    },
    /// A cryptographic operation.
    Use {
        /// With which key.
        key: Name,
        /// Which operation.
        usage: Use,
    },
    /// Time goes by.
    Pass(SignedDuration),
    /// These calls are made at the same time, by clients of their own.
    Together(Vec<Self>),
}

/// A cryptographic operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// `Encrypt`, which makes a ciphertext.
    Encrypt(Name),
    /// `Decrypt` of that ciphertext, naming the key.
    Decrypt(Name),
    /// `GenerateDataKey`.
    GenerateDataKey,
    /// `GenerateMac`.
    GenerateMac,
    /// `Sign`.
    Sign,
    /// `GetPublicKey`.
    GetPublicKey,
}

/// An `ImportKeyMaterial` request, with at most a few things wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Into which key.
    pub key: Name,
    /// What names this import, and so the `KeyMaterialId` that it answers.
    pub import: Name,
    /// Whose `ImportToken` is sent.
    pub token: Name,
    /// How the token is damaged.
    pub damaged_token: Option<Damage>,
    /// How the material is wrapped.
    pub wrapping: Wrapping,
    /// Which of the materials of this kind; a key takes those of its own kind only.
    pub material: usize,
    /// The key's kind.
    pub kind: Kind,
    /// `ExpirationModel` and `ValidTo`.
    pub expiry: Expiry,
    /// `ImportType`: whether new; left out, if none.
    pub new: Option<bool>,
    /// `KeyMaterialId`: what this import answered; left out, if none.
    pub id_of: Option<Name>,
}

/// How key material is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// Under the public key of the same answer that the token is from.
    Right,
    /// Under the public key of another answer.
    PublicKeyOf(Name),
    /// By this way, with another hash than the one that was asked for.
    OtherHash(WrappingAlgorithm),
    /// Rightly, and the blob damaged afterwards.
    Damaged(Damage),
}

/// `ExpirationModel` and `ValidTo` of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// `KEY_MATERIAL_DOES_NOT_EXPIRE`.
    Never,
    /// `KEY_MATERIAL_EXPIRES`, so long after the request; before it, if negative.
    After(SignedDuration),
    /// A `ValidTo` without an `ExpirationModel`.
    AfterByDefault(SignedDuration),
    /// Neither.
    Neither,
    /// `KEY_MATERIAL_EXPIRES` without a `ValidTo`.
    ModelAlone,
    /// `KEY_MATERIAL_DOES_NOT_EXPIRE` with a `ValidTo`.
    NeverWithValidTo(SignedDuration),
}

impl Expiry {
    /// `ValidTo`, relative to the request.
    #[must_use]
    pub const fn valid_to(self) -> Option<SignedDuration> {
        match self {
            Self::After(later) | Self::AfterByDefault(later) | Self::NeverWithValidTo(later) => Some(later),
            Self::Never | Self::Neither | Self::ModelAlone => None,
        }
    }
}

impl Import {
    /// What scenarios call the material.
    #[must_use]
    pub fn named_material(&self) -> String {
        self.kind.material(self.material)
    }
}

impl Transition {
    /// The operation that is called; none where only time goes by.
    #[must_use]
    pub const fn operation(&self) -> Option<Operation> {
        Some(match self {
            Self::Create { .. } => Operation::CreateKey,
            Self::Replicate { .. } => Operation::ReplicateKey,
            Self::Parameters { .. } => Operation::GetParametersForImport,
            Self::Import(_) => Operation::ImportKeyMaterial,
            Self::DeleteMaterial { .. } => Operation::DeleteImportedKeyMaterial,
            Self::Enable { .. } => Operation::EnableKey,
            Self::Disable { .. } => Operation::DisableKey,
            Self::ScheduleDeletion { .. } => Operation::ScheduleKeyDeletion,
            Self::CancelDeletion { .. } => Operation::CancelKeyDeletion,
            Self::Rotate { .. } => Operation::RotateKeyOnDemand,
            Self::Describe { .. } => Operation::DescribeKey,
            Self::Use { usage, .. } => usage.operation(),
            Self::Pass(_) | Self::Together(_) => return None,
        })
    }

    /// What the call names, if it succeeds.
    #[must_use]
    pub const fn made(&self) -> Option<Name> {
        match self {
            Self::Create { key: name, .. }
            | Self::Replicate { replica: name, .. }
            | Self::Parameters { token: name, .. }
            | Self::Import(Import { import: name, .. })
            | Self::Use { usage: Use::Encrypt(name), .. } => Some(*name),
            _ => None,
        }
    }

    /// The same with another name for what it makes.
    #[must_use]
    pub fn renamed(mut self, new: Name) -> Self {
        match &mut self {
            Self::Create { key: name, .. }
            | Self::Replicate { replica: name, .. }
            | Self::Parameters { token: name, .. }
            | Self::Import(Import { import: name, .. })
            | Self::Use { usage: Use::Encrypt(name), .. } => *name = new,
            _ => {}
        }
        self
    }

    /// The key that the call is about.
    #[must_use]
    pub const fn key(&self) -> Option<Name> {
        match self {
            Self::Create { key, .. }
            | Self::Replicate { key, .. }
            | Self::Parameters { key, .. }
            | Self::Import(Import { key, .. })
            | Self::DeleteMaterial { key, .. }
            | Self::Enable { key }
            | Self::Disable { key }
            | Self::ScheduleDeletion { key, .. }
            | Self::CancelDeletion { key }
            | Self::Rotate { key }
            | Self::Describe { key }
            | Self::Use { key, .. } => Some(*key),
            Self::Pass(_) | Self::Together(_) => None,
        }
    }
}

impl Use {
    /// The operation that is called.
    #[must_use]
    pub const fn operation(self) -> Operation {
        match self {
            Self::Encrypt(_) => Operation::Encrypt,
            Self::Decrypt(_) => Operation::Decrypt,
            Self::GenerateDataKey => Operation::GenerateDataKey,
            Self::GenerateMac => Operation::GenerateMac,
            Self::Sign => Operation::Sign,
            Self::GetPublicKey => Operation::GetPublicKey,
        }
    }
}

/// For logs and messages; the exact request is in the evidence.
impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.operation(), self.key()) {
            (Self::Together(calls), ..) => {
                let calls: Vec<String> = calls.iter().map(Self::to_string).collect();
                write!(f, "{}", calls.join(" ‖ "))
            }
            (Self::Pass(duration), ..) => write!(f, "{} pass", format_duration(*duration)),
            (_, Some(operation), Some(key)) => write!(f, "{operation} k{key}"),
            (_, Some(operation), None) => write!(f, "{operation}"),
            (_, None, _) => Ok(()),
        }
    }
}
