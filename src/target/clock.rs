//! The target's clock: turned where the target allows it, waited for where it does not.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::emulator::AccountClock;
use crate::kms::AccountId;

/// Where the control endpoint of a served emulator lives, below its URL.
const CONTROL_PATH: &str = "/_kms-conformance";
/// A control call is answered at once or not at all.
const CONTROL_TIMEOUT: Duration = Duration::from_secs(3);

/// The clock of one session.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The clock of an account of the emulator in this process.
    Turned(AccountClock),
    /// The clock of an account of an emulator that is served somewhere, reached through its control endpoint.
    TurnedRemotely {
        /// The control endpoint.
        control: Control,
        /// The account whose time it is.
        account: AccountId,
    },
    /// Everybody's clock.
    Real,
}

/// A clock that cannot be read or turned.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the emulator's clock cannot be controlled: {0}")]
pub struct ClockError(String);

impl Clock {
    /// Whether time can be turned rather than waited for.
    #[must_use]
    pub fn is_controlled(&self) -> bool {
        match self {
            Self::Turned(_) | Self::TurnedRemotely { .. } => true,
            Self::Real => false,
        }
    }

    /// The target's time.
    ///
    /// # Errors
    /// When a served emulator does not answer.
    pub async fn now(&self) -> Result<Timestamp, ClockError> {
        match self {
            Self::Turned(clock) => Ok(clock.now()),
            Self::TurnedRemotely { control, account } => control.clock(account, json!({})).await,
            Self::Real => Ok(Timestamp::now()),
        }
    }

    /// Stops time, so that boundaries can be met exactly. A real clock goes on.
    ///
    /// # Errors
    /// When a served emulator does not answer.
    pub async fn freeze(&self) -> Result<(), ClockError> {
        match self {
            Self::Turned(clock) => clock.freeze(),
            Self::TurnedRemotely { control, account } => {
                control.clock(account, json!({"freeze": true})).await?;
            }
            Self::Real => {}
        }
        Ok(())
    }

    /// Lets time pass: turns the clock, or waits.
    ///
    /// # Errors
    /// When a served emulator does not answer.
    pub async fn advance(&self, duration: SignedDuration) -> Result<(), ClockError> {
        match self {
            Self::Turned(clock) => clock.advance(duration),
            Self::TurnedRemotely { control, account } => {
                let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
                control.clock(account, json!({"advance_ms": millis})).await?;
            }
            Self::Real => tokio::time::sleep(duration.unsigned_abs()).await,
        }
        Ok(())
    }
}

/// The control endpoint of a served emulator.
#[derive(Debug, Clone)]
pub struct Control {
    url: String,
    connector: SharedHttpConnector,
    /// The name of the one thing that the emulator does wrong, if it was made so.
    pub(super) defect: Option<String>,
}

impl Control {
    /// Asks the endpoint whether it is an emulator of this project's; any other answer, or none, means that it is not.
    pub(super) async fn find(endpoint: &str) -> Option<Self> {
        if !endpoint.starts_with("http://") {
            return None;
        }
        let url = format!("{}{CONTROL_PATH}", endpoint.trim_end_matches('/'));
        let connector = SharedHttpConnector::new(Connector::builder().build_http());
        let mut control = Self { url, connector, defect: None };
        let about = control.request("GET", "", None).await.ok()?;
        control.defect = about["defect"].as_str().map(str::to_owned);
        (about["name"] == "kms-conformance" && about["control"] == 1).then_some(control)
    }

    async fn clock(&self, account: &AccountId, mut change: Value) -> Result<Timestamp, ClockError> {
        change["account"] = account.as_str().into();
        let answer = self.request("POST", "/clock", Some(&change)).await?;
        let now = answer["now_ms"].as_i64().and_then(|millis| Timestamp::from_millisecond(millis).ok());
        now.ok_or_else(|| ClockError(format!("{}/clock answered {answer}", self.url)))
    }

    async fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, ClockError> {
        let fail = |why: String| ClockError(why);
        let body = body.map_or_else(SdkBody::empty, |body| SdkBody::from(body.to_string()));
        let mut request = HttpRequest::new(body);
        request.set_method(method).map_err(|error| fail(error.to_string()))?;
        request.set_uri(format!("{}{path}", self.url)).map_err(|error| fail(error.to_string()))?;
        let call = async {
            let response = self.connector.call(request).await.map_err(|error| fail(error.to_string()))?;
            http_body_util::BodyExt::collect(response.into_body()).await.map_err(|error| fail(error.to_string()))
        };
        let collected =
            tokio::time::timeout(CONTROL_TIMEOUT, call).await.map_err(|_| fail("no answer in time".into()))??;
        serde_json::from_slice(&collected.to_bytes()).map_err(|error| fail(error.to_string()))
    }
}
