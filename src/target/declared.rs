//! Whether a target is what its description says, as far as that can be told before the first call.

use super::TargetError;
use super::clock::Control;
use super::description::{DeclaredClock, Description};

/// The control endpoint, if the target is an emulator of this project's and its description does not say that its clock
/// is real.
pub(super) async fn control(url: &str, description: Option<&Description>) -> Result<Option<Control>, TargetError> {
    let declared = description.and_then(|description| Some((description, description.capabilities.clock?)));
    match declared {
        Some((_, DeclaredClock::Real)) => Ok(None),
        Some((description, DeclaredClock::Controlled)) => {
            let why = || format!("nothing at {url} answers as this project's control endpoint");
            let (path, claim) = (description.path.clone(), "`clock: controlled`");
            let control = Control::find(url).await;
            control.map(Some).ok_or_else(|| TargetError::Description { path, claim, why: why() })
        }
        None => Ok(Control::find(url).await),
    }
}

/// Fails if the description promises a second account of which no credentials were found.
pub(super) fn second_account(description: &Description, found: bool) -> Result<(), TargetError> {
    match description.capabilities.second_account {
        Some(true) if !found => Err(TargetError::Description {
            path: description.path.clone(),
            claim: "`second_account: true`",
            why: "there are no credentials of it: name their profile as `accounts.second` or with --second-profile"
                .to_owned(),
        }),
        Some(_) | None => Ok(()),
    }
}
