// The import life cycle with the AWS SDK for JavaScript v3 and node's own cryptography. Started by ./run.

import assert from "node:assert/strict";
import {
  constants, createCipheriv, createHmac, createPublicKey, generateKeyPairSync, publicEncrypt, randomBytes, verify,
} from "node:crypto";
import {
  KMSClient, CreateKeyCommand, DecryptCommand, DeleteImportedKeyMaterialCommand, DescribeKeyCommand, EncryptCommand,
  GenerateMacCommand, GetParametersForImportCommand, GetPublicKeyCommand, ImportKeyMaterialCommand, SignCommand,
  IncorrectKeyMaterialException, InvalidImportTokenException, KMSInvalidStateException, KMSServiceException,
  NotFoundException, UnsupportedOperationException, paginateListKeys,
} from "@aws-sdk/client-kms";

const kms = new KMSClient({ endpoint: process.env.KMS_ENDPOINT });
const account = process.env.AWS_ACCESS_KEY_ID;
const never = { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" };
const message = Buffer.from("a message");

let passed = 0;
let failed = 0;

async function step(name, body) {
  try {
    const value = await body();
    passed += 1;
    console.log(`ok    ${name}`);
    return value;
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${String(error.message ?? error).replaceAll("\n", "\n      ")}`);
    return undefined;
  }
}

/** The call is refused with this exception class of the SDK, status 400, and a request id. */
function refused(name, exception, body, text) {
  return step(name, async () => {
    const error = await body().then(() => assert.fail(`expected ${exception.name}, but it worked`), (error) => error);
    assert.ok(error instanceof exception, `expected ${exception.name}, seen ${error.name}: ${error.message}`);
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    if (text !== undefined) assert.equal(error.message, text);
    return error;
  });
}

const create = async (members = {}) =>
  (await kms.send(new CreateKeyCommand({ Origin: "EXTERNAL", ...members }))).KeyMetadata;
const describe = async (KeyId) => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
const parameters = (KeyId, WrappingAlgorithm = "RSAES_OAEP_SHA_256", WrappingKeySpec = "RSA_2048") =>
  kms.send(new GetParametersForImportCommand({ KeyId, WrappingAlgorithm, WrappingKeySpec }));

function wrap(material, publicKey, algorithm) {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  const oaepHash = algorithm.endsWith("SHA_1") ? "sha1" : "sha256";
  const oaep = (bytes) => publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, bytes);
  if (algorithm.startsWith("RSAES_OAEP")) return oaep(material);
  const aes = randomBytes(32);
  const wrapping = createCipheriv("id-aes256-wrap-pad", aes, Buffer.from("A65959A6", "hex"));
  return Buffer.concat([oaep(aes), wrapping.update(material), wrapping.final()]);
}

async function put(KeyId, material, members = never, algorithm = "RSAES_OAEP_SHA_256", spec = "RSA_2048") {
  const { ImportToken, PublicKey } = await parameters(KeyId, algorithm, spec);
  const EncryptedKeyMaterial = wrap(material, PublicKey, algorithm);
  return kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ...members }));
}

async function symmetricKey() {
  const key = await step("create", () => create());
  const { Arn } = key;
  await step("the new key is in PendingImport, without expiry", () => {
    assert.equal(key.KeyState, "PendingImport");
    assert.equal(key.Enabled, false);
    assert.equal(key.ExpirationModel, undefined);
    assert.equal(key.AWSAccountId, account);
    assert.ok(key.CreationDate instanceof Date && Math.abs(key.CreationDate - Date.now()) < 60_000);
  });
  const pair = await step("get parameters", () => parameters(Arn));
  await step("they are bytes, and a Date in 24 hours", () => {
    assert.equal(pair.KeyId, Arn);
    assert.ok(pair.PublicKey instanceof Uint8Array && pair.ImportToken instanceof Uint8Array);
    assert.ok(Math.abs(pair.ParametersValidTo - Date.now() - 86_400_000) < 60_000, String(pair.ParametersValidTo));
  });

  const material = randomBytes(32);
  const request = {
    KeyId: Arn, ImportToken: pair.ImportToken, EncryptedKeyMaterial: wrap(material, pair.PublicKey, "RSAES_OAEP_SHA_256"),
  };
  const error = await refused("import without ValidTo", KMSServiceException,
    () => kms.send(new ImportKeyMaterialCommand(request)),
    "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES");
  await step("is a ValidationException", () => assert.equal(error.name, "ValidationException"));
  const ValidTo = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);
  const imported = await step("import with ValidTo", () => kms.send(new ImportKeyMaterialCommand({ ...request, ValidTo })));
  await step("the answer has the ARN and the material's id", () => {
    assert.equal(imported.KeyId, Arn);
    assert.match(imported.KeyMaterialId, /^[0-9a-f]{64}$/);
  });
  await step("the key is enabled until then", async () => {
    const now = await describe(Arn);
    assert.equal(now.KeyState, "Enabled");
    assert.equal(now.ExpirationModel, "KEY_MATERIAL_EXPIRES");
    assert.deepEqual(now.ValidTo, ValidTo);
    assert.equal(now.CurrentKeyMaterialId, imported.KeyMaterialId);
  });

  const EncryptionContext = { purpose: "walk", who: "ÄÖÜ 文" };
  const { CiphertextBlob } = await step("encrypt", () =>
    kms.send(new EncryptCommand({ KeyId: Arn, Plaintext: message, EncryptionContext })));
  const decrypt = async () => {
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    assert.deepEqual(Buffer.from(Plaintext), message);
  };
  await step("decrypt", decrypt);
  await step("delete the material", async () => {
    const answer = await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId: Arn }));
    assert.equal(answer.KeyId, Arn);
    assert.equal((await describe(Arn)).KeyState, "PendingImport");
  });
  await refused("encrypt without material", KMSInvalidStateException,
    () => kms.send(new EncryptCommand({ KeyId: Arn, Plaintext: message })), `${Arn} is pending import.`);
  await refused("other material", IncorrectKeyMaterialException, () => put(Arn, randomBytes(32)));
  await step("reimport", async () => {
    const { KeyMaterialId } = await put(Arn, material, never, "RSAES_OAEP_SHA_1", "RSA_3072");
    assert.equal(KeyMaterialId, imported.KeyMaterialId);
  });
  await step("the old ciphertext decrypts", decrypt);
}

async function fractions() {
  const { Arn } = await create();
  const material = randomBytes(32);
  for (const ValidTo of [new Date(Date.now() + 7_200_000), new Date(Math.ceil(Date.now() / 1e10) * 1e10)]) {
    await step(`a date as the SDK writes it, ${ValidTo.toISOString()}, reads back`, async () => {
      await put(Arn, material, { ValidTo });
      assert.deepEqual((await describe(Arn)).ValidTo, ValidTo);
    });
  }
}

async function otherKeys() {
  await step("HMAC_256: the MAC is node's", async () => {
    const { Arn } = await create({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" });
    const material = randomBytes(32);
    await put(Arn, material);
    const { Mac } = await kms.send(new GenerateMacCommand({ KeyId: Arn, Message: message, MacAlgorithm: "HMAC_SHA_256" }));
    assert.deepEqual(Buffer.from(Mac), createHmac("sha256", material).update(message).digest());
  });
  const pairs = [
    ["ECC_NIST_P256", "ECDSA_SHA_256", "RSAES_OAEP_SHA_256", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["ECC_NIST_P384", "ECDSA_SHA_384", "RSA_AES_KEY_WRAP_SHA_1", () => generateKeyPairSync("ec", { namedCurve: "P-384" })],
    ["RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", "RSA_AES_KEY_WRAP_SHA_256",
      () => generateKeyPairSync("rsa", { modulusLength: 2048 })],
  ];
  for (const [KeySpec, SigningAlgorithm, algorithm, generate] of pairs) {
    await step(`${KeySpec} by ${algorithm}: node verifies what KMS signed`, async () => {
      const { privateKey, publicKey } = generate();
      const { Arn } = await create({ KeySpec, KeyUsage: "SIGN_VERIFY" });
      await put(Arn, privateKey.export({ type: "pkcs8", format: "der" }), never, algorithm, "RSA_4096");
      const got = await kms.send(new GetPublicKeyCommand({ KeyId: Arn }));
      assert.deepEqual(Buffer.from(got.PublicKey), publicKey.export({ type: "spki", format: "der" }));
      const { Signature } = await kms.send(new SignCommand({ KeyId: Arn, Message: message, SigningAlgorithm }));
      assert.ok(verify(`sha${SigningAlgorithm.slice(-3)}`, message, publicKey, Signature));
    });
  }
}

async function exceptions() {
  const own = (await kms.send(new CreateKeyCommand({}))).KeyMetadata.Arn;
  await refused("a pair for AWS's own material", UnsupportedOperationException, () => parameters(own),
    `${own} origin is AWS_KMS which is not valid for this operation.`);
  await refused("a key that does not exist", NotFoundException, () => parameters("1234abcd-12ab-34cd-56ef-1234567890ab"));
  const one = await create();
  const two = await create();
  await refused("a token of another key", InvalidImportTokenException, async () => {
    const { ImportToken, PublicKey } = await parameters(one.Arn);
    const EncryptedKeyMaterial = wrap(randomBytes(32), PublicKey, "RSAES_OAEP_SHA_256");
    return kms.send(new ImportKeyMaterialCommand({ KeyId: two.Arn, ImportToken, EncryptedKeyMaterial, ...never }));
  });
  await step("paginateListKeys finds each key once", async () => {
    const seen = [];
    let pages = 0;
    for await (const page of paginateListKeys({ client: kms, pageSize: 2 }, {})) {
      pages += 1;
      seen.push(...page.Keys.map((key) => key.KeyArn));
    }
    assert.ok(pages > 2);
    assert.equal(new Set(seen).size, seen.length);
    assert.ok([own, one.Arn, two.Arn].every((arn) => seen.includes(arn)));
  });
}

for (const part of [symmetricKey, fractions, otherKeys, exceptions]) {
  try {
    await part();
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${part.name} goes on to its end\n      ${error.stack}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
