//! Every request that reaches a target has taken its turn.

use std::sync::PoisonError;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use jiff::SignedDuration;
use tokio::time::Instant;

use super::in_process::InProcess;
use super::*;
use crate::emulator::{Config, Fault, ServiceException};
use crate::judge::Verdict;
use crate::runner::{Event, Options, Plan, Stopper, run};
use crate::scenario::Library;

/// When each request came, and which operation it was for.
type Arrivals = Arc<Mutex<Vec<(Instant, String)>>>;

#[derive(Debug, Clone)]
struct Watched(InProcess, Arrivals);

impl HttpConnector for Watched {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = request.headers().get("x-amz-target").unwrap_or_default().replace("TrentService.", "");
        self.1.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), operation));
        self.0.call(request)
    }
}

/// The emulator as anybody's endpoint: it is probed and cleaned up, and its clock cannot be turned.
fn target(emulator: Emulator, arrivals: &Arrivals, rates: &Rates) -> Target {
    let connector = Watched(InProcess(emulator.clone()), Arc::clone(arrivals));
    Target {
        reach: Reach::Url(IN_PROCESS_URL.to_owned()),
        http_client: http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone())),
        pacer: Arc::new(Pacer::new(rates)),
        ..Target::emulator(emulator)
    }
}

/// Runs tests one after the other's start; returns their verdicts.
async fn run_paced(emulator: Emulator, arrivals: &Arrivals, rates: &Rates) -> Vec<Verdict> {
    let names = ["reimport/same_material", "delete_material/", "import_token/issued_for_another_key"];
    let tests: Vec<_> = Library::shipped().unwrap().tests.into_iter().map(Arc::new).collect();
    let tests: Vec<_> = tests.into_iter().filter(|test| names.iter().any(|name| test.name.starts_with(name))).collect();
    assert!(tests.len() > names.len());
    let options = Options { max_wait: SignedDuration::ZERO, ..Options::default() };
    let mut verdicts = Vec::new();
    let plan = Plan { tests, scenarios: None, shard: None, exploration: None };
    run(
        Arc::new(target(emulator, arrivals, rates)),
        plan,
        options,
        &Stopper::default(),
        |event| {
            if let Event::TestFinished(outcome) = event {
                verdicts.push(outcome.verdict);
            }
        },
        |_| (),
    )
    .await;
    verdicts
}

fn gaps(arrivals: &Arrivals, of: impl Fn(&str) -> bool) -> Vec<Duration> {
    let arrivals = arrivals.lock().unwrap();
    let times: Vec<Instant> = arrivals.iter().filter(|(_, operation)| of(operation)).map(|(at, _)| *at).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test(start_paused = true)]
async fn probing_tests_second_attempts_and_clean_up_keep_to_the_overall_rate() {
    let (arrivals, emulator) = (Arrivals::default(), Emulator::new(Config::default()));
    let operation = Some(Operation::ImportKeyMaterial);
    emulator.inject(Fault { operation, code: ServiceException::Throttling, times: 3 });
    let rates = Rates { overall: Rate::new(0.5), ..Rates::default() };
    let verdicts = run_paced(emulator, &arrivals, &rates).await;
    assert!(verdicts.contains(&Verdict::Pass), "{verdicts:?}");
    assert!(!verdicts.contains(&Verdict::Deviation), "throttling and waiting are not judged: {verdicts:?}");
    let seen = |name: &str| arrivals.lock().unwrap().iter().filter(|(_, operation)| operation == name).count();
    assert_eq!(seen("KmsConformanceNoSuchOperation"), 1, "it was probed");
    assert!(seen("ScheduleKeyDeletion") > 1 && seen("CreateKey") > 1, "it was cleaned up");
    let gaps = gaps(&arrivals, |_| true);
    assert!(gaps.len() > 30);
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_secs(2)), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn the_rates_of_aws_are_kept_operation_by_operation() {
    let arrivals = Arrivals::default();
    let rates = Rates { overall: None, operations: Rates::aws_operations() };
    let verdicts = run_paced(Emulator::new(Config::default()), &arrivals, &rates).await;
    assert!(verdicts.contains(&Verdict::Pass), "{verdicts:?}");
    for (operation, rate) in &rates.operations {
        // Tokio's timer counts whole milliseconds.
        let least = rate.interval().saturating_sub(Duration::from_millis(1));
        let gaps = gaps(&arrivals, |name| name == operation.as_str());
        assert!(gaps.iter().all(|gap| *gap >= least), "{operation}: {gaps:?}");
    }
    assert!(gaps(&arrivals, |name| name == "GetParametersForImport").len() > 3);
}
