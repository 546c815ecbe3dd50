//! `accounts`: reading one (crossbar.md sections 12.2 and 12.3).

use doorward_engine::Permit;
use serde_json::json;

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::view;

/// `GET accounts/{account}`.
pub(super) async fn show(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let id = call.account()?;
    let account = call.engine.account(id).await?;
    let account = account.ok_or_else(|| Error::BadIdentifier(id.to_string()))?;
    let mut data = view::account(call, &account, permit.identity().account).await?;
    if call.input.flag("include_api_key") && call.engine.administers(permit) {
        let key = super::api_key::read(call).await?;
        data.insert("api_key".to_owned(), json!(key.expose()));
    }
    Ok(super::document(call, account.revision, data))
}
