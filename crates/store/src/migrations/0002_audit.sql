-- The audit log: its records in order. The hash stands beside the record, so that a record that was changed is known by
-- its number. Site and object are copied out of the record to find it by; nobody proves them.
CREATE TABLE audit_leaf (
    number BIGINT PRIMARY KEY,
    record {BYTES} NOT NULL,
    hash   {BYTES} NOT NULL,
    site   TEXT,
    object TEXT NOT NULL
);
CREATE INDEX audit_leaf_site ON audit_leaf (site, number);
CREATE INDEX audit_leaf_object ON audit_leaf (object, number);

-- Hashes of complete subtrees of 256^level records: the tiles above the lowest.
CREATE TABLE audit_node (
    level  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hash   {BYTES} NOT NULL,
    PRIMARY KEY (level, number)
);

-- One row: what is needed to append, and what was last signed. Writers meet here, and only one goes first.
CREATE TABLE audit_head (
    size       BIGINT NOT NULL,
    edge       {BYTES},
    checkpoint TEXT,
    verifier   TEXT
);
INSERT INTO audit_head (size) VALUES (0);
