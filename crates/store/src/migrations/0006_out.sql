-- What has left the controller: one row a receiver. `next` is the first leaf of the log that it has not taken.
CREATE TABLE sinks (
    name     TEXT PRIMARY KEY,
    next     BIGINT NOT NULL,
    taken_at BIGINT,          -- when it last took something, milliseconds since 1970
    error    TEXT,            -- why it takes nothing at present
    since    BIGINT,          -- since when it takes nothing, milliseconds since 1970
    holder   TEXT NOT NULL,   -- the controller that feeds it
    held_to  BIGINT NOT NULL  -- until when nobody else may, milliseconds since 1970
);

-- Who has seen which checkpoint of the log; the columns are those of `sinks`, and `next` is the size that was seen.
CREATE TABLE witnesses (
    name     TEXT PRIMARY KEY,
    next     BIGINT NOT NULL,
    taken_at BIGINT,
    error    TEXT,
    since    BIGINT,
    holder   TEXT NOT NULL,
    held_to  BIGINT NOT NULL
);
