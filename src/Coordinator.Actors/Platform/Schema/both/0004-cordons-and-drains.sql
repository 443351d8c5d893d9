-- minimum-reader: 1
-- Cordons, one row for each request that was carried out: the last one of a host counts, the others are the audit. An older binary beside newer ones does not know them: its entities let guests in.
CREATE TABLE host_cordon (
  version    BIGINT        NOT NULL PRIMARY KEY,
  host       VARCHAR(255)  NOT NULL,
  cordoned   INTEGER       NOT NULL,
  by_whom    VARCHAR(128)  NOT NULL,
  reason     VARCHAR(1024) NOT NULL,
  at_ms      BIGINT        NOT NULL,
  request_id VARCHAR(128)  NOT NULL UNIQUE
);
CREATE INDEX host_cordon_by_host ON host_cordon (host, version);

-- Wishes that hosts be empty. What is left to do is derived anew each time from where the guests are; only what was tried and how it ended is kept.
CREATE TABLE drain (
  id               VARCHAR(64)   NOT NULL PRIMARY KEY,
  host             VARCHAR(255)  NOT NULL,
  max_parallel     INTEGER       NOT NULL,
  stop_on_failures INTEGER       NOT NULL,
  by_whom          VARCHAR(128)  NOT NULL,
  reason           VARCHAR(1024) NOT NULL,
  request_id       VARCHAR(128)  NOT NULL UNIQUE,
  asked_at_ms      BIGINT        NOT NULL,
  -- NULL while it goes on.
  ended_at_ms      BIGINT            NULL,
  -- Drained, Incomplete, Stopped, Cancelled
  outcome          VARCHAR(32)       NULL,
  sentence         VARCHAR(4096)     NULL
);
CREATE UNIQUE INDEX drain_open ON drain (host) WHERE ended_at_ms IS NULL;
CREATE INDEX drain_by_host ON drain (host, asked_at_ms);

-- Written before the migration is asked for, so that whoever takes the job up asks with the same request id for the same destination.
CREATE TABLE drain_try (
  drain_id     VARCHAR(64)   NOT NULL,
  vm           VARCHAR(255)  NOT NULL,
  number       INTEGER       NOT NULL,
  destination  VARCHAR(255)  NOT NULL,
  asked_at_ms  BIGINT        NOT NULL,
  migration_id VARCHAR(64)       NULL,
  ended_at_ms  BIGINT            NULL,
  -- The migration's last phase, or Refused: it was not accepted.
  outcome      VARCHAR(32)       NULL,
  verdict      VARCHAR(64)       NULL,
  blackout_us  BIGINT            NULL,
  reason       VARCHAR(4096)     NULL,
  PRIMARY KEY (drain_id, vm, number)
);
