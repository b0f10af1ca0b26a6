//! The SQL that is read: DuckDB's, with a few words of its neighbours.

use std::any::TypeId;

use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, DuckDbDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// DuckDB's dialect without what colonna has no use for (lambdas, maps in braces, bit shifts), and
/// with `EXCEPT` beside `EXCLUDE`, backquoted names and `LIMIT offset, count`.
#[derive(Debug)]
pub(crate) struct ColonnaDialect;

impl Dialect for ColonnaDialect {
    /// The tokenizer and the parser ask for it where a rule has no method of its own, as for `//`.
    fn dialect(&self) -> TypeId {
        TypeId::of::<DuckDbDialect>()
    }

    /// The parser knows how tightly GLOB binds and not what it is, and would tell its own words for it.
    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        _left: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        let next = parser.peek_token_ref();
        let is_glob = matches!(&next.token, Token::Word(word) if word.keyword == Keyword::GLOB);
        is_glob.then(|| {
            let message = "there is no GLOB: write LIKE, with % for * and _ for ?";
            let place = next.span.start;
            Err(ParserError::ParserError(format!("{message}{place}")))
        })
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"' || ch == '`'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '$' || ch == '_'
    }

    fn identifier_quote_style(&self, _identifier: &str) -> Option<char> {
        Some('"')
    }

    fn supports_trailing_commas(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn allow_extract_single_quotes(&self) -> bool {
        true
    }

    fn supports_explain_with_utility_options(&self) -> bool {
        true
    }

    fn supports_array_typedef_with_brackets(&self) -> bool {
        true
    }

    fn supports_from_first_select(&self) -> bool {
        true
    }

    fn supports_order_by_all(&self) -> bool {
        true
    }

    fn supports_select_wildcard_exclude(&self) -> bool {
        true
    }

    fn supports_select_wildcard_except(&self) -> bool {
        true
    }

    fn supports_select_wildcard_replace(&self) -> bool {
        true
    }

    fn supports_notnull_operator(&self) -> bool {
        true
    }

    fn supports_comma_separated_trim(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn supports_nested_comments(&self) -> bool {
        true
    }

    fn supports_string_escape_constant(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }
}
