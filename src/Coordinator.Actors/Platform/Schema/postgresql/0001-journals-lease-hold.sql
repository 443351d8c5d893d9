-- minimum-reader: 1
-- Columns are those of Akka.Persistence.Sql 1.5.73 ("default" table mapping, tag table, writer uuid), as its own auto-initialize makes them on PostgreSQL 15; without its indexes
-- that nothing of ours reads by (created, sequence_number alone). Ours is the uniqueness of (persistence_id, sequence_number): it is what keeps a stale incarnation from recording anything.

CREATE TABLE journal (
  ordering        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created         BIGINT  NOT NULL,
  deleted         BOOLEAN NOT NULL,
  persistence_id  TEXT    NOT NULL,
  sequence_number BIGINT  NOT NULL,
  message         BYTEA   NOT NULL,
  manifest        TEXT        NULL,
  identifier      INTEGER     NULL,
  writer_uuid     TEXT        NULL,
  CONSTRAINT journal_one_writer UNIQUE (persistence_id, sequence_number)
);

CREATE TABLE tags (
  ordering_id    BIGINT NOT NULL,
  tag            TEXT   NOT NULL,
  sequence_nr    BIGINT NOT NULL,
  persistence_id TEXT   NOT NULL,
  PRIMARY KEY (ordering_id, tag)
);
CREATE INDEX tags_by_tag ON tags (tag, ordering_id);

CREATE TABLE snapshot (
  persistence_id  TEXT   NOT NULL,
  sequence_number BIGINT NOT NULL,
  created         BIGINT NOT NULL,
  snapshot        BYTEA      NULL,
  manifest        TEXT       NULL,
  serializer_id   INTEGER    NULL,
  PRIMARY KEY (persistence_id, sequence_number)
);

-- Sharding's memory of which entities exist: tables of its own, written in batches, never read as history.
CREATE TABLE sharding_journal (
  ordering        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created         BIGINT  NOT NULL,
  deleted         BOOLEAN NOT NULL,
  persistence_id  TEXT    NOT NULL,
  sequence_number BIGINT  NOT NULL,
  message         BYTEA   NOT NULL,
  manifest        TEXT        NULL,
  identifier      INTEGER     NULL,
  writer_uuid     TEXT        NULL,
  CONSTRAINT sharding_journal_one_writer UNIQUE (persistence_id, sequence_number)
);

CREATE TABLE sharding_tags (
  ordering_id    BIGINT NOT NULL,
  tag            TEXT   NOT NULL,
  sequence_nr    BIGINT NOT NULL,
  persistence_id TEXT   NOT NULL,
  PRIMARY KEY (ordering_id, tag)
);

CREATE TABLE sharding_snapshot (
  persistence_id  TEXT   NOT NULL,
  sequence_number BIGINT NOT NULL,
  created         BIGINT NOT NULL,
  snapshot        BYTEA      NULL,
  manifest        TEXT       NULL,
  serializer_id   INTEGER    NULL,
  PRIMARY KEY (persistence_id, sequence_number)
);

-- One row per name; expires_at_ms by the clock of the database.
CREATE TABLE lease (
  name          TEXT   NOT NULL PRIMARY KEY,
  owner         TEXT   NOT NULL,
  version       BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);

-- Choices that may never change during the life of the data.
CREATE TABLE platform_choice (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

-- "Hold all migrations", one row for each request that was carried out: the last row counts, the others are the audit, and a repeated request is known by its id.
CREATE TABLE fleet_hold (
  version    BIGINT  NOT NULL PRIMARY KEY,
  held       INTEGER NOT NULL,
  by_whom    TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  at_ms      BIGINT  NOT NULL,
  request_id TEXT    NOT NULL UNIQUE
);
