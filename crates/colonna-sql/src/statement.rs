//! From a text to one statement, and what is none is refused by name.

use std::thread::Builder;

use sqlparser::ast::{self, DescribeAlias};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::dialect::ColonnaDialect;
use crate::error::Place;
use crate::limits::{MAX_PARSE_DEPTH, SHORT, STACK_BYTES, greatest_depth};
use crate::select::Lowering;
use crate::{ParseOptions, SqlError, Statement};

/// What the statements have in common that are refused.
const ONLY_SELECT: &str = "write a SELECT, or EXPLAIN before one";

/// Reads a statement: a short one here, a long one on a thread of its own, for the parser's trees are
/// dropped recursively and how much stack the caller has left is not known.
pub(crate) fn read(sql: &str, options: ParseOptions) -> Result<Statement, SqlError> {
    let tokens = Tokenizer::new(&ColonnaDialect, sql)
        .tokenize_with_location()
        .map_err(|cause| SqlError::Syntax { message: cause.message, at: cause.location.into() })?;
    if greatest_depth(&tokens)? <= SHORT {
        return understand(tokens, options);
    }
    std::thread::scope(|scope| {
        Builder::new()
            .name("colonna-sql".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, move || understand(tokens, options))
            .map_err(|cause| SqlError::Thread { cause })?
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn understand(tokens: Vec<TokenWithSpan>, options: ParseOptions) -> Result<Statement, SqlError> {
    let (first_word, at) = first_word(&tokens);
    let mut statements = Parser::new(&ColonnaDialect)
        .with_recursion_limit(MAX_PARSE_DEPTH)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(syntax_error)?;
    let statement = match (statements.pop(), statements.len()) {
        (Some(statement), 0) => statement,
        (last, others) => {
            return Err(SqlError::NotOneStatement { count: others + usize::from(last.is_some()) });
        }
    };
    let (query, explain, analyze) = match &statement {
        ast::Statement::Query(query) => (query, false, false),
        ast::Statement::Explain { statement: inner, .. } => {
            let analyze = explain_analyzes(&statement, at)?;
            match &**inner {
                ast::Statement::Query(query) => (query, true, analyze),
                _ => return Err(SqlError::unsupported("this EXPLAIN", at, ONLY_SELECT)),
            }
        }
        _ => return Err(SqlError::unsupported(first_word, at, ONLY_SELECT)),
    };
    let lowered = Lowering::new(options).query(query)?;
    Ok(Statement { explain, analyze, table: lowered.table, query: lowered.query })
}

/// Whether an EXPLAIN executes the query, as `EXPLAIN ANALYZE` and `EXPLAIN (ANALYZE)` do.
fn explain_analyzes(statement: &ast::Statement, at: Place) -> Result<bool, SqlError> {
    let ast::Statement::Explain {
        describe_alias,
        analyze,
        verbose,
        query_plan,
        estimate,
        format,
        options,
        ..
    } = statement
    else {
        return Ok(false);
    };
    if *describe_alias != DescribeAlias::Explain {
        return Err(SqlError::unsupported("DESCRIBE of a query", at, ONLY_SELECT));
    }
    let mut analyze = *analyze;
    for option in options.iter().flatten() {
        if !option.name.value.eq_ignore_ascii_case("analyze") || option.arg.is_some() {
            let what = format!("the EXPLAIN option {}", option.name.value);
            let at = option.name.span.into();
            return Err(SqlError::unsupported(what, at, "the only option is ANALYZE"));
        }
        analyze = true;
    }
    if *verbose || *query_plan || *estimate || format.is_some() {
        let advice = "write EXPLAIN or EXPLAIN ANALYZE";
        return Err(SqlError::unsupported("an option of EXPLAIN", at, advice));
    }
    Ok(analyze)
}

/// The word a statement begins with: its name.
fn first_word(tokens: &[TokenWithSpan]) -> (String, Place) {
    tokens
        .iter()
        .find_map(|token| match &token.token {
            Token::Word(word) if word.keyword != Keyword::NoKeyword => {
                Some((word.value.to_uppercase(), token.span.into()))
            }
            _ => None,
        })
        .unwrap_or_else(|| ("this statement".to_owned(), Place::default()))
}

/// The parser writes the place at the end of its message; it belongs in a field.
fn syntax_error(cause: ParserError) -> SqlError {
    let message = match cause {
        ParserError::RecursionLimitExceeded => return SqlError::TooDeep { at: Place::default() },
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
    };
    let placed = message.rsplit_once(" at Line: ").and_then(|(before, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        let at = Place { line: line.parse().ok()?, column: column.parse().ok()? };
        Some(SqlError::Syntax { message: lower_first(before), at })
    });
    placed.unwrap_or_else(|| SqlError::Syntax {
        message: lower_first(&message),
        at: Place::default(),
    })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect::<String>().replace('\n', " ")
    })
}
