-- Who may sign in. Times are whole seconds since 1970.
CREATE TABLE person (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    version      BIGINT NOT NULL,
    active       BIGINT NOT NULL,
    subject      TEXT UNIQUE,        -- `issuer subject` of whoever signs in with a provider
    password     TEXT,               -- argon2id, PHC string
    totp         {BYTES},            -- sealed
    totp_step    BIGINT NOT NULL,    -- the last step used: none is good twice
    failures     BIGINT NOT NULL,    -- in a row
    locked_until BIGINT NOT NULL,
    made         BIGINT NOT NULL,
    seen         BIGINT
);

-- One role a person and site; `*` is all sites. Roles that a provider's groups gave are told apart: they go with them.
CREATE TABLE person_role (
    person TEXT NOT NULL REFERENCES person (id),
    site   TEXT NOT NULL,
    role   TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (person, site)
);

CREATE TABLE passkey (
    id         TEXT PRIMARY KEY,     -- base64url of the credential id
    person     TEXT NOT NULL REFERENCES person (id),
    label      TEXT NOT NULL,
    public_key {BYTES} NOT NULL,     -- COSE
    counter    BIGINT NOT NULL,
    made       BIGINT NOT NULL,
    used       BIGINT
);
CREATE INDEX passkey_person ON passkey (person);

-- Codes that open something once: the first account, an account's setup, two of them together in an emergency.
CREATE TABLE code (
    digest  {BYTES} PRIMARY KEY,
    kind    TEXT NOT NULL,
    person  TEXT REFERENCES person (id),
    made    BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX code_person ON code (person);

-- What was begun and waits for its second half: challenges, second factors, the way back from a provider.
CREATE TABLE ceremony (
    digest  {BYTES} PRIMARY KEY,
    kind    TEXT NOT NULL,
    data    {BYTES} NOT NULL,        -- sealed
    expires BIGINT NOT NULL
);
CREATE INDEX ceremony_expires ON ceremony (expires);

CREATE TABLE session (
    digest {BYTES} PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    second TEXT REFERENCES person (id), -- the other of two people, in an emergency
    made   BIGINT NOT NULL,
    used   BIGINT NOT NULL,
    ends   BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person);
CREATE INDEX session_second ON session (second);
CREATE INDEX session_ends ON session (ends);

CREATE TABLE api_token (
    id          TEXT PRIMARY KEY,
    digest      {BYTES} NOT NULL UNIQUE,
    name        TEXT NOT NULL UNIQUE,
    owner       TEXT NOT NULL REFERENCES person (id),
    permissions TEXT NOT NULL,       -- names, a space between
    sites       TEXT NOT NULL,       -- names, a space between
    made        BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    used        BIGINT
);
CREATE INDEX api_token_owner ON api_token (owner);

CREATE TABLE idempotency (
    who    TEXT NOT NULL,
    key    TEXT NOT NULL,
    digest {BYTES} NOT NULL,
    status BIGINT NOT NULL,
    body   TEXT NOT NULL,
    made   BIGINT NOT NULL,
    PRIMARY KEY (who, key)
);
CREATE INDEX idempotency_made ON idempotency (made);
