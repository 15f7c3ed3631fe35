//! Reaching a target: every call goes through the official SDK's pipeline (endpoint, signature, time limits, reading of
//! the answer), with the body exactly as a scenario wants it and the wire recorded.
//!
//! A target is the emulator in this process ([`Target::emulator`]) or whatever answers at a URL ([`Target::connect`]).
//! Each test gets a [`Session`]. Where the target is an emulator of this project's, in process or served, a session has
//! an account of its own, whose clock it can turn; elsewhere all sessions share the caller's account and the real clock.
//!
//! The AWS SDK *traces* requests and answers as they are, secrets included. This program subscribes to no traces; whoever
//! does so in tests of their own leaves the targets `aws_*` and `hyper*` out, unless the material is worth nothing.

mod clock;
mod credentials;
mod declared;
mod description;
pub mod description_schema;
mod exchange;
mod in_process;
mod operations;
mod pacing;
#[cfg(test)]
mod pacing_tests;
mod probe;
mod session;
mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{BehaviorVersion, StalledStreamProtectionConfig};
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde_json::json;
use tokio::sync::OnceCell;

pub use clock::{Clock, ClockError, Control};
pub use description::{Capabilities, DeclaredClock, Description};
pub use exchange::{Answer, Exchange, Message, Transport};
pub use pacing::{Rate, Rates, Turn};
pub use session::Session;
pub use wire::Overrides;

use crate::emulator::{Defect, Emulator};
use crate::kms::{AccountId, Operation, Region};
use credentials::{ForAccount as _, anyone, credentials, second_credentials};
use pacing::Pacer;

/// The Region where none is given.
pub const DEFAULT_REGION: &str = "us-east-1";
/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The URL that in-process requests carry; nothing listens there.
const IN_PROCESS_URL: &str = "http://emulator.invalid";

/// Whatever answers KMS calls.
#[derive(Debug)]
pub struct Target {
    reach: Reach,
    region: Region,
    http_client: SharedHttpClient,
    credentials: SharedCredentialsProvider,
    timeouts: TimeoutConfig,
    second_region: Region,
    second_credentials: Option<SharedCredentialsProvider>,
    /// Accounts of the emulator are numbered from here, so that sessions do not share time or keys.
    next_account: AtomicU64,
    /// Operations that the target does not offer, with what it answers; known once it was probed.
    missing: OnceCell<BTreeMap<Operation, String>>,
    description: Option<Description>,
    pacer: Arc<Pacer>,
}

#[derive(Debug)]
enum Reach {
    InProcess(Emulator),
    ServedEmulator { url: String, control: Control },
    Url(String),
}

/// How to reach an endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its URL, such as `http://127.0.0.1:4566`.
    pub url: String,
    /// The Region to sign for; the SDK's own chain, then [`DEFAULT_REGION`], if none.
    pub region: Option<Region>,
    /// A Region for clients that call another one; us-west-2, or us-east-1 beside that, if none.
    pub second_region: Option<Region>,
    /// A profile of the AWS configuration for clients that act in another account.
    pub second_profile: Option<String>,
    /// How long to wait for an answer.
    pub timeout: Duration,
}

/// A target that has no such client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoSuchClient {
    /// There are no credentials of a second account.
    #[error("needs credentials of a second account: name their profile with --second-profile")]
    Credentials,
    /// The target's description says that there is no second account.
    #[error("needs a second account; the target's description says that there is none")]
    Account,
    /// The target's description says that there is no second Region.
    #[error("needs a second Region; the target's description says that there is none")]
    Region,
}

/// A client beside a test's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Client {
    /// Whether it acts in another account.
    pub other_account: bool,
    /// Whether it calls another Region.
    pub other_region: bool,
}

/// Why a target cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The URL is not one.
    #[error("`{url}` is not the URL of an endpoint: {why}")]
    Url {
        /// What was given.
        url: String,
        /// Why not.
        why: String,
    },
    /// The URL is AWS's.
    #[error("{0} is AWS itself: a run there makes hundreds of keys, each of which costs money until it is deleted")]
    Aws(String),
    /// There are no credentials to sign with.
    #[error("there are no credentials to sign requests to {url} with: {why}")]
    Credentials {
        /// The endpoint.
        url: String,
        /// What the SDK says.
        why: String,
    },
    /// It is not what its description says.
    #[error("{path} says {claim}, but {why}")]
    Description {
        /// The description's file.
        path: String,
        /// What it says.
        claim: &'static str,
        /// What is so instead.
        why: String,
    },
    /// Nothing answers.
    #[error("{url} does not answer: {why}")]
    Unreachable {
        /// The endpoint.
        url: String,
        /// What happened instead.
        why: String,
    },
}

impl Target {
    /// A new emulator in this process, with nothing wrong in it.
    pub(crate) fn correct() -> Self {
        Self::emulator(Emulator::new(crate::emulator::Config::default()))
    }

