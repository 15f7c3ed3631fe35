//! Exceptions that say "try again": they are retried, and where they persist nothing is said of the target's rules.

use std::sync::Arc;

use kms_conformance::emulator::{Config, Emulator, Fault, ServiceException};
use kms_conformance::judge::Verdict;
use kms_conformance::kms::Operation;
use kms_conformance::runner::{Options, TestOutcome, run_test};
use kms_conformance::scenario::Library;
use kms_conformance::target::Target;

const ALL: [ServiceException; 3] =
    [ServiceException::DependencyTimeout, ServiceException::KmsInternal, ServiceException::Throttling];

async fn run_with(fault: Fault) -> TestOutcome {
    let library = Library::shipped().unwrap();
    let name = "import_token/issued_for_another_key[spec=SYMMETRIC_DEFAULT]";
    let test = library.tests.into_iter().find(|test| test.name == name).map(Arc::new).unwrap();
    let emulator = Emulator::new(Config::default());
    emulator.inject(fault);
    run_test(&Target::emulator(emulator), &test, &Options::default()).await
}

#[tokio::test(start_paused = true)]
async fn one_that_passes_is_retried_and_leaves_no_trace_but_the_attempts() {
    for code in ALL {
        let outcome = run_with(Fault { operation: Some(Operation::ImportKeyMaterial), code, times: 2 }).await;
        assert_eq!(outcome.verdict, Verdict::Pass, "{code:?}: {:?}", outcome.reason);
        let import = outcome.exchanges.iter().find(|e| e.operation == "ImportKeyMaterial").unwrap();
        assert_eq!(import.attempts, 3, "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_persists_is_inconclusive_and_never_a_deviation() {
    for code in ALL {
        let outcome = run_with(Fault { operation: Some(Operation::ImportKeyMaterial), code, times: 100 }).await;
        assert_eq!(outcome.verdict, Verdict::Inconclusive, "{code:?}");
        assert_eq!(outcome.findings, [], "{code:?}: no rule is charged");
        assert!(outcome.reason.unwrap().contains("Exception"), "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_the_fault_does_not_name_is_not_met_by_it() {
    let fault = Fault { operation: Some(Operation::Sign), code: ServiceException::Throttling, times: 100 };
    assert_eq!(run_with(fault).await.verdict, Verdict::Pass);
}
