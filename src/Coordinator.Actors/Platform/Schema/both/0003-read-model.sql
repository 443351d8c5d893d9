-- minimum-reader: 1
-- What lists and the sweeper read: folded from the journal by one node at a time, and made anew at any time ("coordinator-server readmodel rebuild", or by itself when a newer coordinator folds otherwise).
CREATE TABLE vm_row (
  persistence_id VARCHAR(255) NOT NULL PRIMARY KEY,
  vm             VARCHAR(255) NOT NULL UNIQUE,
  -- Of the VM's newest folded event: a row is never replaced by an older one.
  sequence       BIGINT       NOT NULL,
  fold_version   INTEGER      NOT NULL,
  residence      VARCHAR(32)  NOT NULL,
  host           VARCHAR(255) NOT NULL,
  -- 1 while its entity has something to do: a migration under way, a debt, a start or stop.
  is_outstanding INTEGER      NOT NULL,
  changed_at_us  BIGINT       NOT NULL,
  -- coordinator.api.v1.VirtualMachine
  view           ${bytes}        NOT NULL
);
CREATE INDEX vm_row_by_host ON vm_row (host, vm);
CREATE INDEX vm_row_outstanding ON vm_row (vm) WHERE is_outstanding = 1;

CREATE TABLE migration_row (
  id               VARCHAR(64)  NOT NULL PRIMARY KEY,
  vm               VARCHAR(255) NOT NULL,
  sequence         BIGINT       NOT NULL,
  fold_version     INTEGER      NOT NULL,
  phase            VARCHAR(32)  NOT NULL,
  is_terminal      INTEGER      NOT NULL,
  source_host      VARCHAR(255) NOT NULL,
  destination_host VARCHAR(255) NOT NULL,
  priority         VARCHAR(32)  NOT NULL,
  requested_at_us  BIGINT       NOT NULL,
  ended_at_us      BIGINT           NULL,
  -- coordinator.api.v1.Migration
  view             ${bytes}        NOT NULL
);
CREATE INDEX migration_row_newest ON migration_row (requested_at_us, id);
CREATE INDEX migration_row_by_vm ON migration_row (vm, requested_at_us, id);
CREATE INDEX migration_row_by_phase ON migration_row (phase, requested_at_us, id);
CREATE INDEX migration_row_by_source ON migration_row (source_host, requested_at_us, id);
CREATE INDEX migration_row_by_destination ON migration_row (destination_host, requested_at_us, id);

-- How far the journal is folded.
CREATE TABLE projection (
  name          VARCHAR(255) NOT NULL PRIMARY KEY,
  fold_version  INTEGER      NOT NULL,
  ordering      BIGINT       NOT NULL,
  -- Another number means that somebody has begun anew.
  rebuilds      BIGINT       NOT NULL,
  updated_at_ms BIGINT       NOT NULL
);
INSERT INTO projection (name, fold_version, ordering, rebuilds, updated_at_ms) VALUES ('vms', 0, 0, 0, 0);
