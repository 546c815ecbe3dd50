//! What the example prints: addresses, credentials, and commands ready to paste.

use super::Stage;
use super::sample::{PHONE, Person};

/// The whole page.
pub(super) fn page(stage: &Stage, temporary: bool) -> String {
    let data = stage.settings.data.display();
    let fate = if temporary {
        " (gone when this ends)"
    } else {
        ""
    };
    let people: String = stage.sample.people().map(row).concat();
    format!(
        "\
Doorward is serving an example. End it with Ctrl-C.

  public  http://{public}
  ops     http://{ops}/readyz  /livez  /metrics
  data    {data}{fate}

  {heading}
{people}
{commands}",
        public = stage.public,
        ops = stage.ops,
        heading = columns(["ACCOUNT", "REALM", "USERNAME", "PASSWORD", "ACCOUNT ID"]),
        commands = commands(stage),
    )
}

fn columns([account, realm, username, password, id]: [&str; 5]) -> String {
    format!("{account:16}{realm:22}{username:10}{password:15}{id}")
}

fn row(person: &Person) -> String {
    let (login, id) = (person.login, person.account.to_string());
    let row = columns([
        login.account,
        login.realm,
        login.username,
        login.password,
        &id,
    ]);
    format!("  {row}\n")
}

fn commands(stage: &Stage) -> String {
    let (sample, login) = (&stage.sample, stage.sample.customer.login);
    let (md5, sha1, name) = (login.md5(), login.sha1(), login.account);
    let (account, user) = (sample.customer.account, sample.customer.user);
    let key = sample.api_key.expose();
    format!(
        r#"Paste into another terminal:

# Sign in as {username}: the credentials are the MD5 of {username}:{password}
URL=http://{public}
printf %s '{username}:{password}' | md5sum
curl -s -X PUT $URL/v2/user_auth -H 'Content-Type: application/json' \
  -d '{{"data":{{"credentials":"{md5}","account_name":"{name}"}}}}'

# The same by realm and SHA-1, by phone number, and keeping the token
curl -s -X PUT $URL/v2/user_auth -H 'Content-Type: application/json' \
  -d '{{"data":{{"credentials":"{sha1}","method":"sha","account_realm":"{realm}"}}}}'
TOKEN=$(curl -s -X PUT $URL/v2/user_auth -H 'Content-Type: application/json' \
  -d '{{"data":{{"credentials":"{md5}","phone_number":"{PHONE}"}}}}' | sed 's/.*"auth_token":"\([^"]*\)".*/\1/')

# Use the token
curl -s -H "X-Auth-Token: $TOKEN" $URL/v2/accounts/{account}
curl -s -H "X-Auth-Token: $TOKEN" $URL/v2/accounts/{account}/users/{user}

# Sign in with the account's API key
curl -s -X PUT $URL/v2/api_auth -H 'Content-Type: application/json' -d '{{"data":{{"api_key":"{key}"}}}}'

# Basic, without a token
curl -s --basic --user {account}:{md5} $URL/v2/accounts/{account}

# A wrong password
curl -s -X PUT $URL/v2/user_auth -H 'Content-Type: application/json' \
  -d '{{"data":{{"credentials":"00000000000000000000000000000000","account_name":"{name}"}}}}'

# Look at the installation itself
doorward account list --data {data}
"#,
        public = stage.public,
        username = login.username,
        password = login.password,
        realm = login.realm,
        data = stage.settings.data.display(),
    )
}
