-- The one device record (domain.md 3.1): what is declared, whose it is, where it is in its life.
CREATE TABLE device (
    site        TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    -- counts what happened; whatever is decided, is decided on a version
    version     BIGINT NOT NULL,
    owner       TEXT,
    heir        TEXT,
    credential  {BYTES},
    -- credentials of lives that ended, 32 bytes each, one behind the other
    spent       {BYTES} NOT NULL,
    -- JSON, canonical
    declaration TEXT   NOT NULL,
    zone        TEXT   NOT NULL,
    -- the part of the rendered inventory it stands in
    shard       BIGINT NOT NULL,
    -- ids of the people who vouched for it in this life, separated by blanks
    vouched     TEXT   NOT NULL,
    -- as last reported by a gateway
    ia          BIGINT NOT NULL,
    gateway     TEXT,
    seen        BIGINT,
    -- lower case: what it is found by
    search      TEXT   NOT NULL,
    changed     BIGINT NOT NULL,
    PRIMARY KEY (site, name)
);
CREATE INDEX device_by_zone ON device (site, zone, name);
CREATE INDEX device_by_state ON device (site, state, name);
CREATE INDEX device_by_ia ON device (site, ia, name);
CREATE INDEX device_by_shard ON device (site, shard, name);

-- What only one device of a site can have: a hardware address, a network address, a serial number.
CREATE TABLE device_mark (
    site   TEXT NOT NULL,
    mark   TEXT NOT NULL,
    device TEXT NOT NULL,
    PRIMARY KEY (site, mark)
);
CREATE INDEX device_mark_by_device ON device_mark (site, device);

-- The devices of a site as policy reads them, in parts, so that one device changes one part.
CREATE TABLE device_shard (
    site   TEXT   NOT NULL,
    number BIGINT NOT NULL,
    text   TEXT   NOT NULL,
    PRIMARY KEY (site, number)
);

-- What was observed of a device: one row for each who says something about an attribute.
CREATE TABLE observation (
    site       TEXT   NOT NULL,
    device     TEXT   NOT NULL,
    attribute  TEXT   NOT NULL,
    origin     TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    confidence BIGINT NOT NULL,
    PRIMARY KEY (site, device, attribute, origin)
);

-- What people author, as they wrote it.
CREATE TABLE revision (
    site    TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    digest  TEXT   NOT NULL,
    -- JSON: path to text
    files   TEXT   NOT NULL,
    -- JSON: declarations that came with it and enter the record when it is first applied
    devices TEXT   NOT NULL,
    author  TEXT   NOT NULL,
    made    BIGINT NOT NULL,
    message TEXT   NOT NULL,
    applied BIGINT,
    term    BIGINT,
    counter BIGINT,
    PRIMARY KEY (site, number)
);

-- What is in force beside the policy: one row for each key of an order.
CREATE TABLE standing (
    site    TEXT   NOT NULL,
    key     TEXT   NOT NULL,
    value   TEXT   NOT NULL,
    version BIGINT NOT NULL,
    author  TEXT   NOT NULL,
    made    BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    term    BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    PRIMARY KEY (site, key)
);

-- Access for a while.
CREATE TABLE lease (
    site       TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    subject    TEXT   NOT NULL,
    object     TEXT   NOT NULL,
    -- JSON
    verbs      TEXT   NOT NULL,
    seconds    BIGINT NOT NULL,
    reason     TEXT   NOT NULL,
    work_order TEXT,
    extends    TEXT,
    asked_by   TEXT   NOT NULL,
    asked      BIGINT NOT NULL,
    proposal   TEXT,
    -- JSON
    approvers  TEXT   NOT NULL,
    made       BIGINT,
    ended      BIGINT,
    end_reason TEXT,
    receipt    TEXT,
    PRIMARY KEY (site, id)
);
CREATE INDEX lease_by_state ON lease (site, state, id);
CREATE INDEX lease_by_pair ON lease (site, subject, object, id);

-- What one person asked for and others must agree to.
CREATE TABLE proposal (
    site     TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    -- JSON: the act, as it will be carried out
    payload  TEXT   NOT NULL,
    digest   TEXT   NOT NULL,
    asked_by TEXT   NOT NULL,
    -- ids of the people behind it, separated by blanks
    people   TEXT   NOT NULL,
    asked    BIGINT NOT NULL,
    expires  BIGINT NOT NULL,
    needed   BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    outcome  TEXT,
    PRIMARY KEY (site, id)
);
CREATE INDEX proposal_by_state ON proposal (site, state, id);

CREATE TABLE approval (
    site     TEXT   NOT NULL,
    proposal TEXT   NOT NULL,
    person   TEXT   NOT NULL,
    who      TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (site, proposal, person)
);

-- How far background readers of the log are.
CREATE TABLE reader (
    name TEXT   PRIMARY KEY,
    next BIGINT NOT NULL
);
