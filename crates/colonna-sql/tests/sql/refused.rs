//! What is refused, by what name and where.

use colonna_sql::{Place, SqlError, parse};

#[track_caller]
fn check(sql: &str, expected: &str) {
    match parse(sql) {
        Ok(statement) => panic!("{sql}\nis understood as {statement:?}"),
        Err(error) => assert_eq!(error.to_string(), expected, "{sql}"),
    }
}

/// Checks the start of the message: what is refused, and where.
#[track_caller]
fn check_starts(cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        match parse(sql) {
            Ok(statement) => panic!("{sql}\nis understood as {statement:?}"),
            Err(error) => {
                let message = error.to_string();
                assert!(message.starts_with(expected), "{sql}\n{message}");
                assert!(!message.contains('\n'), "{message}");
            }
        }
    }
}

#[test]
fn a_message_says_what_where_and_what_to_do() {
    check(
        "SELECT a\nFROM t JOIN u ON t.a = u.a",
        "JOIN is not supported at line 2, column 13: query one table at a time, or join before \
         loading",
    );
    check(
        "SELECT a FORM t WHERE",
        "cannot read the SQL at line 1, column 15: expected: end of statement, found: t",
    );
    assert!(matches!(
        parse("SELECT fuzz(a)"),
        Err(SqlError::UnknownFunction { at: Place { line: 1, column: 8 }, .. })
    ));
}

#[test]
fn other_statements_are_refused_by_name() {
    check_starts(&[
        ("INSERT INTO t VALUES (1)", "INSERT is not supported at line 1, column 1"),
        ("DELETE FROM t", "DELETE is not supported"),
        ("UPDATE t SET a = 1", "UPDATE is not supported"),
        ("CREATE TABLE t (a INT)", "CREATE is not supported"),
        ("DROP TABLE t", "DROP is not supported"),
        ("DESCRIBE t", "DESCRIBE is not supported"),
        ("EXPLAIN DELETE FROM t", "this EXPLAIN is not supported"),
        ("EXPLAIN (VERBOSE) SELECT 1", "the EXPLAIN option VERBOSE is not supported"),
        ("EXPLAIN VERBOSE SELECT 1", "an option of EXPLAIN is not supported"),
        ("SELECT 1; SELECT 2", "expected one statement, found 2"),
        ("", "expected one statement, found 0"),
        ("-- nothing", "expected one statement, found 0"),
    ]);
}

#[test]
fn other_parts_of_queries_are_refused_by_name() {
    check_starts(&[
        ("SELECT 1 UNION ALL SELECT 2", "UNION is not supported at line 1, column 20"),
        ("SELECT a FROM t, u", "JOIN (a comma in FROM) is not supported"),
        ("SELECT a FROM t CROSS JOIN u", "JOIN is not supported"),
        ("SELECT a FROM (t JOIN u ON true)", "JOIN is not supported"),
        ("SELECT a FROM read_csv('x')", "a table function is not supported"),
        ("SELECT a FROM t TABLESAMPLE (10 PERCENT)", "TABLESAMPLE is not supported"),
        ("SELECT a FROM t AS x(b)", "a list of column aliases after a table"),
        ("SELECT a FROM UNNEST(b)", "a table function is not supported"),
        ("VALUES (1)", "VALUES is not supported"),
        ("SELECT DISTINCT ON (a) a FROM t", "DISTINCT ON is not supported at line 1, column 21"),
        ("SELECT a FROM t GROUP BY ROLLUP (a)", "ROLLUP is not supported"),
        ("SELECT a FROM t GROUP BY CUBE (a)", "CUBE is not supported"),
        ("SELECT a FROM t GROUP BY GROUPING SETS ((a), ())", "GROUPING SETS is not supported"),
        ("SELECT * FROM t GROUP BY ALL", "GROUP BY ALL beside * is not supported"),
        ("SELECT * FROM t GROUP BY 1", "a position in GROUP BY beside * is not supported"),
        ("SELECT * FROM t ORDER BY ALL", "ORDER BY ALL beside * is not supported"),
        ("SELECT a FROM t QUALIFY a > 1", "QUALIFY is not supported"),
        ("SELECT a INTO u FROM t", "SELECT INTO is not supported"),
        ("SELECT a FROM t WINDOW w AS (ORDER BY a)", "WINDOW is not supported"),
        ("SELECT a FROM t FOR UPDATE", "FOR UPDATE is not supported"),
        ("SELECT * REPLACE (a + 1 AS a) FROM t", "* REPLACE is not supported"),
        ("SELECT u.* FROM t", "* of what is not the table is not supported"),
        ("WITH RECURSIVE q AS (SELECT 1) SELECT * FROM q", "WITH RECURSIVE is not supported"),
        (
            "SELECT a FROM t LIMIT a",
            "an expression in LIMIT or OFFSET is not supported at line 1, column 23: write a number",
        ),
        (
            "SELECT array_agg(DISTINCT a) FROM t",
            "DISTINCT in array_agg(..) is not supported at line 1, column 8: only aggregates take it, and \
             there is none",
        ),
        ("SELECT a FROM t LIMIT 1 + 1", "an expression in LIMIT or OFFSET is not supported"),
        ("SELECT a FROM t LIMIT -1", "an expression in LIMIT or OFFSET is not supported"),
        (
            "SELECT a FROM t LIMIT 'x'",
            "cannot read \"'x'\" at line 1, column 23: write a number of rows",
        ),
        (
            "SELECT a FROM t WHERE a GLOB 'x*'",
            "cannot read the SQL at line 1, column 25: there is no GLOB: write LIKE",
        ),
        ("SELECT a FROM t FETCH FIRST 1 ROW WITH TIES", "FETCH .. WITH TIES is not supported"),
    ]);
}

