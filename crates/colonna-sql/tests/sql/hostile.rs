//! No text can exhaust the stack or the memory.

use colonna_sql::{SqlError, parse};
use proptest::prelude::{Strategy, any, prop, proptest};

#[track_caller]
fn check_too_deep(sql: &str) {
    match parse(sql) {
        Err(SqlError::TooDeep { .. } | SqlError::TooLarge { .. }) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{} bytes are understood", sql.len()),
    }
}

#[test]
fn what_is_nested_too_deeply_is_refused() {
    for count in [300, 20_000] {
        let nested = |open: &str, inner: &str, close: &str| {
            format!("SELECT {}{inner}{} FROM t", open.repeat(count), close.repeat(count))
        };
        check_too_deep(&nested("(", "1", ")"));
        check_too_deep(&nested("abs(", "1", ")"));
        check_too_deep(&nested("- ", "1", ""));
        // Where it may not recurse, the parser takes these words for names, and stops behind them.
        assert!(parse(&nested("NOT ", "a", "")).is_err());
        assert!(parse(&nested("CASE WHEN ", "a", " THEN 1 END")).is_err());
        check_too_deep(&nested("a[", "1", "]"));
        check_too_deep(&nested("[", "1", "]"));
        check_too_deep(&nested("", "a", " + 1"));
        check_too_deep(&nested("", "a", " = 1"));
        check_too_deep(&nested("", "a", "::int"));
        check_too_deep(&nested("", "a", "[1]"));
        check_too_deep(&nested("", "a", " IN (1)"));
        check_too_deep(&nested("", "a", " IS NULL"));
        check_too_deep(&nested("", "a", " BETWEEN 1 AND 2"));
        check_too_deep(&nested("", "a", " LIKE 'x'"));
        check_too_deep(&nested("", "a", " + INTERVAL '1 day'"));
        let from = format!("{}t{}", "(SELECT * FROM ".repeat(count), ")".repeat(count));
        check_too_deep(&format!("SELECT * FROM {from}"));
        check_too_deep(&format!("SELECT * FROM {}t{}", "(".repeat(count), ")".repeat(count)));
    }
}

#[test]
fn the_deepest_tree_that_passes_can_be_dropped() {
    // Each is as deep as the limit on tokens lets the parser build it.
    let chains =
        [" + 1", " OR a", "::int", " IS NULL", " = 1", " IN (1)", " BETWEEN 1 AND 2", " ~ 'x'"];
    for link in chains {
        for places in ["SELECT {}", "SELECT 1 FROM t WHERE {}", "SELECT 1 FROM t ORDER BY {}"] {
            for count in [40, 600, 4900, 9900] {
                let chain = format!("a{}", link.repeat(count));
                // Refused or not, and also where the parser gives up at its end.
                drop(parse(&places.replace("{}", &chain)));
                drop(parse(&places.replace("{}", &format!("{chain} )"))));
            }
        }
    }
    drop(parse(&format!("SELECT 1{}", " UNION SELECT 1".repeat(4900))));
    drop(parse(&format!("SELECT 1 FROM t{}", " JOIN t ON true".repeat(3000))));
}

#[test]
fn short_texts_do_not_grow_without_bound() {
    let doubled = format!("SELECT a{} FROM t", " BETWEEN 1 AND 2".repeat(90));
    check_too_deep(&doubled);
    let steps: Vec<String> =
        (1..100).map(|n| format!("q{n} AS (SELECT a FROM q{})", n - 1)).collect();
    check_too_deep(&format!(
        "WITH q0 AS (SELECT a FROM t), {} SELECT a FROM q99",
        steps.join(", ")
    ));
}

fn word() -> impl Strategy<Value = &'static str> {
    let words = "SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT WITH AS t a count ( ) * , . 1 'x' \
                 + - // = < AND OR NOT NULL IS IN BETWEEN LIKE CASE WHEN THEN END CAST :: int [ ] \
                 INTERVAL DAY DATE ~ JOIN ON UNION ALL DISTINCT FILTER OVER EXCLUDE extract sum ; \
                 { } \" ' `";
    prop::sample::select(words.split_whitespace().collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        drop(parse(&text));
    }

    #[test]
    fn no_row_of_words_makes_it_panic(words in prop::collection::vec(word(), 0..40)) {
        drop(parse(&words.join(" ")));
        drop(parse(&format!("SELECT {} FROM t", words.join(" "))));
    }
}
