//! A KMS to test against: one that behaves as AWS KMS is known to, with real cryptography, and a clock that can be turned.
//!
//! [`Emulator::respond`] is the whole of it: an HTTP request in, an HTTP response out, with no socket between;
//! [`server::serve`] puts a socket before it. Where nobody says what AWS does, [`choices`] says what this does.
//!
//! - **Accounts**: whoever signs with an access key id of twelve digits works in the account of that number, all others
//!   in the default account. Accounts share nothing and do not wait for each other. The Region is that of the
//!   signature's scope. Signatures are not checked; a request without one is for the default account and Region.
//! - **Time**: each account has a [clock](AccountClock) of its own. `POST /_kms-conformance/clock` with
//!   `{"account": "111122223333"}` reads it; `"freeze": true` makes it stand still, `"advance_ms": N` moves it.
//!   `GET /_kms-conformance` tells that this is an emulator whose clock can be turned.
//!
//! ```
//! use bytes::Bytes;
//! use kms_conformance::emulator::{Config, Emulator};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::new(Config::default());
//! let request = http::Request::post("/")
//!     .header("x-amz-target", "TrentService.CreateKey")
//!     .body(Bytes::from_static(br#"{"Origin": "EXTERNAL"}"#))?;
//! let answer: serde_json::Value = serde_json::from_slice(emulator.respond(request).await.body())?;
//! assert_eq!(answer["KeyMetadata"]["KeyState"], "PendingImport");
//! # Ok(())
//! # }
//! ```

pub mod choices;
mod clock;
mod control;
mod crypto;
mod defects;
mod failure;
mod faults;
mod operations;
mod protocol;
pub mod server;
mod states;
mod store;
mod token;
mod validation;
mod wire;
mod wrapping_pool;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use http::{Method, Request, Response};
use uuid::Uuid;

pub use clock::AccountClock;
use defects::Memory;
pub use defects::{About, Defect, Reach, UnknownDefect};
pub use faults::{Fault, ServiceException};

use crate::kms::{AccountId, ErrorCode, Region};
use failure::Failure;
use faults::Faults;
use operations::Session;
use protocol::{Caller, Defaults};
use store::Account;
use token::TokenSeal;
use wrapping_pool::WrappingPool;

/// An emulated KMS. Clones are handles on the same one.
#[derive(Debug, Clone)]
pub struct Emulator(Arc<Inner>);

/// What an emulator can be told when it is made.
#[derive(Debug, Clone)]
pub struct Config {
    /// The account of requests whose access key id is not an account id: `000000000000` by default, which AWS gives to
    /// nobody.
    pub default_account: AccountId,
    /// The Region of requests that are not signed: `us-east-1` by default.
    pub default_region: Region,
    /// The one thing that the emulator does wrong; nothing by default.
    pub defect: Option<Defect>,
}

#[derive(Debug)]
struct Inner {
    defaults: Defaults,
    accounts: RwLock<HashMap<AccountId, Arc<Account>>>,
    pool: WrappingPool,
    faults: Faults,
    defect: Option<Defect>,
    /// Imports, over all accounts.
    imports: Memory,
    /// `None` if there is no randomness to make one; every request then fails.
    seal: Option<TokenSeal>,
}

impl Default for Config {
    fn default() -> Self {
        let known = "these literals are well-formed";
        Self {
            default_account: "000000000000".parse().expect(known),
            default_region: "us-east-1".parse().expect(known),
            defect: None,
        }
    }
}

impl Emulator {
    /// An emulator whose accounts are empty.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Inner {
            defaults: Defaults { account: config.default_account, region: config.default_region },
            accounts: RwLock::default(),
            pool: WrappingPool::shared(),
            faults: Faults::default(),
            defect: config.defect,
            imports: Memory::default(),
            seal: TokenSeal::new().ok(),
        }))
    }

    /// Answers a request: of KMS, or of the control endpoint.
    pub async fn respond(&self, request: Request<Bytes>) -> Response<Bytes> {
        if control::is_meant(request.uri().path()) {
            return control::respond(self, &request);
        }
        let id = Uuid::new_v4();
        defects::under(self.0.defect, async { protocol::response(id, self.kms(id, &request).await) }).await
    }

    /// The one thing that it does wrong, if it was made so.
    #[must_use]
    pub fn defect(&self) -> Option<Defect> {
        self.0.defect
    }

    /// The clock of one account.
    #[must_use]
    pub fn clock(&self, account: &AccountId) -> AccountClock {
        self.0.account(account).clock.clone()
    }

    /// Answers calls to come, of any account, with an exception that only the service can cause.
    pub fn inject(&self, fault: Fault) {
        self.0.faults.push(fault);
    }

    async fn kms(&self, id: Uuid, request: &Request<Bytes>) -> Result<Bytes, Failure> {
        let operation = protocol::operation(request.headers())?;
        if request.method() != Method::POST {
            return Err(Failure::silent(ErrorCode::UNKNOWN_OPERATION));
        }
        self.0.faults.next(operation)?;
        let mut caller = Caller::of(request.headers(), &self.0.defaults)?;
        let body = validation::request(operation, &caller.region, request.body())?;
        if let Some(account) = defects::account_of_the_key(operation, &body) {
            caller.account = account;
        }
        let account = self.0.account(&caller.account);
        let session = Session { emulator: &self.0, caller: &caller, account: &account, operation, request: id };
        operations::perform(&session, body).await
    }
}

impl Inner {
    fn account(&self, id: &AccountId) -> Arc<Account> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(id) {
            return Arc::clone(account);
        }
        drop(accounts);
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry(id.clone()).or_default())
    }

    fn seal(&self) -> Result<&TokenSeal, Failure> {
        self.seal.as_ref().ok_or_else(|| Failure::internal("there is no randomness"))
    }
}
