-- minimum-reader: 1
-- Coordinator processes that run or ran and could not say goodbye, one row per cluster address; times by the clock of the database.
CREATE TABLE cluster_node (
  address     VARCHAR(255) NOT NULL PRIMARY KEY,
  -- A new one for each process: a process that was started again on the same address proves that its predecessor is dead.
  incarnation VARCHAR(64)  NOT NULL,
  seen_at_ms  BIGINT       NOT NULL,
  -- 1 once it is in a cluster, or has the right to found one.
  is_member   INTEGER      NOT NULL,
  -- Which founding its cluster goes back to.
  generation  BIGINT       NOT NULL
);

-- One row: how often a cluster was founded on this database. Who increments it founds; whoever belongs to an older one puts itself out.
CREATE TABLE cluster_founding (
  name        VARCHAR(255) NOT NULL PRIMARY KEY,
  generation  BIGINT       NOT NULL,
  founder     VARCHAR(255) NOT NULL,
  at_ms       BIGINT       NOT NULL
);
INSERT INTO cluster_founding (name, generation, founder, at_ms) VALUES ('coordinator', 0, '', 0);
