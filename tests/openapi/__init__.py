"""The OpenAPI description against the running program, by Schemathesis."""
