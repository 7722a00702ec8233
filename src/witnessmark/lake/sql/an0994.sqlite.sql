-- Made from an0994.sql by python -m witnessmark.lake.render; change that, not this.
WITH course AS (
  SELECT
    ev.host AS host,
    ev.file AS file,
    ev.n AS n,
    0 AS executed,
    0 AS place
  FROM ev
  WHERE
    ev.kind IN ('drop', 'void')
  UNION ALL
  SELECT
    xp.host AS host,
    xp.file AS file,
    xp.n AS n,
    1 AS executed,
    xp.rank AS place
  FROM xp
), latest AS (
  SELECT
    course.host AS host,
    course.file AS file,
    course.n AS n,
    course.executed AS executed,
    course.place AS place,
    MAX(CASE WHEN course.executed = 0 THEN course.n ELSE 0 END) OVER (
      PARTITION BY course.host, course.file
      ORDER BY course.n, course.executed, course.place
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS drop_n
  FROM course
), hit AS (
  SELECT
    latest.host AS host,
    latest.n AS n,
    latest.drop_n AS drop_n,
    latest.place AS place,
    ROW_NUMBER() OVER (
      PARTITION BY latest.host, latest.n
      ORDER BY xp.tier, CASE WHEN xp.tier = 1 THEN 0 - ev.time_ns ELSE 0 END, latest.place
    ) AS choice
  FROM latest
  INNER JOIN xp
    ON xp.host = latest.host AND xp.n = latest.n AND xp.rank = latest.place
  INNER JOIN ev
    ON ev.host = latest.host AND ev.n = latest.drop_n
  WHERE
    latest.executed = 1 AND ev.kind = 'drop' AND ev.outside = 0
), spawned AS (
  SELECT
    ev.host AS host,
    ev.n AS n,
    ev.time_ns AS time_ns,
    ev.depth AS depth,
    ev.nth AS nth,
    ev.exact AS exact,
    ev.unknown AS unknown,
    ev.spawn_ns AS spawn_ns,
    ev.excluded AS excluded,
    ev.spawned AS spawned,
    ev.settled_ns AS settled_ns,
    CASE
      WHEN ev.es_script = 1 OR ev.interpreter = 1 OR ev.writable = 1
      THEN 1
      ELSE ev.untrusted
    END AS loads,
    FIRST_VALUE(ev.time_ns) OVER (
      PARTITION BY ev.host, ev.spawned
      ORDER BY ev.n
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS first_ns
  FROM ev
  WHERE
    ev.kind = 'exec' AND ev.xpcproxy = 0 AND NOT ev.spawned IS NULL
), near AS (
  SELECT
    spawned.host AS host,
    spawned.n AS n,
    spawned.spawned AS spawned,
    spawned.depth AS depth,
    spawned.nth AS nth,
    spawned.exact AS exact,
    spawned.unknown AS unknown,
    spawned.first_ns AS first_ns,
    spawned.settled_ns AS settled_ns,
    CASE
      WHEN spawned.depth > pa.max_depth
      THEN 0
      WHEN NOT (
        spawned.depth = 0 AND spawned.nth = 1
      )
      AND spawned.time_ns - COALESCE(spawned.spawn_ns, spawned.first_ns) > pa.spawn_load_window_ns
      THEN 0
      WHEN spawned.loads = 0 OR spawned.excluded = 1
      THEN 0
      WHEN spawned.loads IS NULL OR spawned.excluded IS NULL
      THEN NULL
      ELSE 1
    END AS qualifies
  FROM spawned
  CROSS JOIN pa
), coded AS (
  SELECT
    near.host AS host,
    near.n AS n,
    near.spawned AS spawned,
    near.first_ns AS first_ns,
    near.settled_ns AS settled_ns,
    CASE
      WHEN near.qualifies = 0
      THEN 'silent'
      WHEN NOT near.unknown IS NULL AND near.qualifies IS NULL
      THEN 'silent'
      WHEN NOT near.unknown IS NULL
      THEN near.unknown
      WHEN near.qualifies IS NULL
      THEN 'signing unknown'
      WHEN near.exact = 0 AND NOT (
        near.depth = 0 AND near.nth = 1
      )
      THEN 'spawn time unknown'
      ELSE 'fired'
    END AS code
  FROM near
), opened AS (
  SELECT
    coded.host AS host,
    coded.n AS n,
    coded.spawned AS spawned,
    coded.first_ns AS first_ns,
    coded.settled_ns AS settled_ns,
    coded.code AS code,
    COALESCE(
      MAX(CASE WHEN coded.code <> 'silent' THEN 1 ELSE 0 END) OVER (
        PARTITION BY coded.host, coded.spawned
        ORDER BY coded.n
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ),
      0
    ) AS begun
  FROM coded
), timed AS (
  SELECT
    opened.host AS host,
    opened.n AS n,
    opened.first_ns AS first_ns,
    opened.code AS code,
    MAX(CASE WHEN opened.begun = 1 THEN opened.settled_ns ELSE 0 END) OVER (
      PARTITION BY opened.host, opened.spawned
      ORDER BY opened.n
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS settled_ns
  FROM opened
), branch_a AS (
  SELECT
    timed.host AS host,
    timed.n AS n,
    timed.first_ns AS first_ns,
    timed.settled_ns AS settled_ns,
    timed.code AS code
  FROM timed
  WHERE
    timed.code <> 'silent'
), joined AS (
  SELECT
    ex.host AS host,
    ex.n AS n,
    hit.drop_n AS drop_n,
    hit.place AS place,
    ex.time_ns - dr.time_ns AS gap_ns,
    ex.grain_ns AS grain_ns,
    ex.sees_quarantine AS sees_quarantine,
    ex.developer_id AS developer_id,
    ex.script AS script,
    dr.possible AS possible,
    dr.fetched AS fetched,
    xp.how AS how,
    xp.quarantined AS quarantined
  FROM hit
  INNER JOIN ev AS ex
    ON ex.host = hit.host AND ex.n = hit.n
  INNER JOIN ev AS dr
    ON dr.host = hit.host AND dr.n = hit.drop_n
  INNER JOIN xp
    ON xp.host = hit.host AND xp.n = hit.n AND xp.rank = hit.place
  WHERE
    hit.choice = 1
), judged AS (
  SELECT
    joined.host AS host,
    joined.n AS n,
    joined.drop_n AS drop_n,
    joined.place AS place,
    joined.gap_ns AS gap_ns,
    CASE
      WHEN joined.gap_ns < 0 - pa.clock_skew_tolerance_ns
      THEN 'clock stepped back'
      WHEN joined.grain_ns > 0
      AND joined.gap_ns - pa.drop_exec_window_ns < joined.grain_ns
      AND pa.drop_exec_window_ns - joined.gap_ns < joined.grain_ns
      THEN 'clock too coarse'
      WHEN joined.gap_ns > pa.drop_exec_window_ns
      THEN 'silent'
      WHEN pa.require_quarantine = 1
      AND joined.quarantined = 0
      AND joined.sees_quarantine = 0
      THEN 'quarantine unknown'
      WHEN pa.require_quarantine = 1 AND joined.quarantined = 0
      THEN 'silent'
      WHEN joined.possible = 1
      THEN 'possible'
      ELSE 'fired'
    END AS code,
    CASE
      WHEN joined.developer_id = 1
      AND joined.script IS NULL
      AND joined.how IN ('image', 'bundle', 'volume')
      THEN 'info'
      WHEN joined.gap_ns <= pa.high_severity_within_ns
      THEN 'high'
      WHEN joined.fetched = 1
      THEN 'high'
      ELSE 'medium'
    END AS severity
  FROM joined
  CROSS JOIN pa
), verdicts AS (
  SELECT
    branch_a.host AS host,
    branch_a.n AS n,
    'A' AS branch,
    branch_a.code AS code,
    'high' AS severity,
    branch_a.first_ns AS first_ns,
    branch_a.settled_ns AS settled_ns,
    CAST(NULL AS INTEGER) AS gap_ns,
    CAST(NULL AS INTEGER) AS drop_n,
    CAST(NULL AS INTEGER) AS place
  FROM branch_a
  UNION ALL
  SELECT
    judged.host AS host,
    judged.n AS n,
    'B' AS branch,
    judged.code AS code,
    judged.severity AS severity,
    CAST(NULL AS INTEGER) AS first_ns,
    CAST(NULL AS INTEGER) AS settled_ns,
    judged.gap_ns AS gap_ns,
    judged.drop_n AS drop_n,
    judged.place AS place
  FROM judged
  WHERE
    judged.code <> 'silent'
  UNION ALL
  SELECT
    ev.host AS host,
    ev.n AS n,
    'B' AS branch,
    'open' AS code,
    'medium' AS severity,
    CAST(NULL AS INTEGER) AS first_ns,
    CAST(NULL AS INTEGER) AS settled_ns,
    CAST(NULL AS INTEGER) AS gap_ns,
    CAST(NULL AS INTEGER) AS drop_n,
    CAST(NULL AS INTEGER) AS place
  FROM ev
  LEFT JOIN hit
    ON hit.host = ev.host AND hit.n = ev.n AND hit.choice = 1
  WHERE
    ev.kind = 'exec' AND NOT ev.open_rule IS NULL AND COALESCE(hit.choice, 0) = 0
)
SELECT
  v.host AS host,
  v.n AS n,
  v.branch AS branch,
  v.code AS code,
  CASE
    WHEN v.branch = 'B' AND v.severity = 'medium' AND v.code <> 'open' AND a.code = 'fired'
    THEN 'high'
    ELSE v.severity
  END AS severity,
  v.severity AS severity_without_a,
  v.gap_ns AS gap_ns,
  v.drop_n AS drop_n,
  v.first_ns AS first_ns,
  ev.time_ns AS time_ns,
  ev.seq AS seq,
  ev.event_id AS event_id,
  ev.received_ns AS received_ns,
  ev.image AS image,
  ev.pid AS pid,
  ev.pidversion AS pidversion,
  ev.ppid AS ppid,
  ev.signing_id AS signing_id,
  ev.team_id AS team_id,
  ev.cdhash AS cdhash,
  ev.cs_flags AS cs_flags,
  ev.platform AS platform,
  ev.simulated AS simulated,
  ev.script AS script,
  ev.spawned AS spawned,
  ev.edge AS edge,
  ev.unknown AS unknown,
  ev.spawn_ns AS spawn_ns,
  ev.exact AS exact,
  ev.browser AS browser,
  ev.browser_pid AS browser_pid,
  ev.browser_simulated AS browser_simulated,
  v.settled_ns AS settled_ns,
  ev.ancestry AS ancestry,
  ev.open_rule AS open_rule,
  ev.open AS open,
  ev.open_simulated AS open_simulated,
  dr.time_ns AS drop_time_ns,
  dr.seq AS drop_seq,
  dr.event_id AS drop_event_id,
  dr.path AS drop_path,
  dr.how AS drop_how,
  dr.image AS writer,
  dr.pid AS writer_pid,
  dr.signing_id AS writer_signing_id,
  dr.team_id AS writer_team_id,
  dr.cdhash AS writer_cdhash,
  dr.cs_flags AS writer_cs_flags,
  dr.platform AS writer_platform,
  dr.simulated AS writer_simulated,
  xp.key AS executed,
  xp.how AS executed_how,
  xp.inferred AS inferred,
  xp.unwrapped AS unwrapped,
  xp.inode AS inode
FROM verdicts AS v
INNER JOIN ev
  ON ev.host = v.host AND ev.n = v.n
LEFT JOIN ev AS dr
  ON dr.host = v.host AND dr.n = v.drop_n
LEFT JOIN xp
  ON xp.host = v.host AND xp.n = v.n AND xp.rank = v.place
LEFT JOIN branch_a AS a
  ON a.host = v.host AND a.n = v.n
ORDER BY
  v.host,
  v.n,
  v.branch
