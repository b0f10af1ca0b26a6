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
pub(crate) const MAX_OPERATORS: usize = 4_000;

/// Refuses statements whose syntax tree could be too deep to drop.
pub(crate) fn check_tokens(tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
    let size = tokens.iter().filter(|token| deepens(&token.token)).count();
    if size > MAX_OPERATORS {
        let (unit, limit) = ("operators and keywords", MAX_OPERATORS);
        return Err(SqlError::TooLarge { size, unit, limit });
    }
    Ok(())
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
