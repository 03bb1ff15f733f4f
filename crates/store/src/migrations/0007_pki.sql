-- Certificate authorities: roots, and the issuing ones below them.
CREATE TABLE authority (
    -- SHA-256 of the certificate, hexadecimal
    id          TEXT   PRIMARY KEY,
    -- 'root' or 'issuing'
    kind        TEXT   NOT NULL,
    certificate {BYTES} NOT NULL,
    -- SubjectPublicKeyInfo (DER): a key in a module is not asked for it
    public_key  {BYTES} NOT NULL,
    -- who signed it; a root names itself
    parent      TEXT   NOT NULL,
    -- a root again, as the root before it signed it
    cross_signed {BYTES},
    -- 'sealed', 'module' or 'away'
    place       TEXT   NOT NULL,
    -- the key's label in its module
    label       TEXT   NOT NULL,
    -- 'announced', 'trusted', 'issuing', 'old', 'distrusted'
    state       TEXT   NOT NULL,
    made        BIGINT NOT NULL,
    -- of the last list of revoked certificates; 0 before the first
    crl_number  BIGINT NOT NULL,
    crl         {BYTES},
    crl_next    BIGINT NOT NULL
);

-- Certificates that were issued and have not run out.
CREATE TABLE certificate (
    issuer     TEXT   NOT NULL REFERENCES authority (id),
    serial     {BYTES} NOT NULL,
    -- SHA-256 of all of it: where an authority's key was stolen, this tells ours from the thief's
    hash       {BYTES} NOT NULL,
    -- 'controller', 'gateway' or 'device'
    kind       TEXT   NOT NULL,
    site       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    made       BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    -- when it was revoked; nothing while it is good
    revoked    BIGINT,
    -- CRLReason (RFC 5280 §5.3.1)
    reason     BIGINT NOT NULL,
    PRIMARY KEY (issuer, serial)
);
CREATE INDEX certificate_of ON certificate (kind, site, name);
CREATE INDEX certificate_hash ON certificate (hash);
CREATE INDEX certificate_end ON certificate (expires);
