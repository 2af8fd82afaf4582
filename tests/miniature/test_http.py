"""Requests that are none: JSON with a sentence, never a stack trace."""

import json

import pytest

ADVICE = "This is the miniature of Saleor"


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        "{}",
        '"query"',
        '{"query": 1}',
        '{"query": "{ a }", "variables": []  , "operationName": 1}',
    ],
)
def test_a_body_that_is_no_request(store, body):
    from django.test import Client

    # when
    answer = Client().post("/graphql/", body, content_type="application/json")
    # then
    assert answer.status_code == 400
    assert [ADVICE in error["message"] for error in answer.json()["errors"]] == [True]


def test_it_is_posted_to(store):
    from django.test import Client

    # when
    answer = Client().get("/graphql/")
    # then
    assert answer.status_code == 405
    assert ADVICE in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("name", ["first", "second"])
def test_one_of_two_operations_is_chosen(store, name):
    from django.test import Client

    # given
    query = " ".join(
        f'query {n} {{ {n}: checkout(id: "Q2hlY2tvdXQ6MQ==") {{ id }} }}'
        for n in ("first", "second")
    )
    body = json.dumps({"query": query, "operationName": name})
    # when
    answer = Client().post("/graphql/", body, content_type="application/json")
    # then
    assert answer.json() == {"data": {name: None}}
