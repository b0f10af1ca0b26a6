//! What SQL means.

use colonna_schema::{AggregateFunction, ColumnPath, Expr, Projection, Scalar};
use colonna_sql::{ParseOptions, parse_with};

use crate::{check, check_exprs, understood, written};

#[track_caller]
fn only_expr(sql: &str) -> Expr {
    match understood(sql).query.projection.as_slice() {
        [Projection::Expr { expr, .. }] => expr.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_query_keeps_its_parts() {
    check(
        "SELECT status, count(*) AS n FROM logs WHERE ms > 10 GROUP BY status HAVING count(*) > 5 \
         ORDER BY n DESC NULLS FIRST, status LIMIT 10 OFFSET 20;",
        "logs | where (ms > 10) | group status | having (count(*) > 5) | \
         select status, count(*) as n | order n desc nulls first, status | offset 20 | limit 10",
    );
    check("SELECT 1", " | select 1");
    check("FROM t", "t");
    check("FROM t SELECT a", "t | select a");
    check("SELECT DISTINCT a, b FROM t", "t | select a, b | distinct");
    check("SELECT a, b, FROM t", "t | select a, b");
    check("SELECT a FROM t LIMIT ALL", "t | select a");
    check("SELECT a FROM t LIMIT 5, 10", "t | select a | offset 5 | limit 10");
    check(
        "SELECT a FROM t OFFSET 3 ROWS FETCH FIRST 2 ROWS ONLY",
        "t | select a | offset 3 | limit 2",
    );
    check("(SELECT a FROM t) ORDER BY a LIMIT 1", "(t | select a) | order a | limit 1");
}

#[test]
fn explain_is_noted() {
    let flags = |sql| {
        let statement = understood(sql);
        (statement.explain, statement.analyze)
    };
    assert_eq!(flags("SELECT 1"), (false, false));
    assert_eq!(flags("EXPLAIN SELECT 1"), (true, false));
    assert_eq!(flags("EXPLAIN ANALYZE SELECT 1"), (true, true));
    assert_eq!(flags("EXPLAIN (ANALYZE) SELECT 1"), (true, true));
}

#[test]
fn a_star_may_leave_columns_out() {
    check("SELECT * FROM t", "t | select *");
    check("SELECT t.* FROM t", "t | select *");
    check("SELECT * EXCLUDE (a, \"b.c\") FROM t", "t | select * except a, b.c");
    check("SELECT * EXCLUDE a FROM t", "t | select * except a");
    check("SELECT * EXCEPT (a, b), c FROM t", "t | select * except a, b, c");
    check("SELECT x.* EXCLUDE (x.a) FROM t AS x", "t | select * except a");
}

#[test]
fn the_name_of_the_table_is_taken_off_a_column_and_nothing_else_is() {
    check("SELECT t.a, T.b.c, u.d FROM t", "t | select a, b.c, u.d");
    check("SELECT x.a, t.a FROM t x", "t | select a, t.a");
    check("SELECT s.t.a, t.a FROM s.t", "s.t | select a, a");
    check("SELECT a FROM 'data/my table'", "data/my table | select a");
    check("SELECT logs.a, l.b FROM 'data/logs.delta'", "data/logs.delta | select a, l.b");
    check("SELECT t FROM t", "t | select t");
    check("SELECT q.a, t.a FROM (SELECT t.a FROM t) q", "(t | select a) | select a, t.a");
}

#[test]
fn a_quoted_name_is_one_part() {
    let path = |sql| match only_expr(sql) {
        Expr::Column(ColumnPath(parts)) => parts,
        other => panic!("{other}"),
    };
    assert_eq!(path("SELECT \"id.orig_h\" FROM t"), ["id.orig_h"]);
    assert_eq!(path("SELECT id.orig_h FROM t"), ["id", "orig_h"]);
    assert_eq!(path("SELECT t.\"id.orig_h\" FROM t"), ["id.orig_h"]);
    assert_eq!(path("SELECT `Id` FROM t"), ["Id"]);
    assert_eq!(path("SELECT (user).country FROM t"), ["user", "country"]);
}

#[test]
fn operators_bind_as_in_sql() {
    check_exprs(&[
        ("a + b * c - d / e", "((a + (b * c)) - (d / e))"),
        ("a // b % c", "((a // b) % c)"),
        ("-a + -3", "((-a) + -3)"),
        ("- - 3", "3"),
        ("+a", "a"),
        ("NOT a = b AND c OR d", "(((NOT (a = b)) AND c) OR d)"),
        ("a <> b, a != b, a == b", "(a <> b), (a <> b), (a = b)"),
        ("a < b, a <= b, a > b, a >= b", "(a < b), (a <= b), (a > b), (a >= b)"),
        ("a || b || 'c'", "((a || b) || 'c')"),
        ("a || b = c", "((a || b) = c)"),
        ("a LIKE '%' || b", "(a LIKE ('%' || b))"),
        ("a IS DISTINCT FROM b", "(a IS DISTINCT FROM b)"),
        ("a IS NOT DISTINCT FROM b", "(a IS NOT DISTINCT FROM b)"),
        ("a IS NULL, a IS NOT NULL", "(a IS NULL), (a IS NOT NULL)"),
        ("a IS TRUE", "(a IS NOT DISTINCT FROM true)"),
        ("a IS NOT FALSE", "(a IS DISTINCT FROM false)"),
        ("a IN (1, 2, NULL)", "(a IN (1, 2, null))"),
        ("a NOT IN ('x')", "(a NOT IN ('x'))"),
        ("a BETWEEN 1 AND 2 + 3", "((a >= 1) AND (a <= (2 + 3)))"),
        ("a NOT BETWEEN 1 AND 2", "(NOT ((a >= 1) AND (a <= 2)))"),
    ]);
}

#[test]
fn texts_are_matched_by_patterns() {
    check_exprs(&[
        ("a LIKE 'x%'", "(a LIKE 'x%')"),
        ("a NOT ILIKE 'x%'", "(a NOT ILIKE 'x%')"),
        ("a ~ 'x'", "regexp_matches(a, 'x')"),
        ("a ~* 'x'", "regexp_matches(a, '(?i)x')"),
        ("a !~ 'x'", "(NOT regexp_matches(a, 'x'))"),
        ("a !~* b", "(NOT regexp_matches(a, ('(?i)' || b)))"),
        ("a ~~ 'x'", "(a LIKE 'x')"),
        ("a !~~* 'x'", "(a NOT ILIKE 'x')"),
        ("regexp_matches(a, 'x', 'i')", "regexp_matches(a, '(?i)x')"),
        ("regexp_full_match(a, 'x|y')", "regexp_matches(a, '^(?:x|y)$')"),
        ("regexp_extract(a, '(x)', 1)", "regexp_extract(a, '(x)', 1)"),
        ("regexp_replace(a, 'x', 'y', 'g')", "regexp_replace(a, 'x', 'y', 'g')"),
    ]);
    let Expr::Like { escape, .. } = only_expr("SELECT a LIKE '10$%' ESCAPE '$' FROM t") else {
        panic!("not a LIKE");
    };
    assert_eq!(escape, Some('$'));
}

#[test]
fn literals_have_the_type_that_holds_them() {
    let literal = |text: &str| match only_expr(&format!("SELECT {text}")) {
        Expr::Literal(value) => value,
        other => panic!("{other}"),
    };
    assert_eq!(format!("{:?}", literal("1_000")), "Int64(1000)");
    assert_eq!(format!("{:?}", literal("1.5")), "Float64(1.5)");
    assert_eq!(format!("{:?}", literal("1e3")), "Float64(1000.0)");
    assert_eq!(format!("{:?}", literal("-9223372036854775808")), "Int64(-9223372036854775808)");
    assert_eq!(
        format!("{:?}", literal("9223372036854775808")),
        "Decimal { value: 9223372036854775808, scale: 0 }"
    );
    assert_eq!(format!("{:?}", literal("'O''Hara'")), "Utf8(\"O'Hara\")");
    assert_eq!(format!("{:?}", literal("X'00ff'")), "Binary([0, 255])");
    assert_eq!(format!("{:?}", literal("NULL")), "Null");
    assert_eq!(format!("{:?}", literal("true")), "Boolean(true)");
    assert_eq!(format!("{:?}", literal("[1, 2]")), "List([Int64(1), Int64(2)])");
    assert_eq!(format!("{:?}", literal("DATE '1970-01-02'")), "Date(1)");
    assert_eq!(format!("{:?}", literal("TIMESTAMP '1970-01-01 00:00:01'")), "Timestamp(1000000)");
    assert_eq!(
        format!("{:?}", literal("TIMESTAMPTZ '1970-01-01 01:00:01+01:00'")),
        "Timestamp(1000000)"
    );
    assert_eq!(format!("{:?}", literal("'1970-01-02'::date")), "Date(1)");
}

#[test]
fn casts_name_types_in_many_ways() {
    check_exprs(&[
        ("CAST(a AS BOOLEAN)", "CAST(a AS boolean)"),
        ("a::int, a::bigint, a::smallint", "CAST(a AS int64), CAST(a AS int64), CAST(a AS int64)"),
        ("TRY_CAST(a AS double)", "TRY_CAST(a AS float64)"),
        ("a::float, a::real", "CAST(a AS float64), CAST(a AS float64)"),
        ("a::decimal(10, 2)", "CAST(a AS decimal(10,2))"),
        ("a::decimal, a::numeric(9)", "CAST(a AS decimal(18,3)), CAST(a AS decimal(9,0))"),
        ("a::hugeint", "CAST(a AS decimal(38,0))"),
        ("a::text, a::varchar(3), a::string", "CAST(a AS text), CAST(a AS text), CAST(a AS text)"),
        ("a::date, a::timestamptz", "CAST(a AS date), CAST(a AS timestamp)"),
        ("a::timestamp with time zone", "CAST(a AS timestamp)"),
        ("a::blob, a::bytea", "CAST(a AS binary), CAST(a AS binary)"),
        ("'x'::date", "CAST('x' AS date)"),
        ("a::text || 'x'", "(CAST(a AS text) || 'x')"),
    ]);
}

#[test]
fn branches_and_null_functions() {
    check_exprs(&[
        ("CASE WHEN a > 1 THEN 'x' ELSE 'y' END", "CASE WHEN (a > 1) THEN 'x' ELSE 'y' END"),
        (
            "CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' END",
            "CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' END",
        ),
        ("coalesce(a, b, 0), ifnull(a, 0)", "coalesce(a, b, 0), coalesce(a, 0)"),
        ("nullif(a, 0)", "nullif(a, 0)"),
        ("if(a, 1, 2)", "CASE WHEN a THEN 1 ELSE 2 END"),
    ]);
}

#[test]
fn functions_with_a_syntax_of_their_own() {
    check_exprs(&[
        ("substring(a FROM 2 FOR 3)", "substring(a, 2, 3)"),
        ("substring(a FOR 3)", "substring(a, 1, 3)"),
        ("substr(a, 2)", "substring(a, 2)"),
        ("trim(a), trim(BOTH 'x' FROM a)", "trim(a), trim(a, 'x')"),
        ("trim(LEADING 'x' FROM a)", "ltrim(a, 'x')"),
        ("trim(TRAILING 'x' FROM a)", "rtrim(a, 'x')"),
        ("trim(a, 'x')", "trim(a, 'x')"),
        ("position('x' IN a)", "strpos(a, 'x')"),
        ("ceil(a), ceiling(a), floor(a)", "ceil(a), ceil(a), floor(a)"),
        ("left(a, 1), right(a, 1)", "left(a, 1), right(a, 1)"),
        ("replace(a, 'x', 'y')", "replace(a, 'x', 'y')"),
        ("mod(a, 2)", "(a % 2)"),
        ("LENGTH(a), Lower(a)", "length(a), lower(a)"),
    ]);
}

#[test]
fn parts_of_json_are_taken_by_operators() {
    check_exprs(&[
        ("a -> 'x'", "json_extract(a, 'x')"),
        ("a ->> '$.x'", "json_extract_string(a, '$.x')"),
        ("a -> 'x' ->> 0", "json_extract_string(json_extract(a, 'x'), 0)"),
        ("a ->> 'x' = '1'", "(json_extract_string(a, 'x') = '1')"),
        ("(a ->> 'x')::int + 1", "(CAST(json_extract_string(a, 'x') AS int64) + 1)"),
    ]);
}

#[test]
fn kinds_of_doubles_are_told_apart() {
    check_exprs(&[
        ("isnan(a)", "(a IN (NaN))"),
        ("isfinite(a)", "(a NOT IN (NaN, inf, -inf))"),
        ("isinf(a)", "(a IN (inf, -inf))"),
    ]);
}

#[test]
fn every_function_is_called_by_each_of_its_names() {
    use colonna_schema::Function;
    let special = [
        Function::DateBin,
        Function::DateAdd,
        Function::DatePart,
        Function::DateTrunc,
        Function::DateDiff,
    ];
    for function in Function::ALL.iter().filter(|function| !special.contains(function)) {
        for name in function.names() {
            let arguments = match *name {
                "position" => "x IN x",
                "ceil" | "ceiling" | "floor" => "x",
                _ => "x, x",
            };
            match only_expr(&format!("SELECT {name}({arguments}) FROM t")) {
                Expr::Call { function: found, .. } => assert_eq!(found, *function, "{name}"),
                other => panic!("{name}: {other}"),
            }
        }
    }
}

#[test]
fn parts_of_structs_lists_and_maps_are_reached() {
    check_exprs(&[
        ("user.country", "user.country"),
        ("t.user.country", "user.country"),
        ("tags[1]", "element_at(tags, 1)"),
        ("t.tags[-1]", "element_at(tags, -1)"),
        ("labels['key']", "element_at(labels, 'key')"),
        ("items[1].name", "element_at(items, 1).name"),
        ("user.items[1].name[2]", "element_at(element_at(user.items, 1).name, 2)"),
        ("list_contains(tags, 'x')", "list_contains(tags, 'x')"),
    ]);
}

#[test]
fn times_are_moved_by_intervals() {
    check_exprs(&[
        ("ts + INTERVAL '1 day'", "date_add(ts, 0, 86400000000)"),
        ("INTERVAL 1 HOUR + ts", "date_add(ts, 0, 3600000000)"),
        ("ts - INTERVAL '1' MONTH", "date_add(ts, -1, 0)"),
        ("ts + INTERVAL '1 year 2 days 00:00:01'", "date_add(ts, 12, 172801000000)"),
        (
            "ts + INTERVAL '1 day' + INTERVAL '1 month'",
            "date_add(date_add(ts, 0, 86400000000), 1, 0)",
        ),
        ("ts + 2 * INTERVAL '1 day'", "date_add(ts, 0, 172800000000)"),
        ("ts + INTERVAL (n) DAY", "date_add(ts, 0, (86400000000 * n))"),
        ("ts + n * INTERVAL '1 month'", "date_add(ts, n, 0)"),
        ("date_add(ts, INTERVAL '1 week')", "date_add(ts, 0, 604800000000)"),
        ("TIMESTAMP '2024-03-31' - INTERVAL '1 month'", "'2024-02-29T00:00:00Z'"),
        ("DATE '2024-01-31' + INTERVAL '1 month 1 day'", "'2024-03-01T00:00:00Z'"),
        ("ts AT TIME ZONE 'UTC'", "ts"),
    ]);
}

#[test]
fn times_are_binned_and_taken_apart() {
    check_exprs(&[
        ("date_bin(INTERVAL '15 minutes', ts)", "date_bin(0, 900000000, ts)"),
        (
            "date_bin(INTERVAL '15 minutes', ts, TIMESTAMP '2001-01-01')",
            "date_bin(0, 900000000, ts, '2001-01-01T00:00:00Z')",
        ),
        ("time_bucket('3 months', ts, '2001-01-01')", "date_bin(3, 0, ts, '2001-01-01T00:00:00Z')"),
        ("date_trunc('HOURS', ts)", "date_trunc('hour', ts)"),
        ("date_trunc(u, ts)", "date_trunc(u, ts)"),
        ("date_diff('day', a, b)", "date_diff('day', a, b)"),
        ("extract(hour FROM ts)", "date_part('hour', ts)"),
        ("extract('year' FROM ts)", "date_part('year', ts)"),
        (
            "extract(dow FROM ts), extract(dayofweek FROM ts)",
            "date_part('dow', ts), date_part('dow', ts)",
        ),
        ("extract(epoch FROM ts), epoch(ts)", "epoch(ts), epoch(ts)"),
        ("date_part('isodow', ts)", "date_part('isodow', ts)"),
        (
            "year(ts), quarter(ts), month(ts), week(ts)",
            "date_part('year', ts), date_part('quarter', ts), date_part('month', ts), date_part('week', ts)",
        ),
        (
            "day(ts), hour(ts), minute(ts), second(ts)",
            "date_part('day', ts), date_part('hour', ts), date_part('minute', ts), date_part('second', ts)",
        ),
        ("dayofweek(ts), dayofyear(ts)", "date_part('dow', ts), date_part('doy', ts)"),
        ("dayname(ts)", "strftime(ts, '%A')"),
    ]);
}

#[test]
fn the_present_is_what_the_caller_says_it_is() {
    let sql = "SELECT now(), CURRENT_TIMESTAMP, current_date, now() - INTERVAL 1 DAY";
    let options = ParseOptions::default().with_now_micros(2 * 86_400_000_000 + 5);
    let statement = parse_with(sql, options).unwrap();
    assert_eq!(
        written(&statement.query, "t"),
        "t | select '1970-01-03T00:00:00.000005Z', '1970-01-03T00:00:00.000005Z', '1970-01-03', \
         '1970-01-02T00:00:00.000005Z'"
    );
}

#[test]
fn aggregates_are_told_from_functions() {
    check_exprs(&[
        ("count(*), count(), count(1), count(a)", "count(*), count(*), count(*), count(a)"),
        (
            "count(DISTINCT a), sum(DISTINCT a), max(DISTINCT a)",
            "count(DISTINCT a), sum(DISTINCT a), max(a)",
        ),
        (
            "sum(a + 1), min(a), max(a), avg(a), mean(a)",
            "sum((a + 1)), min(a), max(a), avg(a), avg(a)",
        ),
        ("variance(a), var_samp(a), var_pop(a)", "var_samp(a), var_samp(a), var_pop(a)"),
        (
            "stddev(a), stddev_samp(a), stddev_pop(a)",
            "stddev_samp(a), stddev_samp(a), stddev_pop(a)",
        ),
        (
            "median(a), quantile(a, 0.9), quantile_disc(a, 1)",
            "median(a), quantile_cont(a, 0.9), quantile_disc(a, 1)",
        ),
        ("percentile_cont(0.25) WITHIN GROUP (ORDER BY a)", "quantile_cont(a, 0.25)"),
        ("percentile_cont(0.25) WITHIN GROUP (ORDER BY a DESC)", "quantile_cont(a, 0.75)"),
        ("first(a ORDER BY ts), last(a ORDER BY ts)", "first(a ORDER BY ts), last(a ORDER BY ts)"),
        ("first(a ORDER BY ts DESC), first(a)", "last(a ORDER BY ts), first(a)"),
        ("arg_min(a, b), max_by(a, b)", "first(a ORDER BY b), last(a ORDER BY b)"),
        ("approx_count_distinct(a)", "approx_count_distinct(a)"),
        ("bool_and(a), bool_or(a)", "bool_and(a), bool_or(a)"),
        ("count(*) FILTER (WHERE a > 1)", "count(*) FILTER (WHERE (a > 1))"),
        ("count_if(a) FILTER (WHERE b)", "count(*) FILTER (WHERE (a AND b))"),
        ("sum(a) / count(*)", "(sum(a) / count(*))"),
    ]);
    let Expr::Aggregate(aggregate) = only_expr("SELECT quantile(a, 0.5) FROM t") else {
        panic!("no aggregate");
    };
    assert_eq!(aggregate.function, AggregateFunction::QuantileContinuous(0.5));
}

#[test]
fn group_by_knows_positions_aliases_and_all() {
    let expected = "t | group date_trunc('hour', ts), b | \
                    select date_trunc('hour', ts) as h, b, count(*)";
    check("SELECT date_trunc('hour', ts) AS h, b, count(*) FROM t GROUP BY 1, 2", expected);
    check("SELECT date_trunc('hour', ts) AS h, b, count(*) FROM t GROUP BY H, b", expected);
    check("SELECT date_trunc('hour', ts) AS h, b, count(*) FROM t GROUP BY ALL", expected);
    check("SELECT date_trunc('hour', ts) AS h, b, count(*) FROM t GROUP BY (1, 2)", expected);
    check("SELECT count(*) FROM t GROUP BY lower(a)", "t | group lower(a) | select count(*)");
}

#[test]
fn an_alias_does_not_hide_the_column_it_reads() {
    check(
        "SELECT date_trunc('hour', ts) AS ts FROM t GROUP BY ts",
        "t | group ts | select date_trunc('hour', ts) as ts",
    );
    check(
        "SELECT g, sum(x) AS x FROM t GROUP BY g HAVING x > 1",
        "t | group g | having (sum(x) > 1) | select g, sum(x) as x",
    );
    check(
        "SELECT g, sum(x) AS x FROM t GROUP BY g HAVING sum(x) > 1",
        "t | group g | having (sum(x) > 1) | select g, sum(x) as x",
    );
}

#[test]
fn order_by_knows_positions_and_aliases() {
    check("SELECT a AS b FROM t ORDER BY b, 1 DESC", "t | select a as b | order b, 1 desc");
    check(
        "SELECT sum(a) AS s, count(*) AS n FROM t ORDER BY s / n DESC",
        "t | select sum(a) as s, count(*) as n | order (sum(a) / count(*)) desc",
    );
    check("SELECT a, b FROM t ORDER BY ALL DESC", "t | select a, b | order 1 desc, 2 desc");
    check("SELECT * FROM t ORDER BY 7", "t | select * | order 7");
    check("SELECT t.a FROM t ORDER BY t.a NULLS LAST", "t | select a | order a");
}

#[test]
fn a_query_may_stand_in_from() {
    check(
        "SELECT avg(n) FROM (SELECT g, count(*) AS n FROM t GROUP BY g) AS q WHERE q.n > 1",
        "(t | group g | select g, count(*) as n) | where (n > 1) | select avg(n)",
    );
    check(
        "WITH q AS (SELECT g FROM t), r AS (SELECT g FROM Q) SELECT r.g FROM r",
        "((t | select g) | select g) | select g",
    );
    check("WITH t AS (SELECT a FROM t) SELECT a FROM t", "(t | select a) | select a");
}

#[test]
fn a_long_chain_of_or_is_balanced_and_a_short_one_is_not() {
    check("SELECT a OR b OR c FROM t", "t | select ((a OR b) OR c)");
    let terms: Vec<String> = (0..900).map(|n| format!("a = {n}")).collect();
    let expr = only_expr(&format!("SELECT {} FROM t", terms.join(" OR ")));
    let (mut depth, mut at) = (0, &expr);
    while let Expr::Binary { left, .. } = at {
        (depth, at) = (depth + 1, left);
    }
    assert!(depth < 15, "{depth}");
}

#[test]
fn an_in_list_may_be_long() {
    let list: Vec<String> = (0..50_000).map(|n| n.to_string()).collect();
    let expr = only_expr(&format!("SELECT a IN ({}) FROM t", list.join(", ")));
    let Expr::InList { list, .. } = expr else { panic!("not a list") };
    assert_eq!(list.last(), Some(&Expr::Literal(Scalar::Int64(49_999))));
}