#[test]
fn positions_must_count_an_entry() {
    check(
        "SELECT a, b FROM t ORDER BY 3",
        "ORDER BY 3 is out of range at line 1, column 29: the SELECT list has 2 entries",
    );
    check_starts(&[
        ("SELECT a FROM t GROUP BY 0", "GROUP BY 0 is out of range"),
        ("SELECT a FROM t ORDER BY -1", "ORDER BY -1 is out of range"),
    ]);
}

#[test]
fn other_expressions_are_refused_by_name() {
    check_starts(&[
        ("SELECT row_number() OVER (ORDER BY a) FROM t", "the window function row_number(..) OVER"),
        ("SELECT a IN (SELECT 1) FROM t", "a subquery in an expression is not supported"),
        ("SELECT (SELECT 1)", "a subquery in an expression is not supported"),
        ("SELECT EXISTS (SELECT 1)", "a subquery in an expression is not supported"),
        ("SELECT a SIMILAR TO 'x' FROM t", "SIMILAR TO is not supported at line 1, column 8"),
        ("SELECT a = ANY(b) FROM t", "ANY or ALL is not supported"),
        ("SELECT a LIKE ANY ('x', 'y') FROM t", "LIKE ANY is not supported"),
        ("SELECT INTERVAL '1 day'", "an INTERVAL by itself is not supported"),
        ("SELECT ts + INTERVAL '1 fortnight' FROM t", "cannot read \"1 fortnight\""),
        ("SELECT ts + INTERVAL '1-2' YEAR TO MONTH FROM t", "an INTERVAL from one unit TO another"),
        ("SELECT a #> 'x' FROM t", "the operator #> is not supported"),
        ("SELECT a ^ 2 FROM t", "the operator ^ is not supported"),
        ("SELECT a & 2 FROM t", "the operator & is not supported"),
        ("SELECT a COLLATE nocase FROM t", "COLLATE is not supported"),
        ("SELECT a[1:2] FROM t", "a slice is not supported"),
        ("SELECT {'a': 1}", "cannot read the SQL"),
        ("SELECT [a, 1] FROM t", "a list of computed values is not supported"),
        ("SELECT (a, b) FROM t", "a row of values is not supported"),
        ("SELECT CAST(a AS INT[]) FROM t", "the type INT[] is not supported"),
        (
            "SELECT CAST(a AS DECIMAL(39, 2)) FROM t",
            "the type DECIMAL(39,2) is not supported at line 1, column 13: a decimal has at most 38 digits",
        ),
        ("SELECT CAST(a AS TIME) FROM t", "the type TIME is not supported"),
        ("SELECT TIME '10:00'", "the type TIME is not supported"),
        ("SELECT ts AT TIME ZONE 'Europe/Rome' FROM t", "AT TIME ZONE other than 'UTC'"),
        ("SELECT ?", "the parameter ? is not supported at line 1, column 8"),
        ("SELECT now()", "now is not supported at line 1, column 8"),
        ("SELECT lower(DISTINCT a) FROM t", "DISTINCT in lower(..) is not supported"),
        ("SELECT lower(a) FILTER (WHERE b) FROM t", "FILTER in lower(..) is not supported"),
        ("SELECT lower(*) FROM t", "* in lower(..) is not supported"),
        ("SELECT 'a' LIKE 'b' ESCAPE 'cd'", "cannot read \"cd\""),
        ("SELECT DATE '2024-02-30'", "cannot read \"2024-02-30\" at line 1, column 13"),
        ("SELECT 999999999999999999999999999999999999999", "cannot read \"9999"),
        ("SELECT 1e999", "cannot read \"1e999\""),
        ("SELECT date_trunc('fortnight', ts) FROM t", "cannot read \"fortnight\""),
        ("SELECT extract(fortnight FROM ts) FROM t", "cannot read \"fortnight\""),
        ("SELECT date_bin(15, ts) FROM t", "date_bin takes an interval"),
    ]);
}

#[test]
fn aggregates_stand_where_groups_are() {
    check(
        "SELECT a FROM t WHERE count(*) > 1",
        "the aggregate count(*) cannot stand in WHERE at line 1, column 23: conditions on groups \
         stand in HAVING",
    );
    check_starts(&[
        ("SELECT sum(max(a)) FROM t", "the aggregate max(a) cannot stand in an aggregate"),
        ("SELECT sum(a) FILTER (WHERE max(b) > 1) FROM t", "the aggregate max(b) cannot stand in"),
        ("SELECT a FROM t GROUP BY sum(a)", "the aggregate sum(a) cannot stand in GROUP BY"),
        ("SELECT sum(a) AS s FROM t GROUP BY s", "the aggregate sum(a) cannot stand in GROUP BY"),
        ("SELECT count(*) FROM t GROUP BY 1", "the aggregate count(*) cannot stand in GROUP BY"),
        ("SELECT sum() FROM t", "sum takes one argument"),
        ("SELECT sum(*) FROM t", "sum takes one argument"),
        ("SELECT count(DISTINCT a, b) FROM t", "count takes one argument"),
        ("SELECT quantile(a, 1.5) FROM t", "quantile takes a column and a fraction"),
        ("SELECT sum(a ORDER BY b) FROM t", "ORDER BY in sum(..) is not supported"),
        ("SELECT first(a ORDER BY b, c) FROM t", "ORDER BY several keys in an aggregate"),
        ("SELECT first(a) RESPECT NULLS FROM t", "RESPECT NULLS is not supported"),
    ]);
}
