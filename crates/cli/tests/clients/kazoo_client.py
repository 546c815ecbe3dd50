"""kazoo-sdk 0.2.4, unchanged. Arguments: what to do, base url, account id, account name, username, password, api key."""

import sys

import kazoo
from kazoo.exceptions import KazooApiAuthenticationError, KazooApiBadDataError, KazooApiError

part, base_url, account, account_name, username, password, api_key = sys.argv[1:]


def by_password(word):
    return kazoo.Client(
        username=username, password=word, account_name=account_name, base_url=base_url
    )


def refused(error, call, *arguments):
    """What the call is refused with; it must be."""
    try:
        call(*arguments)
    except error as caught:
        return caught
    raise AssertionError(f"{call} was not refused")


def work_with(client):
    """A user from its making to its end, and the account it is in."""
    assert client.authenticate().count(".") == 2
    assert client.get_account(account)["data"]["name"] == account_name
    name = "sdk" + base_url[-2:]
    data = {"first_name": "Ada", "last_name": "Sdk", "username": name, "password": "ada-1"}
    user = client.create_user(account, data)["data"]["id"]
    assert user in [listed["id"] for listed in client.get_users(account)["data"]]
    data["first_name"] = "Adele"
    client.update_user(account, user, data)
    assert client.get_user(account, user)["data"]["first_name"] == "Adele"
    client.delete_user(account, user)
    refused(KazooApiError, client.get_user, account, user)
    client.get_account_children(account)


def sign_in_again(client):
    """A token that is gone: the package signs in once more by itself, and the call succeeds."""
    client.authenticate()
    client.auth_token = gone = client.auth_token[:-8] + "AAAAAAAA"
    assert client.get_account(account)["data"]["id"] == account
    assert client.auth_token != gone


def send_bad_data(client):
    """The package's own exception holds the field map."""
    client.authenticate()
    errors = refused(KazooApiBadDataError, client.create_user, account, {"first_name": "X"})
    assert "required" in errors.field_errors["last_name"]


if part == "work":
    refused(KazooApiAuthenticationError, by_password("wrong").authenticate)
    work_with(by_password(password))
    work_with(kazoo.Client(api_key=api_key, base_url=base_url))
elif part == "sign-in-again":
    sign_in_again(by_password(password))
elif part == "send-bad-data":
    send_bad_data(by_password(password))
else:
    raise SystemExit(f"nothing is called {part}")
print("good")
