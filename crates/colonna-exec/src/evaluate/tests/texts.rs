//! Functions of texts, LIKE and regular expressions.

use colonna_schema::{BinaryOperator, Function, col, lit};

use super::*;

fn names() -> Named {
    vec![("s", texts(&[Some("Gr\u{fc}n"), Some(""), Some("a.b.c"), None]))]
}

#[track_caller]
fn check_call(function: Function, rest: &[Expr], expected: [&str; 3]) {
    let arguments = std::iter::once(col("s")).chain(rest.iter().cloned());
    let expected = expected.map(Some).into_iter().chain([None]);
    check(&Expr::call(function, arguments), &names(), expected);
}

#[test]
fn letters_are_code_points() {
    check_call(Function::Upper, &[], ["GR\u{dc}N", "", "A.B.C"]);
    check_call(Function::Lower, &[], ["gr\u{fc}n", "", "a.b.c"]);
    check_call(Function::Reverse, &[], ["n\u{fc}rG", "", "c.b.a"]);
    check(&Expr::call(Function::Length, [col("s")]), &names(), [Some(4), Some(0), Some(5), None]);
    check(
        &Expr::call(Function::OctetLength, [col("s")]),
        &names(),
        [Some(5), Some(0), Some(5), None],
    );
    check(
        &Expr::call(Function::Position, [col("s"), lit("n")]),
        &names(),
        [Some(4), Some(0), Some(0), None],
    );
}

#[test]
fn parts_of_a_text_are_counted_from_one_or_from_the_end() {
    check_call(Function::Substring, &[lit(2), lit(2)], ["r\u{fc}", "", ".b"]);
    check_call(Function::Substring, &[lit(3)], ["\u{fc}n", "", "b.c"]);
    check_call(Function::Substring, &[lit(-2)], ["\u{fc}n", "", ".c"]);
    check_call(Function::Substring, &[lit(0), lit(2)], ["G", "", "a"]);
    check_call(Function::Substring, &[lit(i64::MIN), lit(i64::MAX)], ["Gr\u{fc}", "", "a.b."]);
    check_call(Function::Substring, &[lit(-6), lit(3)], ["G", "", "a."]);
    check_call(Function::Substring, &[lit(-6), lit(2)], ["", "", "a"]);
    check_call(Function::Substring, &[lit(3), lit(-2)], ["Gr", "", "a."]);
    check_call(Function::Substring, &[lit(7), lit(-4)], ["\u{fc}n", "", "b.c"]);
    check_call(Function::Left, &[lit(3)], ["Gr\u{fc}", "", "a.b"]);
    check_call(Function::Left, &[lit(-1)], ["Gr\u{fc}", "", "a.b."]);
    check_call(Function::Right, &[lit(2)], ["\u{fc}n", "", ".c"]);
    check_call(Function::Right, &[lit(-2)], ["\u{fc}n", "", "b.c"]);
    check_call(Function::SplitPart, &[lit("."), lit(2)], ["", "", "b"]);
    check_call(Function::SplitPart, &[lit("."), lit(-1)], ["Gr\u{fc}n", "", "c"]);
    check_call(Function::SplitPart, &[lit("."), lit(0)], ["", "", ""]);
}

#[test]
fn texts_are_filled_trimmed_and_replaced() {
    check_call(Function::PadStart, &[lit(6), lit("xy")], ["xyGr\u{fc}n", "xyxyxy", "xa.b.c"]);
    check_call(Function::PadEnd, &[lit(3)], ["Gr\u{fc}", "   ", "a.b"]);
    check_call(Function::Replace, &[lit("."), lit("--")], ["Gr\u{fc}n", "", "a--b--c"]);
    check_call(Function::Replace, &[lit(""), lit("--")], ["Gr\u{fc}n", "", "a.b.c"]);
    check_call(Function::Repeat, &[lit(2)], ["Gr\u{fc}nGr\u{fc}n", "", "a.b.ca.b.c"]);
    check_call(Function::Trim, &[lit("Gna")], ["r\u{fc}", "", ".b.c"]);
    let blanks = vec![("s", texts(&[Some("  a\t "), Some(" ")]))];
    check(&Expr::call(Function::Trim, [col("s")]), &blanks, ["a\t", ""]);
    check(&Expr::call(Function::TrimStart, [col("s")]), &blanks, ["a\t ", ""]);
    check(&Expr::call(Function::TrimEnd, [col("s")]), &blanks, ["  a\t", ""]);
}

