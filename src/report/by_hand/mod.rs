//! A test as commands of the AWS CLI and openssl, for those who would see a finding with their own hands.
//!
//! The commands of a test are the same for every target: after [`PREPARATION`], which is run once in a shell, they go to
//! `$ENDPOINT`. What the AWS CLI would refuse to send goes out through curl.

mod fit;
mod word;
mod writer;

use crate::judge::describe;
use crate::scenario::{Action, Expected, Role, Test, format_duration};
use writer::Writer;

/// What is run first: where the calls go, and functions for what takes more than a command.
pub(super) const PREPARATION: &str = include_str!("preparation.sh");

/// A step's commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commands {
    /// The step's line in the scenario file.
    pub(super) line: usize,
    /// The operation, or what happens instead of one.
    pub(super) what: String,
    /// What a call must come to, where that is more than success.
    pub(super) expected: Option<String>,
    /// The commands, one or more lines.
    pub(super) text: String,
}

/// The commands of a test's steps, in their order.
pub(super) fn commands(test: &Test) -> Vec<Commands> {
    let mut writer = Writer::new(test);
    let steps = test.steps.iter().map(|step| {
        let what = match &step.action {
            Action::Call(call) => {
                writer.call(call);
                call.operation.to_string()
            }
            Action::Advance(duration) => {
                writer.line(format!("sleep {}", duration.as_secs_f64().ceil()));
                format!("{} pass", format_duration(*duration))
            }
            Action::Set(names) => {
                names.iter().for_each(|(name, value)| writer.set(name, value));
                "values for later".to_owned()
            }
        };
        Commands {
            line: step.line,
            what,
            expected: step.call().and_then(|call| expected(&call.role)),
            text: writer.take(),
        }
    });
    steps.collect()
}

/// What must be seen, where that is more than success.
fn expected(role: &Role) -> Option<String> {
    match role {
        Role::Scene(Expected::Success(_)) | Role::Observe { .. } => None,
        Role::Scene(expected @ Expected::Refusal(_)) => Some(describe(expected)),
        Role::Judge(rules) => rules.first().map(|(_, expected)| describe(expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{SourceFile, parse};

    fn written(steps: &str) -> String {
        let head =
            "name: a test\nwhy: to see its commands\nmaterial: { m: SYMMETRIC_DEFAULT, e: ECC_NIST_P256 }\nsteps:\n";
        let file = SourceFile { path: "own/test.yaml".into(), text: format!("{head}{steps}") };
        let tests = parse("own/test", file).unwrap();
        commands(&tests[0]).into_iter().map(|step| format!("{}: {}\n{}\n", step.line, step.what, step.text)).collect()
    }

    /// The steps of an import, up to a call of one's own.
    const BEGIN: &str = r#"
  - CreateKey: { Origin: EXTERNAL, MultiRegion: true, Tags: [{ TagKey: it's, TagValue: "$HOME" }] }
    as: k
    expect: { KeyMetadata: { KeyState: PendingImport } }
  - GetParametersForImport: { KeyId: "${k.KeyId}", WrappingAlgorithm: RSA_AES_KEY_WRAP_SHA_256, WrappingKeySpec: RSA_3072 }
    as: p
"#;

    #[test]
    fn an_import_is_wrapped_by_the_algorithm_that_was_asked_for() {
        let text = written(&format!(
            "{BEGIN}{}",
            r#"
  - ImportKeyMaterial:
      KeyId: "${k.KeyId}"
      ImportToken: { $flip: "${p.ImportToken}", at: end }
      EncryptedKeyMaterial: { $wrap: e, with: p }
      ExpirationModel: KEY_MATERIAL_EXPIRES
      ValidTo: { $now: +90d }
    fails: InvalidImportTokenException
    checks: TOK-KEYBOUND
"#
        ));
        assert_eq!(
            text,
            r#"6: CreateKey
aws kms create-key --endpoint-url "$ENDPOINT" \
  --origin EXTERNAL \
  --multi-region \
  --tags '[{"TagKey": "it'\''s", "TagValue": "$HOME"}]' | tee k.json
9: GetParametersForImport
aws kms get-parameters-for-import --endpoint-url "$ENDPOINT" \
  --key-id "$(jq -r .KeyMetadata.KeyId k.json)" \
  --wrapping-algorithm RSA_AES_KEY_WRAP_SHA_256 \
  --wrapping-key-spec RSA_3072 | tee p.json
12: ImportKeyMaterial
jq -r .ImportToken p.json | unbase64 p.ImportToken.bin
cp p.ImportToken.bin ImportToken.bin
flip end ImportToken.bin
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkcs8 -topk8 -nocrypt -outform DER -out e.material
jq -r .PublicKey p.json | unbase64 p.PublicKey.bin
rsa_aes_key_wrap sha256 p.PublicKey.bin e.material EncryptedKeyMaterial.bin
aws kms import-key-material --endpoint-url "$ENDPOINT" \
  --key-id "$(jq -r .KeyMetadata.KeyId k.json)" \
  --import-token fileb://ImportToken.bin \
  --encrypted-key-material fileb://EncryptedKeyMaterial.bin \
  --expiration-model KEY_MATERIAL_EXPIRES \
  --valid-to "$(($(date +%s) + 7776000))" && echo success
"#
        );
    }

    #[test]
    fn what_the_aws_cli_would_not_send_goes_out_as_it_is() {
        let text = written(&format!(
            "{BEGIN}{}",
            r#"
  - ImportKeyMaterial:
      KeyId: "${k.KeyId}/$(reboot)"
      ImportToken: "${p.ImportToken}"
      EncryptedKeyMaterial: { $raw: "not base64!" }
    fails: any
    checks: IMP-PARAMS
  - ImportKeyMaterial: { KeyId: "${k.KeyId}" }
    fails: any
    checks: IMP-PARAMS
"#
        ));
        let (_, judged) = text.split_once("12: ImportKeyMaterial\n").unwrap();
        assert_eq!(
            judged,
            r#"raw ImportKeyMaterial "{\"KeyId\": \"$(jq -r .KeyMetadata.KeyId k.json)/\$(reboot)\", \"ImportToken\": \"$(jq -r .ImportToken p.json)\", \"EncryptedKeyMaterial\": \"not base64!\"}"
18: ImportKeyMaterial
raw ImportKeyMaterial "{\"KeyId\": \"$(jq -r .KeyMetadata.KeyId k.json)\"}"
"#
        );
    }

    #[test]
    fn a_value_that_looks_like_a_flag_is_taken_for_a_value() {
        let text = written(
            r#"
  - DeleteImportedKeyMaterial: { KeyId: -k, KeyMaterialId: { $repeat: "-", times: 64 } }
    fails: any
    checks: IMP-PARAMS
"#,
        );
        let dashes = "-".repeat(64);
        let command = "aws kms delete-imported-key-material --endpoint-url \"$ENDPOINT\"";
        assert_eq!(
            text,
            format!(
                "6: DeleteImportedKeyMaterial\n{command} \\\n  --key-id=-k \\\n  --key-material-id={dashes} && echo success\n"
            )
        );
    }

    #[test]
    fn what_is_required_inside_a_member_is_required_by_the_aws_cli_too() {
        let text = written(
            r#"
  - CreateKey: { Origin: EXTERNAL }
    as: k
    expect: { KeyMetadata: { KeyState: PendingImport } }
  - TagResource: { KeyId: "${k.KeyId}", Tags: [{ TagValue: v }] }
    fails: any
    checks: IMP-PARAMS
"#,
        );
        assert!(text.contains("\nraw TagResource \"{"), "{text}");
    }
}
