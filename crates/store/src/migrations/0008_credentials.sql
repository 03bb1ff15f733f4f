-- Tokens with which devices enrol: hashed, for one device, good once and for a while.
CREATE TABLE enrol_token (
    id       {BYTES} PRIMARY KEY,
    -- of the secret
    hash     {BYTES} NOT NULL,
    site     TEXT   NOT NULL,
    device   TEXT   NOT NULL,
    -- whoever made it vouches that the device keeps its key in hardware
    hardware BIGINT NOT NULL,
    made_by  TEXT   NOT NULL,
    made     BIGINT NOT NULL,
    expires  BIGINT NOT NULL,
    used     BIGINT NOT NULL
);
CREATE INDEX enrol_token_by_device ON enrol_token (site, device);

-- Every certificate a device ever got.
CREATE TABLE credential (
    -- as it stands in the certificate, without leading zeros
    serial      {BYTES} PRIMARY KEY,
    site        TEXT   NOT NULL,
    device      TEXT   NOT NULL,
    -- SHA-256 of the public key (SPKI, DER)
    key         {BYTES} NOT NULL,
    -- SHA-256 of the certificate it was signed with
    issuer      {BYTES} NOT NULL,
    -- 'software' or 'hardware'
    protection  TEXT   NOT NULL,
    -- by what it was given: 'token', 'idevid', 'renewal', 'recovery'
    means       TEXT   NOT NULL,
    generation  BIGINT NOT NULL,
    begins      BIGINT NOT NULL,
    ends        BIGINT NOT NULL,
    -- 'current', 'superseded', 'revoked' or 'frozen'
    status      TEXT   NOT NULL,
    -- since when it has this status, and why
    changed     BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    certificate {BYTES} NOT NULL
);
CREATE INDEX credential_by_device ON credential (site, device, generation);
CREATE INDEX credential_by_key ON credential (key);

-- How far a device is: what both sides count, so that a copy of its key shows.
CREATE TABLE enrolment (
    site       TEXT   NOT NULL,
    device     TEXT   NOT NULL,
    -- of its last certificate
    generation BIGINT NOT NULL,
    -- recoveries since it last renewed in good time
    recoveries BIGINT NOT NULL,
    -- recoveries that a person allowed beyond the usual number
    allowed    BIGINT NOT NULL,
    -- why it gets nothing until a person says so
    frozen     TEXT,
    PRIMARY KEY (site, device)
);

-- Who makes devices that come with a certificate of their own (IDevID).
CREATE TABLE manufacturer (
    name     TEXT   PRIMARY KEY,
    -- PEM
    anchors  TEXT   NOT NULL,
    -- of the newest manifest
    revision BIGINT NOT NULL,
    added_by TEXT   NOT NULL,
    added    BIGINT NOT NULL
);

CREATE TABLE manifest (
    manufacturer TEXT   NOT NULL REFERENCES manufacturer (name),
    revision     BIGINT NOT NULL,
    -- SHA-256 of what was signed
    digest       {BYTES} NOT NULL,
    site         TEXT   NOT NULL,
    devices      BIGINT NOT NULL,
    imported_by  TEXT   NOT NULL,
    imported     BIGINT NOT NULL,
    PRIMARY KEY (manufacturer, revision)
);

-- A device that its maker vouches for, and whose it is here.
CREATE TABLE manifest_entry (
    manufacturer TEXT   NOT NULL REFERENCES manufacturer (name),
    serial       TEXT   NOT NULL,
    -- SHA-256 of the public key (SPKI, DER) of its IDevID
    key          {BYTES} NOT NULL,
    protection   TEXT   NOT NULL,
    class        TEXT,
    mud_url      TEXT,
    -- JSON: what it measures when it is well
    reference_values TEXT NOT NULL,
    site         TEXT   NOT NULL,
    device       TEXT   NOT NULL,
    revision     BIGINT NOT NULL,
    PRIMARY KEY (manufacturer, serial)
);
CREATE INDEX manifest_entry_by_device ON manifest_entry (site, device);
