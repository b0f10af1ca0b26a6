//! LIKE and regular expressions.

use colonna_schema::{BinaryOperator, Expr, Scalar};
use sqlparser::ast;

use crate::SqlError;
use crate::error::Place;
use crate::expr::refused;
use crate::literal;
use crate::select::Lowering;

impl Lowering {
    pub(crate) fn pattern(&mut self, written: &ast::Expr) -> Result<Expr, SqlError> {
        let (expr, pattern, any, escape_char, case_insensitive, negated) = match written {
            ast::Expr::Like { negated, any, expr, pattern, escape_char } => {
                (expr, pattern, any, escape_char, false, *negated)
            }
            ast::Expr::ILike { negated, any, expr, pattern, escape_char } => {
                (expr, pattern, any, escape_char, true, *negated)
            }
            ast::Expr::RLike { negated, expr, pattern, .. } => {
                return self.matches(expr, pattern, false, *negated);
            }
            other => return Err(refused(other)),
        };
        let at = Place::start(expr);
        if *any {
            return Err(SqlError::unsupported("LIKE ANY", at, "join LIKEs with OR"));
        }
        let escape = match escape_char.as_deref() {
            None => None,
            Some(written) => escape_character(written)?,
        };
        let (operand, pattern) = (self.boxed(expr)?, self.boxed(pattern)?);
        Ok(Expr::Like { operand, pattern, escape, case_insensitive, negated })
    }

    pub(crate) fn like_operator(
        &mut self,
        text: &ast::Expr,
        pattern: &ast::Expr,
        case_insensitive: bool,
        negated: bool,
    ) -> Result<Expr, SqlError> {
        let (operand, pattern) = (self.boxed(text)?, self.boxed(pattern)?);
        Ok(Expr::Like { operand, pattern, escape: None, case_insensitive, negated })
    }

    pub(crate) fn matches(
        &mut self,
        text: &ast::Expr,
        pattern: &ast::Expr,
        case_insensitive: bool,
        negated: bool,
    ) -> Result<Expr, SqlError> {
        let (text, pattern) = (self.expr(text)?, self.expr(pattern)?);
        let pattern = if case_insensitive { with_prefix("(?i)", pattern) } else { pattern };
        let matches = text.matches(pattern);
        Ok(if negated { matches.not() } else { matches })
    }
}

/// A text before a pattern, joined here where the pattern is a literal.
pub(crate) fn with_prefix(prefix: &str, pattern: Expr) -> Expr {
    match pattern {
        Expr::Literal(Scalar::Utf8(text)) => Expr::from(format!("{prefix}{text}")),
        computed => Expr::from(prefix).binary(BinaryOperator::Concat, computed),
    }
}

/// The character behind ESCAPE; none where it is empty.
fn escape_character(written: &ast::Expr) -> Result<Option<char>, SqlError> {
    let at = Place::start(written);
    let wanted = "one character after ESCAPE, in quotes";
    let text = match written {
        ast::Expr::Value(value) => literal::text(&value.value),
        _ => None,
    };
    let text = text.ok_or_else(|| SqlError::literal("ESCAPE", wanted, at))?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (escape, None) => Ok(escape),
        _ => Err(SqlError::literal(text, wanted, at)),
    }
}
