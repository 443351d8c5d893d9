-- minimum-reader: 1
-- Every statement can be repeated: a file of the time before versions has these tables, and becomes version 1 by this script.
-- Columns are those of Akka.Persistence.Sql 1.5.73 ("default" table mapping, tag table, writer uuid).
-- Ours is the uniqueness of (persistence_id, sequence_number): it is what keeps a stale incarnation from recording anything, and the plugin
-- creates it on its auto-initialize path only. AUTOINCREMENT: an ordering number of a deleted event is never given again, readers remember them.

CREATE TABLE IF NOT EXISTS journal (
  ordering        INTEGER      NOT NULL PRIMARY KEY AUTOINCREMENT,
  created         INTEGER      NOT NULL,
  deleted         BIT          NOT NULL,
  persistence_id  VARCHAR(255) NOT NULL,
  sequence_number INTEGER      NOT NULL,
  message         BLOB         NOT NULL,
  manifest        VARCHAR(500)     NULL,
  identifier      INTEGER          NULL,
  writer_uuid     VARCHAR(128)     NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS journal_one_writer ON journal (persistence_id, sequence_number);

CREATE TABLE IF NOT EXISTS tags (
  ordering_id    INTEGER      NOT NULL,
  tag            VARCHAR(64)  NOT NULL,
  sequence_nr    INTEGER      NOT NULL,
  persistence_id VARCHAR(255) NOT NULL,
  PRIMARY KEY (ordering_id, tag)
);
CREATE INDEX IF NOT EXISTS tags_by_tag ON tags (tag, ordering_id);

CREATE TABLE IF NOT EXISTS snapshot (
  persistence_id  VARCHAR(255) NOT NULL,
  sequence_number INTEGER      NOT NULL,
  created         INTEGER      NOT NULL,
  snapshot        BLOB             NULL,
  manifest        VARCHAR(500)     NULL,
  serializer_id   INTEGER          NULL,
  PRIMARY KEY (persistence_id, sequence_number)
);

-- Sharding's memory of which entities exist: tables of its own, written in batches, never read as history.
CREATE TABLE IF NOT EXISTS sharding_journal (
  ordering        INTEGER      NOT NULL PRIMARY KEY AUTOINCREMENT,
  created         INTEGER      NOT NULL,
  deleted         BIT          NOT NULL,
  persistence_id  VARCHAR(255) NOT NULL,
  sequence_number INTEGER      NOT NULL,
  message         BLOB         NOT NULL,
  manifest        VARCHAR(500)     NULL,
  identifier      INTEGER          NULL,
  writer_uuid     VARCHAR(128)     NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS sharding_journal_one_writer ON sharding_journal (persistence_id, sequence_number);

CREATE TABLE IF NOT EXISTS sharding_tags (
  ordering_id    INTEGER      NOT NULL,
  tag            VARCHAR(64)  NOT NULL,
  sequence_nr    INTEGER      NOT NULL,
  persistence_id VARCHAR(255) NOT NULL,
  PRIMARY KEY (ordering_id, tag)
);

CREATE TABLE IF NOT EXISTS sharding_snapshot (
  persistence_id  VARCHAR(255) NOT NULL,
  sequence_number INTEGER      NOT NULL,
  created         INTEGER      NOT NULL,
  snapshot        BLOB             NULL,
  manifest        VARCHAR(500)     NULL,
  serializer_id   INTEGER          NULL,
  PRIMARY KEY (persistence_id, sequence_number)
);

-- One row per name; expires_at_ms by the clock of the database.
CREATE TABLE IF NOT EXISTS lease (
  name          VARCHAR(255) NOT NULL PRIMARY KEY,
  owner         VARCHAR(255) NOT NULL,
  version       BIGINT       NOT NULL,
  expires_at_ms BIGINT       NOT NULL
);

-- Choices that may never change during the life of the data.
CREATE TABLE IF NOT EXISTS platform_choice (
  name  VARCHAR(255) NOT NULL PRIMARY KEY,
  value VARCHAR(255) NOT NULL
);

-- "Hold all migrations", one row for each request that was carried out: the last row counts, the others are the audit, and a repeated request is known by its id.
CREATE TABLE IF NOT EXISTS fleet_hold (
  version    INTEGER       NOT NULL PRIMARY KEY,
  held       INTEGER       NOT NULL,
  by_whom    VARCHAR(128)  NOT NULL,
  reason     VARCHAR(1024) NOT NULL,
  at_ms      BIGINT        NOT NULL,
  request_id VARCHAR(128)  NOT NULL UNIQUE
);
