//! Phone numbers: which account a number belongs to.

use doorward_core::id::AccountId;
use doorward_core::name::{self, NameError};
use doorward_store::Actor;

use super::AdminError;
use crate::Engine;

impl Engine {
    /// Assigns a phone number to an account; returns it in E.164.
    ///
    /// # Errors
    /// A conflict when another account has it.
    pub async fn assign_phone(
        &self,
        actor: Actor,
        id: AccountId,
        number: &str,
    ) -> Result<String, AdminError> {
        let number = checked_phone(number)?;
        let assigned = number.clone();
        self.commit(actor, move |write| {
            Box::pin(async move { Ok(write.assign_phone(id, &assigned).await?) })
        })
        .await?;
        Ok(number)
    }

    /// Takes a phone number from an account.
    ///
    /// # Errors
    /// What the store says when it is not assigned.
    pub async fn release_phone(
        &self,
        actor: Actor,
        id: AccountId,
        number: &str,
    ) -> Result<(), AdminError> {
        let number = checked_phone(number)?;
        self.commit(actor, move |write| {
            Box::pin(async move { Ok(write.release_phone(id, &number).await?) })
        })
        .await
    }
}

fn checked_phone(number: &str) -> Result<String, AdminError> {
    let number = name::phone(number);
    let digits = number.strip_prefix('+').unwrap_or_default();
    if (5..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        Ok(number)
    } else {
        Err(AdminError::Name {
            field: "phone number",
            error: NameError::Character,
        })
    }
}
