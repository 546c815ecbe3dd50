//! The first half: signing in, and what a token opens.

use crate::commands::demo::sample::{PHONE, Sample};

pub(super) fn commands(sample: &Sample) -> String {
    let login = sample.customer.login;
    let (md5, sha1, name) = (login.md5(), login.sha1(), login.account);
    let (account, user) = (sample.customer.account, sample.customer.user);
    let key = sample.api_key.expose();
    format!(
        r#"
# Sign in as {username}: the credentials are the MD5 of {username}:{password}
printf %s '{username}:{password}' | md5sum
curl -s -X PUT $URL/v2/user_auth -H 'Content-Type: application/json' \
  -d '{{"data":{{"credentials":"{md5}","account_name":"{name}"}}}}'; echo

# The same by realm and SHA-1, by phone number, and keeping the token
curl -s -X PUT $URL/v2/user_auth -H 'Content-Type: application/json' \
  -d '{{"data":{{"credentials":"{sha1}","method":"sha","account_realm":"{realm}"}}}}'; echo
TOKEN=$(curl -s -X PUT $URL/v2/user_auth -H 'Content-Type: application/json' \
  -d '{{"data":{{"credentials":"{md5}","phone_number":"{PHONE}"}}}}' | sed 's/.*"auth_token":"\([^"]*\)".*/\1/')

# Use the token
curl -s -H "X-Auth-Token: $TOKEN" $URL/v2/accounts/{account}; echo
curl -s -H "X-Auth-Token: $TOKEN" $URL/v2/accounts/{account}/users/{user}; echo

# Sign in with the account's API key
curl -s -X PUT $URL/v2/api_auth -H 'Content-Type: application/json' -d '{{"data":{{"api_key":"{key}"}}}}'; echo

# Basic, without a token
curl -s --basic --user {account}:{md5} $URL/v2/accounts/{account}; echo

# A wrong password: 401
curl -s -X PUT $URL/v2/user_auth -H 'Content-Type: application/json' \
  -d '{{"data":{{"credentials":"00000000000000000000000000000000","account_name":"{name}"}}}}'; echo
"#,
        username = login.username,
        password = login.password,
        realm = login.realm,
    )
}
