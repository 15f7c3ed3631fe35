//! Imports that overlap: one of two wins, unless the emulator has the defect that lets both.

use kms_conformance::emulator::{Config, Defect, Emulator};
use serde_json::{Value, json};

use crate::client::{Client, random};

/// How many of two imports of different material succeed that are under way at the same time.
async fn winners(defect: Option<Defect>, has_material: bool, members: Value) -> usize {
    let client = Client { emulator: Emulator::new(Config { defect, ..Config::default() }), ..Client::new() };
    let key = if has_material { client.imported(&random(32)).await } else { client.symmetric().await };
    let one = client.import_request(&key, &random(32), members.clone()).await;
    let other = client.import_request(&key, &random(32), members).await;
    let answers = tokio::join!(client.call("ImportKeyMaterial", one), client.call("ImportKeyMaterial", other));
    [answers.0, answers.1].iter().filter(|answer| answer.is_ok()).count()
}

#[tokio::test]
async fn of_two_first_imports_one_wins() {
    assert_eq!(winners(None, false, json!({})).await, 1);
    assert_eq!(winners(Some(Defect::FirstImportsRace), false, json!({})).await, 2);
}

#[tokio::test]
async fn of_two_new_materials_one_wins() {
    let members = json!({ "ImportType": "NEW_KEY_MATERIAL" });
    assert_eq!(winners(None, true, members.clone()).await, 1);
    assert_eq!(winners(Some(Defect::NewMaterialsRace), true, members).await, 2);
}
