//! How much nesting a statement may have, so that none can exhaust the stack or the memory.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::SqlError;

/// How deep the parser may recurse.
pub(crate) const MAX_PARSE_DEPTH: usize = 100;

/// How deep an expression may be nested when it is lowered. The chains of one operator that the
/// parser reads in a loop, and does not count, are what meets it.
pub(crate) const MAX_DEPTH: usize = 200;

/// How many queries may be nested in one another.
pub(crate) const MAX_QUERIES: usize = 32;

/// How many nodes the lowered expressions may have. BETWEEN and the use of an alias copy their
/// operands, so a short text could otherwise grow without bound.
pub(crate) const MAX_NODES: usize = 1_000_000;

/// How many tokens may deepen the syntax tree. The parser reads `a OR b OR ..` in a loop into a
/// tree as deep as it is long, and dropping that tree recurses.
pub(crate) const MAX_OPERATORS: usize = 10_000;

/// The stack on which the largest statement that passes is read, with room to spare.
pub(crate) const STACK_BYTES: usize = 32 << 20;

/// Up to this depth a statement is read on the caller's stack.
pub(crate) const SHORT: usize = 50;

/// How deep the syntax tree can be at most. Refuses statements that are too deep to be dropped.
pub(crate) fn greatest_depth(tokens: &[TokenWithSpan]) -> Result<usize, SqlError> {
    let count = |wanted: fn(&Token) -> bool| tokens.iter().filter(|at| wanted(&at.token)).count();
    let size = count(deepens);
    if size > MAX_OPERATORS {
        let (unit, limit) = ("operators and keywords", MAX_OPERATORS);
        return Err(SqlError::TooLarge { size, unit, limit });
    }
    Ok(size + count(|token| *token == Token::LParen))
}

fn deepens(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        // Nesting in parentheses recurses in the parser, which counts it.
        Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::Whitespace(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::EOF => false,
        _ => true,
    }
}
