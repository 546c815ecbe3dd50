//! The second half: every command of the vendor's page, and what roles, application tokens and cookies do.

use doorward_core::credential::Basic;

use crate::commands::demo::login::Login;
use crate::commands::demo::sample::{FEEDS, Sample, TOKEN};

pub(super) fn commands(sample: &Sample, folder: &str, program: &str) -> String {
    let admin = sample.admin.login;
    [
        basic(&admin),
        sign_in(&admin),
        push(sample),
        app_token(sample, folder, program),
        ending(sample),
    ]
    .concat()
}

fn basic(admin: &Login) -> String {
    let (username, password) = (admin.username, admin.password);
    let encoded = Basic {
        user_id: username.to_owned(),
        password: password.into(),
    };
    format!(
        r#"
# Basic by hand: {username}:{password} in base64; then as curl does it: {{"state":"STOPPED"}}
printf %s '{username}:{password}' | base64
curl -s -H 'Authorization: Basic {encoded}' $URL/push-api/v1/collections/example-push/state; echo
curl -s -u {username}:{password} $URL/push-api/v1/collections/example-push/state; echo

# Without credentials: 401, and a challenge for Basic
curl -s -i $URL/push-api/v1/collections/example-push/state; echo
"#,
        encoded = encoded.encode(),
    )
}

fn sign_in(admin: &Login) -> String {
    let form = format!(
        "-d username={} -d password={}",
        admin.username, admin.password
    );
    format!(
        r#"
# Sign in: the token comes in the header X-Security-Token and in a cookie. Keep it, use it
curl -s -i {form} $URL/admin-api/account/v1/login; echo
FB=$(curl -s -i {form} $URL/admin-api/account/v1/login | sed -n 's/^x-security-token: *//p' | tr -d '\r')
curl -s -H "X-Security-Token: $FB" $URL/admin-api/account/v1/; echo
curl -s -H "X-Security-Token: $FB" $URL/push-api/v1/collections/example-push/state; echo

# The same with a cookie jar, as browsers do; a page of another site changes nothing with it: 403
JAR=$(mktemp)
curl -s -c $JAR {form} $URL/admin-api/account/v1/login; echo
curl -s -b $JAR $URL/admin-api/account/v1/; echo
curl -s -b $JAR -H 'Origin: https://evil.example' -X POST $URL/push-api/v2/collections/example-push/commit; echo

# Basic is refused at the admin API, right as it may be: 401. So is a wrong password, without a challenge for Basic
curl -s -i -u {username}:{password} $URL/admin-api/account/v1/; echo
curl -s -i -d username={username} -d password=wrong $URL/admin-api/account/v1/login; echo

# One directory, two dialects: a user of Crossbar signs in here, and Crossbar's token from above opens this API
curl -s -H "X-Security-Token: $TOKEN" $URL/admin-api/account/v1/; echo
"#,
        username = admin.username,
        password = admin.password,
    )
}

fn push(sample: &Sample) -> String {
    let (feeder, reader) = (sample.feeder.login, sample.reader.login);
    let (feeds, reads) = (pair(&feeder), pair(&reader));
    format!(
        r#"
# Push a document as {feeder}, whose role {FEEDS} is for one collection: in another one 403, and no user list: 403
curl -s -u {feeds} -X PUT -H 'Content-Type: text/html' --data-binary '<title>On bees</title><p>They hum.' \
  "$URL/push-api/v2/collections/example-push/documents?key=http://example.com/bees"; echo
curl -s -u {feeds} -X PUT -H 'Content-Type: text/html' --data-binary '<title>On bees</title>' \
  "$URL/push-api/v2/collections/example-archive/documents?key=http://example.com/bees"; echo
FEED=$(curl -s -i -d username={feeder} -d password={password} $URL/admin-api/account/v1/login \
  | sed -n 's/^x-security-token: *//p' | tr -d '\r')
curl -s -H "X-Security-Token: $FEED" $URL/admin-api/account/v1/users; echo
curl -s -H "X-Security-Token: $FB" $URL/admin-api/account/v1/users; echo

# {reader} may search only: 403
curl -s -u {reads} -X POST $URL/push-api/v2/collections/example-push/commit; echo

# Commit; then everybody finds it. The last line is for a browser
curl -s -u {feeds} -X POST $URL/push-api/v2/collections/example-push/commit; echo
curl -s "$URL/s/search.json?collection=example-push&query=bees"; echo
echo "$URL/s/search.html?collection=example-push&query=library"
"#,
        feeder = feeder.username,
        password = feeder.password,
        reader = reader.username,
    )
}

/// An application token's value is shown once: on the page of the start that made it.
fn app_token(sample: &Sample, folder: &str, program: &str) -> String {
    let realm = sample.customer.login.realm;
    let (make, label) = match &sample.app_token {
        Some(token) => (
            format!(
                "
# An application token, for a program: it has the role {FEEDS} and no password. Its value is shown this once
APP={}
",
                token.expose()
            ),
            TOKEN,
        ),
        None => (
            format!(
                r#"
# An application token, for a program. The value of {TOKEN} was shown once; make another, over the wire or with
#   {program} app-token create --data {folder} --account {realm} --client shop --name NAME --role {FEEDS}
NAME=feed-$(date +%s)
APP=$(curl -s -X PUT -H "X-Security-Token: $FB" -H 'Content-Type: application/json' -d '{{"roles":["{FEEDS}"]}}' \
  $URL/admin-api/application-tokens/v1/clients/shop/application-token/$NAME | sed 's/.*"token":"\([^"]*\)".*/\1/')
"#
            ),
            "shop~$NAME",
        ),
    };
    format!(
        r#"{make}curl -s -H "X-Security-Token: $APP" $URL/push-api/v2/collections/example-push/state; echo
curl -s -u "{label}:$APP" $URL/push-api/v2/collections/example-push/state; echo
curl -s -H "X-Security-Token: $FB" $URL/admin-api/application-tokens/v1/clients/shop/application-token; echo
"#
    )
}

fn ending(sample: &Sample) -> String {
    let username = sample.admin.login.username;
    format!(
        r#"
# Signing out ends this token, 401, and no other: the one in the cookie lives on. A new password (PUT
# /admin-api/account/v1/password) would end all tokens of {username}, Crossbar's too; application tokens live on
curl -s -X POST -H "X-Security-Token: $FB" $URL/admin-api/account/v1/logout; echo
curl -s -H "X-Security-Token: $FB" $URL/admin-api/account/v1/; echo
curl -s -b $JAR $URL/admin-api/account/v1/; echo
rm $JAR
"#
    )
}

fn pair(login: &Login) -> String {
    format!("{}:{}", login.username, login.password)
}