#[test]
fn a_text_has_a_limit() {
    let columns = vec![("s", texts(&[Some("ab")]))];
    check_error(
        &Expr::call(Function::Repeat, [col("s"), lit(i64::MAX)]),
        &columns,
        "repeat(s, 9223372036854775807): a text would be longer than 16777216 bytes",
    );
    check_error(
        &Expr::call(Function::PadStart, [col("s"), lit(1_i64 << 40)]),
        &columns,
        "lpad(s, 1099511627776): a text would be longer than 16777216 bytes",
    );
}

#[test]
fn concat_passes_over_nulls_and_the_operator_does_not() {
    let columns = vec![("s", texts(&[Some("a"), None])), ("n", ints(&[Some(1), Some(2)]))];
    check(&Expr::call(Function::Concat, [col("s"), col("n")]), &columns, ["a1", "2"]);
    check(&col("s").binary(BinaryOperator::Concat, col("n")), &columns, [Some("a1"), None]);
    let joined =
        Expr::call(Function::ConcatWithSeparator, [lit("-"), col("s"), col("n"), lit("z")]);
    check(&joined, &columns, ["a-1-z", "2-z"]);
}

#[test]
fn a_part_is_found() {
    let names = names();
    check(
        &Expr::call(Function::StartsWith, [col("s"), lit("a.")]),
        &names,
        [Some(false), Some(false), Some(true), None],
    );
    check(
        &Expr::call(Function::EndsWith, [col("s"), lit("n")]),
        &names,
        [Some(true), Some(false), Some(false), None],
    );
    check(
        &Expr::call(Function::Contains, [col("s"), lit("")]),
        &names,
        [Some(true), Some(true), Some(true), None],
    );
    check(
        &Expr::call(Function::Contains, [col("s"), col("s")]),
        &names,
        [Some(true), Some(true), Some(true), None],
    );
}

#[test]
fn like_takes_any_form_of_pattern() {
    let names = names();
    check(&col("s").like("Gr_n"), &names, [Some(true), Some(false), Some(false), None]);
    check(&col("s").like("%"), &names, [Some(true), Some(true), Some(true), None]);
    check(&col("s").like("%b%"), &names, [Some(false), Some(false), Some(true), None]);
    check(&col("s").ilike("GR\u{dc}%"), &names, [Some(true), Some(false), Some(false), None]);
    // The last letter of a Greek word is written in another way, where it is the last.
    let greek = vec![("s", texts(&[Some("\u{39f}\u{394}\u{39f}\u{3a3}\u{391}"), Some("\u{130}")]))];
    let pattern = "\u{3bf}\u{3b4}\u{3bf}\u{3c3}%";
    check(&col("s").ilike(pattern), &greek, [Some(true), Some(false)]);
    check(&col("s").ilike("_"), &greek, [Some(false), Some(true)]);
    check(&col("s").like(col("s")), &names, [Some(true), Some(true), Some(true), None]);
    let escaped = Expr::Like {
        operand: Box::new(col("s")),
        pattern: Box::new(lit("100!%")),
        escape: Some('!'),
        case_insensitive: false,
        negated: true,
    };
    check(
        &escaped,
        &vec![("s", texts(&[Some("100%"), Some("1000"), None]))],
        [Some(false), Some(true), None],
    );
}

#[test]
fn regular_expressions_match_extract_and_replace() {
    let names = names();
    check(&col("s").matches("^[a-c.]+$"), &names, [Some(false), Some(false), Some(true), None]);
    check_call(Function::RegexpExtract, &[lit("([a-z])\\.([a-z])"), lit(2)], ["", "", "b"]);
    check_call(Function::RegexpExtract, &[lit("[a-z]")], ["r", "", "a"]);
    check_call(
        Function::RegexpReplace,
        &[lit("[a-z]"), lit("<\\0>")],
        ["G<r>\u{fc}n", "", "<a>.b.c"],
    );
    check_call(
        Function::RegexpReplace,
        &[lit("[A-C]"), lit("$1"), lit("gi")],
        ["Gr\u{fc}n", "", "$1.$1.$1"],
    );
    check(&col("s").matches(col("s")), &names, [Some(true), Some(true), Some(true), None]);
    let columns = vec![("s", texts(&[Some("x")]))];
    check_error(&col("s").matches("("), &columns, "cannot use \"(\" as a regular expression");
    check_error(
        &col("s").matches("(((a{100}){100}){100}){100}"),
        &columns,
        "cannot use \"(((a{100}){100}){100}){100}\" as a regular expression",
    );
    check_error(
        &Expr::call(Function::RegexpExtract, [col("s"), lit("x"), lit(1)]),
        &columns,
        "regexp_extract(s, 'x', 1): the group cannot be 1: it must be one that the pattern has, or \
         0 for the whole match",
    );
}