    /// The emulator in this process.
    #[must_use]
    pub fn emulator(emulator: Emulator) -> Self {
        Self {
            http_client: in_process::http_client(emulator.clone()),
            reach: Reach::InProcess(emulator),
            region: default_region(),
            second_region: beside(&default_region()),
            credentials: SharedCredentialsProvider::new(anyone()),
            second_credentials: None,
            timeouts: TimeoutConfig::disabled(),
            next_account: AtomicU64::new(100_000_000_001),
            missing: OnceCell::new(),
            description: None,
            pacer: Arc::default(),
        }
    }

    /// Whatever answers at a URL. Makes one harmless call (`ListKeys`) to see that something does.
    ///
    /// Credentials come from the SDK's own chain. A loopback endpoint gets made-up ones if the environment names none.
    ///
    /// # Errors
    /// When the URL is not one or is AWS's, when there are no credentials, or when nothing answers.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, TargetError> {
        Self::connect_described(endpoint, None).await
    }

    /// The same for a target that is described: what it is called, what it offers, and how often it is called, are the
    /// description's; where it is and the time limit are the endpoint's.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); and when the target is not what the description says.
    pub async fn connect_described(endpoint: &Endpoint, description: Option<Description>) -> Result<Self, TargetError> {
        let host = host_of(&endpoint.url)?;
        if host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn") || host.ends_with(".api.aws") {
            return Err(TargetError::Aws(endpoint.url.clone()));
        }
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build_https();
        let profile = description.as_ref().and_then(|description| description.profile.as_deref());
        let (credentials, chain_region) = credentials(endpoint, profile, &host, &http_client).await?;
        let second_credentials = second_credentials(endpoint, &host, &http_client).await?;
        let region = endpoint.region.clone().or(chain_region).unwrap_or_else(default_region);
        let url = endpoint.url.clone();
        let control = declared::control(&url, description.as_ref()).await?;
        if let Some(description) = &description {
            declared::second_account(description, second_credentials.is_some() || control.is_some())?;
        }
        let pacer = description.as_ref().map(|description| Pacer::new(&description.rates)).unwrap_or_default();
        let target = Self {
            second_region: endpoint.second_region.clone().unwrap_or_else(|| beside(&region)),
            second_credentials,
            reach: match control {
                Some(control) => Reach::ServedEmulator { url, control },
                None => Reach::Url(url),
            },
            region,
            http_client,
            credentials,
            timeouts: TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(endpoint.timeout)
                .build(),
            next_account: AtomicU64::new(rand::Rng::gen_range(
                &mut rand::thread_rng(),
                200_000_000_000..900_000_000_000,
            )),
            missing: OnceCell::new(),
            description,
            pacer: Arc::new(pacer),
        };
        target.greet().await?;
        Ok(target)
    }

    /// What reports call the target.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(description) = &self.description {
            return description.name.clone();
        }
        match &self.reach {
            Reach::InProcess(emulator) => match emulator.defect() {
                None => "the built-in emulator".to_owned(),
                Some(defect) => format!("the built-in emulator with the defect {defect}"),
            },
            Reach::ServedEmulator { url, control } => match &control.defect {
                None => format!("the built-in emulator at {url}"),
                Some(defect) => format!("the built-in emulator with the defect {defect} at {url}"),
            },
            Reach::Url(url) => url.clone(),
        }
    }

    /// Its version, if its description names one.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.description.as_ref().and_then(|description| description.version.as_deref())
    }

    /// What is known of it before it is called.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.description.as_ref()
    }

    /// The URL to give on the command line to reach the same target; none for the emulator in this process.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &self.reach {
            Reach::InProcess(_) => None,
            Reach::ServedEmulator { url, .. } | Reach::Url(url) => Some(url),
        }
    }

    /// The one thing that the emulator in this process does wrong, if it was made so.
    #[must_use]
    pub fn defect(&self) -> Option<Defect> {
        match &self.reach {
            Reach::InProcess(emulator) => emulator.defect(),
            Reach::ServedEmulator { .. } | Reach::Url(_) => None,
        }
    }

    /// The Region that calls go to.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Whether keys outlive the run, so that they have to be cleaned up.
    #[must_use]
    pub fn keeps_keys(&self) -> bool {
        match self.reach {
            Reach::InProcess(_) => false,
            Reach::ServedEmulator { .. } | Reach::Url(_) => true,
        }
    }

    /// Finds out, once, which of these operations the target does not offer. Emulators of this project's offer all
    /// that they know, and say so of the others.
    pub async fn probe(&self, operations: &[Operation]) {
        let probe = async || match self.reach {
            Reach::InProcess(_) | Reach::ServedEmulator { .. } => BTreeMap::new(),
            Reach::Url(_) => {
                let asked: Vec<_> =
                    operations.iter().filter(|name| !self.lacks_by_description(**name)).copied().collect();
                probe::unsupported(&self.plain_session(), &asked).await
            }
        };
        self.missing.get_or_init(probe).await;
    }

    /// What the target answers to an operation that [`probe`](Self::probe) found it not to offer, or that its description
    /// says it does not offer.
    #[must_use]
    pub fn lacks(&self, operation: Operation) -> Option<&str> {
        if self.lacks_by_description(operation) {
            return Some("the target's description says that it is not offered");
        }
        self.missing.get().and_then(|missing| missing.get(&operation)).map(String::as_str)
    }

    fn lacks_by_description(&self, operation: Operation) -> bool {
        self.description.as_ref().is_some_and(|description| description.capabilities.lacks.contains(&operation))
    }

    /// A way to the target for one test.
    ///
    /// # Errors
    /// When a served emulator does not let its clock be controlled.
    pub async fn session(&self) -> Result<Session, ClockError> {
        let account = match &self.reach {
            Reach::InProcess(_) | Reach::ServedEmulator { .. } => self.new_account(),
            Reach::Url(_) => None,
        };
        let clock = self.clock_of(account.as_ref());
        clock.freeze().await?;
        Ok(self.session_in(account, self.region.clone(), self.credentials.clone(), clock))
    }

    /// A way to the target for another client of the same test.
    ///
    /// # Errors
    /// When there are no credentials of a second account, or the target's description says that there is no such client.
    pub fn second_session(&self, own: &Session, client: Client) -> Result<Session, NoSuchClient> {
        let capabilities = self.description.as_ref().map(|description| &description.capabilities);
        match capabilities {
            Some(said) if client.other_region && said.second_region == Some(false) => return Err(NoSuchClient::Region),
            Some(said) if client.other_account && said.second_account == Some(false) => {
                return Err(NoSuchClient::Account);
            }
            Some(_) | None => {}
        }
        let region = if client.other_region { self.second_region.clone() } else { own.region.clone() };
        let (account, credentials) = match (&self.reach, client.other_account) {
            (Reach::InProcess(_) | Reach::ServedEmulator { .. }, true) => {
                (self.new_account(), self.credentials.clone())
            }
            (Reach::InProcess(_) | Reach::ServedEmulator { .. }, false) => (own.account(), self.credentials.clone()),
            (Reach::Url(_), false) => (None, self.credentials.clone()),
            (Reach::Url(_), true) => (None, self.second_credentials.clone().ok_or(NoSuchClient::Credentials)?),
        };
        let clock = self.clock_of(account.as_ref());
        Ok(self.session_in(account, region, credentials, clock))
    }

    fn clock_of(&self, account: Option<&AccountId>) -> Clock {
        match (&self.reach, account) {
            (Reach::InProcess(emulator), Some(account)) => Clock::Turned(emulator.clock(account)),
            (Reach::ServedEmulator { control, .. }, Some(account)) => {
                Clock::TurnedRemotely { control: control.clone(), account: account.clone() }
            }
            (Reach::InProcess(_) | Reach::ServedEmulator { .. } | Reach::Url(_), _) => Clock::Real,
        }
    }

    /// A number of twelve digits that no other session of this target has.
    fn new_account(&self) -> Option<AccountId> {
        self.next_account.fetch_add(1, Ordering::Relaxed).to_string().parse().ok()
    }

    fn session_in(
        &self,
        account: Option<AccountId>,
        region: Region,
        credentials: SharedCredentialsProvider,
        clock: Clock,
    ) -> Session {
        let credentials = match &account {
            Some(account) => SharedCredentialsProvider::new(Credentials::for_account(account)),
            None => credentials,
        };
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_sdk_kms::config::Region::new(region.to_string()))
            .credentials_provider(credentials)
            .endpoint_url(self.url().unwrap_or(IN_PROCESS_URL))
            .http_client(self.http_client.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(self.timeouts.clone())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let client = aws_sdk_kms::Client::from_conf(config);
        Session { client, region, clock, pacer: Arc::clone(&self.pacer), account: Mutex::new(account) }
    }

    /// A session with the caller's own credentials and nothing of its own.
    fn plain_session(&self) -> Session {
        self.session_in(None, self.region.clone(), self.credentials.clone(), Clock::Real)
    }

    async fn greet(&self) -> Result<(), TargetError> {
        let session = self.plain_session();
        let exchange = session.call(Operation::ListKeys, json!({"Limit": 1})).await;
        match exchange.answer {
            Answer::Nothing(why) => Err(TargetError::Unreachable { url: self.name(), why: why.to_string() }),
            Answer::NotSent(why) => Err(TargetError::Credentials { url: self.name(), why }),
            Answer::Success(_) | Answer::Refusal { .. } | Answer::Unreadable(_) => Ok(()),
        }
    }
}

fn default_region() -> Region {
    DEFAULT_REGION.parse().unwrap_or_else(|_| unreachable!("the constant is a Region"))
}

/// A Region that is not this one.
fn beside(region: &Region) -> Region {
    let other = if region.as_str() == "us-west-2" { DEFAULT_REGION } else { "us-west-2" };
    other.parse().unwrap_or_else(|_| default_region())
}

fn host_of(url: &str) -> Result<String, TargetError> {
    let fail = |why: &str| TargetError::Url { url: url.to_owned(), why: why.to_owned() };
    let uri: http::Uri = url.parse().map_err(|error: http::uri::InvalidUri| fail(&error.to_string()))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) => Ok(host.trim_matches(['[', ']']).to_owned()),
        _ => Err(fail("write it as http://host:port or https://host")),
    }
}
