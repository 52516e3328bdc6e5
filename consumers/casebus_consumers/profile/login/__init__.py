"""Login to the page: OpenID Connect's code flow with PKCE, and a session that this service keeps."""
