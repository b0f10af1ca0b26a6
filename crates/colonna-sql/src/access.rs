//! Fields of structs, entries of lists and maps, and lists.

use colonna_schema::{ColumnPath, Expr, Function, Scalar};
use sqlparser::ast::{self, AccessExpr};

use crate::SqlError;
use crate::error::Place;
use crate::limits::MAX_DEPTH;
use crate::select::Lowering;

impl Lowering {
    /// `x.field` and `x[1]`, one after the other.
    pub(crate) fn access(
        &mut self,
        root: &ast::Expr,
        access_chain: &[AccessExpr],
    ) -> Result<Expr, SqlError> {
        let at = Place::start(root);
        if self.depth + access_chain.len() > MAX_DEPTH {
            return Err(SqlError::TooDeep { at });
        }
        let mut lowered = match self.qualified_root(root, access_chain) {
            Some(parts) => return self.access_column(parts, access_chain),
            None => self.expr(root)?,
        };
        for access in access_chain {
            lowered = self.one_access(lowered, access, at)?;
        }
        Ok(lowered)
    }

    /// The path that a name and the names right after it make, where the parser kept them apart:
    /// as in `t.list[1]`.
    fn qualified_root(&self, root: &ast::Expr, access_chain: &[AccessExpr]) -> Option<Vec<String>> {
        let ast::Expr::Identifier(name) = root else { return None };
        let names = access_chain.iter().map_while(|access| match access {
            AccessExpr::Dot(ast::Expr::Identifier(name)) => Some(name.value.clone()),
            _ => None,
        });
        Some(std::iter::once(name.value.clone()).chain(names).collect())
    }

    fn access_column(
        &mut self,
        parts: Vec<String>,
        access_chain: &[AccessExpr],
    ) -> Result<Expr, SqlError> {
        let rest = access_chain.iter().skip(parts.len() - 1);
        let mut lowered = Expr::Column(ColumnPath(self.unqualified(parts)));
        for access in rest {
            lowered = self.one_access(lowered, access, Place::default())?;
        }
        Ok(lowered)
    }

    fn one_access(
        &mut self,
        operand: Expr,
        access: &AccessExpr,
        at: Place,
    ) -> Result<Expr, SqlError> {
        self.charge(1)?;
        match access {
            AccessExpr::Dot(ast::Expr::Identifier(name)) => Ok(match operand {
                Expr::Column(mut path) => {
                    path.0.push(name.value.clone());
                    Expr::Column(path)
                }
                operand => Expr::Field { operand: Box::new(operand), name: name.value.clone() },
            }),
            AccessExpr::Dot(_) => {
                let advice = "call the function with the value in its parentheses";
                Err(SqlError::unsupported("a call behind a dot", at, advice))
            }
            AccessExpr::Subscript(ast::Subscript::Index { index }) => {
                let index = self.expr(index)?;
                Ok(Expr::call(Function::ElementAt, [operand, index]))
            }
            AccessExpr::Subscript(ast::Subscript::Slice { .. }) => {
                Err(SqlError::unsupported("a slice", at, "take the entries one by one"))
            }
        }
    }

    /// `[1, 2]`, of literals.
    pub(crate) fn list(
        &mut self,
        array: &ast::Array,
        written: &ast::Expr,
    ) -> Result<Expr, SqlError> {
        let mut values = Vec::with_capacity(array.elem.len());
        for element in &array.elem {
            match self.expr(element)? {
                Expr::Literal(value) => values.push(value),
                _ => {
                    let advice = "a list is written with literals only";
                    let what = "a list of computed values";
                    return Err(SqlError::unsupported(what, Place::start(written), advice));
                }
            }
        }
        Ok(Expr::Literal(Scalar::List(values)))
    }
}
