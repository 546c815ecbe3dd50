"""PyKazoo 0.0a8, unchanged. Arguments: what to do, base url, account id, account name, username, password, api key."""

import sys


import pykazoo.client

_part, base_url, account, account_name, username, password, api_key = sys.argv[1:]
client = pykazoo.client.PyKazooClient(base_url)


def refused(error, call, *arguments):
    """The call must be refused with this."""
    try:
        call(*arguments)
    except error:
        return
    raise AssertionError(f"{call} was not refused")


refused(PermissionError, client.authentication.user_auth, username, "wrong", account_name)
client.authentication.user_auth(username, password, account_name)
assert client.authentication.account_id == account
# Signs in once more, sending along the token it has; then with one that is no good.
client.authentication.user_auth(username, password, account_name)
client._rest_request.auth_token = "stale.stale.stale"
refused(PermissionError, client.accounts.get_account, account)
client.authentication.api_auth(api_key)
assert client.accounts.get_account(account)["data"]["id"] == account

made = client.accounts.create_sub_account(account, {"data": {"name": "py " + base_url[-2:]}})
child = made["data"]["id"]
assert child in [listed["id"] for listed in client.accounts.get_account_children(account)["data"]]
client.accounts.get_account_descendants(account)
client.accounts.update_account(child, {"data": {"name": "renamed " + base_url[-2:]}})

data = {"first_name": "Bea", "last_name": "Py", "username": "bea", "password": "bea-1"}
user = client.users.create_user(child, {"data": data})["data"]["id"]
assert client.users.get_user(child, user)["data"]["username"] == "bea"
assert [listed["id"] for listed in client.users.get_users(child)["data"]] == [user]
refused(ValueError, client.users.create_user, child, {"data": {"first_name": "X"}})
data["last_name"] = "Pie"
client.users.update_user(child, user, {"data": data})
client.users.delete_user(child, user)
refused(ValueError, client.users.get_user, child, user)
client.accounts.delete_account(child)
refused(ValueError, client.accounts.get_account, child)
print("good")
