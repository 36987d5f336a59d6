SELECT
  "t0"."variant",
  "t0"."release",
  COUNT(*) AS "rows",
  SUM(CAST("t0"."row" = 0 AS INTEGER)) AS "requests",
  SUM(CAST("t0"."carrier" IS NULL AS INTEGER)) AS "null_0",
  SUM(
    CAST(IF(
      "t0"."invalid" IS NOT NULL,
      COALESCE(CONTAINS("t0"."invalid", 'carrier'), FALSE),
      NULL
    ) AS INTEGER)
  ) AS "invalid_0",
  SUM(CAST("t0"."carrier" = 'AA' AS INTEGER)) AS "bin0_0",
  SUM(CAST("t0"."carrier" = 'it''s' AS INTEGER)) AS "bin1_0",
  SUM(CAST("t0"."carrier" = 'ünï' AS INTEGER)) AS "bin2_0",
  SUM(CAST("t0"."distance" IS NULL AS INTEGER)) AS "null_1",
  SUM(
    CAST(IF(
      "t0"."invalid" IS NOT NULL,
      COALESCE(CONTAINS("t0"."invalid", 'distance'), FALSE),
      NULL
    ) AS INTEGER)
  ) AS "invalid_1",
  MIN(CAST("t0"."distance" AS DOUBLE)) AS "low_1",
  MAX(CAST("t0"."distance" AS DOUBLE)) AS "high_1",
  SUM(CAST(CAST("t0"."distance" AS DOUBLE) >= CAST(-1.5 AS DOUBLE) AS INTEGER)) AS "from0_1",
  SUM(CAST(CAST("t0"."distance" AS DOUBLE) >= CAST(0.0 AS DOUBLE) AS INTEGER)) AS "from1_1",
  SUM(
    CAST(CAST("t0"."distance" AS DOUBLE) >= CAST(0.10000000149011612 AS DOUBLE) AS INTEGER)
  ) AS "from2_1",
  SUM(CAST(CAST("t0"."distance" AS DOUBLE) >= CAST(7.0 AS DOUBLE) AS INTEGER)) AS "from3_1",
  SUM(CAST("t0"."gust" IS NULL AS INTEGER)) AS "null_2",
  SUM(
    CAST(IF("t0"."invalid" IS NOT NULL, COALESCE(CONTAINS("t0"."invalid", 'gust'), FALSE), NULL) AS INTEGER)
  ) AS "invalid_2",
  MIN(CAST("t0"."gust" AS DOUBLE)) AS "low_2",
  MAX(CAST("t0"."gust" AS DOUBLE)) AS "high_2",
  SUM(CAST(CAST("t0"."gust" AS DOUBLE) >= CAST(2.0 AS DOUBLE) AS INTEGER)) AS "from0_2",
  SUM(CAST("t0"."score" IS NULL AS INTEGER)) AS "null_3",
  MIN("t0"."score") AS "low_3",
  MAX("t0"."score") AS "high_3",
  SUM(CAST("t0"."score" >= CAST(0.1 AS DOUBLE) AS INTEGER)) AS "from0_3",
  SUM(CAST("t0"."score" >= CAST(0.5 AS DOUBLE) AS INTEGER)) AS "from1_3",
  SUM(CAST("t0"."score" >= CAST(0.9 AS DOUBLE) AS INTEGER)) AS "from2_3"
FROM "delays_rows" AS "t0"
GROUP BY
  1,
  2
