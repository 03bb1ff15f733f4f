-- Facts about the store itself.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value {BYTES} NOT NULL
);

-- One row that every write counts up (generation), and that changes when the data keys do (keys).
CREATE TABLE head (
    generation BIGINT NOT NULL,
    keys       BIGINT NOT NULL
);
INSERT INTO head (generation, keys) VALUES (0, 0);

-- What seals values, wrapped by a key that is not in the store.
CREATE TABLE data_key (
    id      BIGINT PRIMARY KEY,
    wrapped {BYTES} NOT NULL
);

-- Named secrets.
CREATE TABLE secret (
    name   TEXT PRIMARY KEY,
    sealed {BYTES} NOT NULL
);
