//! Functions of JSON.

use colonna_schema::{Function, col, lit};

use super::*;

const RECORD: &str = r#" {"a": {"b": 1.10, "c": [1, "x", null, {"d": "\u00e9"}]}, "n": null, "t": "say \"hi\"",
    "a.b": 7, "0": "zero", "twice": 1, "twice": 2, "big": 12345678901234567890123} "#;

#[track_caller]
fn check_failure(expr: &Expr, columns: &Named, expected: &str) {
    let told = answer(expr, columns).unwrap_err();
    assert!(told.contains(expected), "{told}");
}

/// The part at a path, as JSON and as text.
#[track_caller]
fn check_part(path: impl Into<Expr>, json: Option<&str>, text: Option<&str>) {
    let (path, columns) = (path.into(), vec![("j", texts(&[Some(RECORD), None]))]);
    let call = |function| Expr::call(function, [col("j"), path.clone()]);
    check(&call(Function::JsonExtract), &columns, [json, None]);
    check(&call(Function::JsonExtractText), &columns, [text, None]);
}

#[test]
fn a_part_is_found_by_every_form_of_path() {
    for path in ["$.a.b", "$.\"a\".\"b\"", "/a/b"] {
        check_part(lit(path), Some("1.10"), Some("1.10"));
    }
    for path in ["a.b", "$.\"a.b\"", "/a.b"] {
        check_part(lit(path), Some("7"), Some("7"));
    }
    for path in ["$.a.c[3].d", "$.a.c[-1].d", "$.a.c[#-1].d", "/a/c/3/d"] {
        check_part(lit(path), Some("\"\u{e9}\""), Some("\u{e9}"));
    }
    check_part(lit("t"), Some(r#""say \"hi\"""#), Some("say \"hi\""));
    check_part(lit("0"), Some("\"zero\""), Some("zero"));
    let list = Some("[1,\"x\",null,{\"d\":\"\u{e9}\"}]");
    check_part(lit("$.a.c"), list, list);
    check_part(lit("big"), Some("12345678901234567890123"), Some("12345678901234567890123"));
    check_part(lit("twice"), Some("2"), Some("2"));
    check_part(lit("n"), Some("null"), None);
    check_part(lit("/a/c/2"), Some("null"), None);
}

#[test]
fn what_is_not_there_is_null() {
    for path in ["b", "$.a.b.c", "$[0]", "$.a.c[4]", "$.a.c[-5]", "/a/c/-1", "/a/c/x", "$.a.c.d"] {
        check_part(lit(path), None, None);
    }
    check_part(lit(0), None, None);
    check_part(Expr::Literal(Scalar::Null), None, None);
}

#[test]
fn a_whole_text_is_taken_and_an_element_by_its_number() {
    let columns = vec![("j", texts(&[Some("[4, [5]]"), Some(" \"s\" "), Some("[]"), None]))];
    let part = |path: Expr| Expr::call(Function::JsonExtract, [col("j"), path]);
    check(&part(lit("$")), &columns, [Some("[4,[5]]"), Some("\"s\""), Some("[]"), None]);
    check(&part(lit("")), &columns, [Some("[4,[5]]"), Some("\"s\""), Some("[]"), None]);
    check(&part(lit(-1)), &columns, [Some("[5]"), None, None, None]);
    check(&part(lit(i64::MIN)), &columns, [None::<&str>, None, None, None]);
}

#[test]
fn each_row_may_have_a_path_of_its_own() {
    let json = texts(&[Some(r#"{"a":1,"b":[2]}"#); 3]);
    let columns = vec![("j", json), ("p", texts(&[Some("a"), Some("$.b[0]"), None]))];
    let part = Expr::call(Function::JsonExtract, [col("j"), col("p")]);
    check(&part, &columns, [Some("1"), Some("2"), None]);
}

#[test]
fn what_is_no_json_is_an_error_that_can_be_avoided() {
    let columns = vec![("j", texts(&[Some("{\"a\":1}"), Some("{bad"), Some(""), None]))];
    let part = Expr::call(Function::JsonExtract, [col("j"), lit("a")]);
    check_failure(&part, &columns, "is no JSON");
    let is_valid = Expr::call(Function::JsonValid, [col("j")]);
    check(&is_valid, &columns, [Some(true), Some(false), Some(false), None]);
    let branches = vec![(is_valid, part)];
    let guarded = Expr::Case { operand: None, branches, otherwise: None };
    check(&guarded, &columns, [Some("1"), None, None, None]);
}

#[test]
fn what_is_no_path_is_an_error() {
    let columns = vec![("j", texts(&[Some("{}")]))];
    for path in ["$x", "$.", "$.*", "$[*]", "$[x]", "$[1", "$.a..b", "$.\"a", "$[#0]", "$[#1]"] {
        let part = Expr::call(Function::JsonExtract, [col("j"), lit(path)]);
        check_failure(&part, &columns, "a path cannot be");
    }
}
