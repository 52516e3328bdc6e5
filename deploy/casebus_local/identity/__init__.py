"""A make-believe identity provider for the local stack: OpenID Connect with a handful of made-up people."""
