"""The contract, held to from outside: sentences that run against a target over HTTP."""
