-- Facts about the store itself.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value {BYTES} NOT NULL
);
