"""A small OpenID provider: discovery, keys, a page with test people, tokens. Start it with `estuary sandbox oidc`.

Tell auth of it, and the redirect flow of "Sign in with …" works without keys of anybody:

    OIDC_PROVIDERS=sandbox
    OIDC_SANDBOX_ISSUER=http://127.0.0.1:8197
    OIDC_SANDBOX_CLIENT_ID=estuary-sandbox
    OIDC_SANDBOX_CLIENT_SECRET=estuary-sandbox-secret
    OIDC_RETURN_URLS=http://localhost:3000/signed-in
"""
