-- Sites: one number line of epochs each.
CREATE TABLE site (
    name    TEXT PRIMARY KEY,
    term    BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    -- the public key whose signature the site's gateways take; its seed is a secret
    signer  TEXT NOT NULL
);

-- What gateways are told. A row stays when something of the same key took its place; most of its bytes go.
CREATE TABLE bundle (
    site       TEXT NOT NULL REFERENCES site (name),
    term       BIGINT NOT NULL,
    counter    BIGINT NOT NULL,
    key        TEXT NOT NULL,
    policy     BIGINT NOT NULL,
    made       BIGINT NOT NULL,
    superseded BIGINT NOT NULL,
    -- the record in the log that decided it
    leaf       BIGINT NOT NULL,
    bytes      {BYTES} NOT NULL,
    PRIMARY KEY (site, term, counter)
);
CREATE INDEX bundle_in_force ON bundle (site, superseded, key);

CREATE TABLE gateway (
    site           TEXT NOT NULL REFERENCES site (name),
    name           TEXT NOT NULL,
    -- certificates made before this second are of no use
    since          BIGINT NOT NULL,
    revoked        BIGINT NOT NULL,
    taken_term     BIGINT NOT NULL,
    taken_counter  BIGINT NOT NULL,
    policy_term    BIGINT NOT NULL,
    policy_counter BIGINT NOT NULL,
    -- changes taken since the last policy in full
    deltas         BIGINT NOT NULL,
    kernel         {BYTES},
    spool          TEXT NOT NULL,
    recorded       BIGINT NOT NULL,
    chain          {BYTES} NOT NULL,
    software       TEXT NOT NULL,
    boot           TEXT NOT NULL,
    seen           BIGINT NOT NULL,
    report         {BYTES},
    PRIMARY KEY (site, name)
);

-- How a device stands at a gateway.
CREATE TABLE sighting (
    site    TEXT NOT NULL,
    device  TEXT NOT NULL,
    gateway TEXT NOT NULL,
    view    {BYTES} NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (site, device, gateway)
);

-- What became of a bundle at a gateway.
CREATE TABLE outcome (
    site    TEXT NOT NULL,
    term    BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    gateway TEXT NOT NULL,
    -- 'applied', 'held' or 'refused'
    state   TEXT NOT NULL,
    reason  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (site, term, counter, gateway)
);

CREATE TABLE join_token (
    id      {BYTES} PRIMARY KEY,
    -- of the secret
    hash    {BYTES} NOT NULL,
    site    TEXT NOT NULL REFERENCES site (name),
    gateway TEXT NOT NULL,
    made_by TEXT NOT NULL,
    expires BIGINT NOT NULL,
    used    BIGINT NOT NULL
);
