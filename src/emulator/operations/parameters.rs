//! GetParametersForImport.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Session, key_id, used_for, wrong_origin};
use crate::emulator::choices;
use crate::emulator::clock::later;
use crate::emulator::crypto::unwrap;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::states;
use crate::emulator::store::{Life, Switch};
use crate::emulator::token::{self, ImportToken};
use crate::emulator::wire::{Blob, Instant};
use crate::emulator::wrapping_pool::{RsaSize, Taken};
use crate::kms::{Arn, KeySpec, KeyUsage, Origin, WrappingAlgorithm, WrappingKeySpec};

/// What a SubjectPublicKeyInfo of an RSA key has before the RSAPublicKey.
const SPKI_HEAD: usize = 24;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetParametersForImport {
    key_id: String,
    wrapping_algorithm: WrappingAlgorithm,
    wrapping_key_spec: WrappingKeySpec,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameters {
    key_id: String,
    import_token: Blob,
    public_key: Blob,
    parameters_valid_to: Instant,
}

pub(super) async fn get_parameters_for_import(
    session: &Session<'_>,
    request: &GetParametersForImport,
) -> Result<Parameters, Failure> {
    let (key, spec) = importable(session, &request.key_id)?;
    let size = wrapping_key(request, spec)?;
    let pair = match Defect::OneWrappingKey.is_on() {
        true => session.emulator.pool.take(size, &Taken::default()).await?,
        false => session.emulator.pool.take(size, &session.account.pairs).await?,
    };
    let valid_to = later(session.account.clock.now(), token::LIFE);
    let token = ImportToken { key, algorithm: request.wrapping_algorithm, valid_to, private_key: pair.private.clone() };
    let import_token = session.emulator.seal()?.seal(&token)?;
    if Defect::OnlyNewestToken.is_on() {
        session.account.memory.issue(&token.key, &import_token);
    }
    Ok(Parameters {
        key_id: key_id(&token.key),
        import_token: Blob(import_token),
        public_key: Blob(match Defect::WrappingKeyIsPkcs1.is_on() {
            true => pair.public.get(SPKI_HEAD..).unwrap_or_default().to_vec(),
            false => pair.public.clone(),
        }),
        parameters_valid_to: Instant(match Defect::ParametersValidFor100Days.is_on() {
            true => later(session.account.clock.now(), SignedDuration::from_hours(100 * 24)),
            false => valid_to,
        }),
    })
}

fn importable(session: &Session<'_>, named: &str) -> Result<(Arn, KeySpec), Failure> {
    let mut books = session.books();
    let key = books.find(named)?;
    if key.origin != Origin::External && !Defect::ParametersOfAwsKeys.is_on() {
        return Err(wrong_origin(key));
    }
    states::permit(session.operation, key.state(), &key.arn)?;
    if Defect::ParametersForEncryptionOnly.is_on() {
        used_for(key, KeyUsage::EncryptDecrypt, session.operation)?;
    }
    if Defect::ParametersDiscardMaterial.is_on() {
        key.materials.iter_mut().for_each(|material| material.held = None);
    }
    if Defect::ParametersEnableKey.is_on() {
        key.life = Life::Active(Switch::On);
    }
    Ok((key.arn.clone(), key.spec))
}

/// The size of the pair, if it can carry material of this spec.
fn wrapping_key(request: &GetParametersForImport, spec: KeySpec) -> Result<RsaSize, Failure> {
    let (algorithm, wrapping_key) = (request.wrapping_algorithm, request.wrapping_key_spec);
    if algorithm == WrappingAlgorithm::RsaesPkcs1V15 && Defect::ParametersForPkcs1.is_on() {
        return Ok(RsaSize::Bits2048);
    }
    if algorithm == WrappingAlgorithm::RsaesPkcs1V15 {
        return Err(Failure::new(choices::PKCS1_WRAPPING, format!("WrappingAlgorithm {algorithm} is not supported.")));
    }
    let size = match wrapping_key {
        _ if Defect::WrappingKeyAlways2048.is_on() => Some(RsaSize::Bits2048),
        WrappingKeySpec::Rsa2048 => Some(RsaSize::Bits2048),
        WrappingKeySpec::Rsa3072 => Some(RsaSize::Bits3072),
        WrappingKeySpec::Rsa4096 => Some(RsaSize::Bits4096),
        WrappingKeySpec::Sm2 => None,
    };
    size.filter(|_| unwrap::is_suitable(algorithm, wrapping_key, spec)).ok_or_else(|| {
        let message = format!(
            "WrappingAlgorithm {algorithm} with WrappingKeySpec {wrapping_key} is not supported for KeySpec {spec}."
        );
        Failure::new(choices::UNSUITABLE_WRAPPING, message)
    })
}
