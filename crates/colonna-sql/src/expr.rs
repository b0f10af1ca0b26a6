//! Expressions.

use colonna_schema::{BinaryOperator, ColumnPath, Expr, Function, Scalar, UnaryOperator};
use sqlparser::ast::{self, CeilFloorKind, DateTimeField, TrimWhereField};

use crate::SqlError;
use crate::error::Place;
use crate::limits::MAX_DEPTH;
use crate::literal;
use crate::select::Lowering;
use crate::types::data_type;
use crate::walk::size;

/// AND and OR chains up to this many operands keep the shape they are written in; longer ones
/// become balanced trees, which mean the same and are not deep.
const LONGEST_LEFT_CHAIN: usize = 64;

impl Lowering {
    /// An expression.
    ///
    /// Every recursion over expressions passes here, where depth and size are counted.
    pub(crate) fn expr(&mut self, written: &ast::Expr) -> Result<Expr, SqlError> {
        self.charge(1)?;
        if self.depth >= MAX_DEPTH {
            return Err(SqlError::TooDeep { at: Place::start(written) });
        }
        self.depth += 1;
        let lowered = self.any_expr(written);
        self.depth -= 1;
        lowered
    }

    pub(crate) fn boxed(&mut self, written: &ast::Expr) -> Result<Box<Expr>, SqlError> {
        self.expr(written).map(Box::new)
    }

    fn maybe_boxed(&mut self, written: Option<&ast::Expr>) -> Result<Option<Box<Expr>>, SqlError> {
        written.map(|written| self.boxed(written)).transpose()
    }

    fn exprs(&mut self, written: &[ast::Expr]) -> Result<Vec<Expr>, SqlError> {
        written.iter().map(|written| self.expr(written)).collect()
    }

    fn any_expr(&mut self, written: &ast::Expr) -> Result<Expr, SqlError> {
        match written {
            ast::Expr::Identifier(name) => Ok(Expr::Column(ColumnPath(vec![name.value.clone()]))),
            ast::Expr::CompoundIdentifier(names) => {
                let parts = names.iter().map(|name| name.value.clone()).collect();
                Ok(Expr::Column(ColumnPath(self.unqualified(parts))))
            }
            ast::Expr::CompoundFieldAccess { root, access_chain } => {
                self.access(root, access_chain)
            }
            ast::Expr::Nested(inner) => self.expr(inner),
            ast::Expr::Value(value) => literal::value(value).map(Expr::Literal),
            ast::Expr::TypedString(typed) => typed_string(typed),
            ast::Expr::Array(array) => self.list(array, written),
            ast::Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            ast::Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            ast::Expr::Function(function) => self.call(function),
            ast::Expr::Case { .. } => self.case(written),
            ast::Expr::Cast { .. } => self.cast(written),
            ast::Expr::InList { expr, list, negated } => Ok(Expr::InList {
                operand: self.boxed(expr)?,
                list: self.exprs(list)?,
                negated: *negated,
            }),
            ast::Expr::Between { expr, negated, low, high } => {
                let between = self.between(expr, low, high)?;
                Ok(if *negated { between.not() } else { between })
            }
            ast::Expr::Like { .. } | ast::Expr::ILike { .. } | ast::Expr::RLike { .. } => {
                self.pattern(written)
            }
            _ => match is_test(written) {
                Some((operand, test)) => self.is(operand, test),
                None => self.syntax_of_its_own(written),
            },
        }
    }

    /// The functions that SQL gives a syntax of their own.
    fn syntax_of_its_own(&mut self, written: &ast::Expr) -> Result<Expr, SqlError> {
        match written {
            ast::Expr::Extract { field, expr, .. } => {
                let time = self.expr(expr)?;
                self.date_part(&field.to_string(), time, Place::start(expr))
            }
            ast::Expr::Ceil { expr, field } => self.rounding(Function::Ceil, expr, field),
            ast::Expr::Floor { expr, field } => self.rounding(Function::Floor, expr, field),
            ast::Expr::Position { expr, r#in } => {
                let (part, text) = (self.expr(expr)?, self.expr(r#in)?);
                Ok(Expr::call(Function::Position, [text, part]))
            }
            ast::Expr::Substring { expr, substring_from, substring_for, .. } => {
                let mut arguments = vec![self.expr(expr)?];
                arguments.push(match substring_from {
                    Some(from) => self.expr(from)?,
                    None => Expr::from(1_i64),
                });
                if let Some(length) = substring_for {
                    arguments.push(self.expr(length)?);
                }
                Ok(Expr::call(Function::Substring, arguments))
            }
            ast::Expr::Trim { expr, trim_where, trim_what, trim_characters } => {
                let function = match trim_where {
                    None | Some(TrimWhereField::Both) => Function::Trim,
                    Some(TrimWhereField::Leading) => Function::TrimStart,
                    Some(TrimWhereField::Trailing) => Function::TrimEnd,
                };
                let what = trim_what.as_deref();
                let characters = what.into_iter().chain(trim_characters.iter().flatten());
                let mut arguments = vec![self.expr(expr)?];
                for characters in characters {
                    arguments.push(self.expr(characters)?);
                }
                Ok(Expr::call(function, arguments))
            }
            ast::Expr::AtTimeZone { timestamp, time_zone } => match &**time_zone {
                ast::Expr::Value(zone) if is_utc(&zone.value) => self.expr(timestamp),
                _ => Err(SqlError::unsupported(
                    "AT TIME ZONE other than 'UTC'",
                    Place::start(timestamp),
                    "all times are in UTC: add the offset as an INTERVAL",
                )),
            },
            other => Err(refused(other)),
        }
    }

    /// A chain of one logical operator is lowered in a loop, as the parser read it.
    fn binary(
        &mut self,
        left: &ast::Expr,
        operator: &ast::BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Expr, SqlError> {
        use ast::BinaryOperator as Sql;
        let at = Place::start(left);
        let operator = match operator {
            Sql::And => return self.chain(BinaryOperator::And, operator, left, right),
            Sql::Or => return self.chain(BinaryOperator::Or, operator, left, right),
            Sql::Plus | Sql::Minus => return self.plus_or_minus(left, operator, right),
            Sql::PGRegexMatch => return self.matches(left, right, false, false),
            Sql::PGRegexIMatch => return self.matches(left, right, true, false),
            Sql::PGRegexNotMatch => return self.matches(left, right, false, true),
            Sql::PGRegexNotIMatch => return self.matches(left, right, true, true),
            Sql::PGLikeMatch => return self.like_operator(left, right, false, false),
            Sql::PGILikeMatch => return self.like_operator(left, right, true, false),
            Sql::PGNotLikeMatch => return self.like_operator(left, right, false, true),
            Sql::PGNotILikeMatch => return self.like_operator(left, right, true, true),
            Sql::Multiply => BinaryOperator::Multiply,
            Sql::Divide => BinaryOperator::Divide,
            Sql::DuckIntegerDivide | Sql::MyIntegerDivide => BinaryOperator::IntegerDivide,
            Sql::Modulo => BinaryOperator::Modulo,
            Sql::StringConcat => BinaryOperator::Concat,
            Sql::Eq => BinaryOperator::Equal,
            Sql::NotEq => BinaryOperator::NotEqual,
            Sql::Lt => BinaryOperator::Less,
            Sql::LtEq => BinaryOperator::LessOrEqual,
            Sql::Gt => BinaryOperator::Greater,
            Sql::GtEq => BinaryOperator::GreaterOrEqual,
            Sql::Spaceship => BinaryOperator::IsNotDistinctFrom,
            Sql::Arrow | Sql::LongArrow => {
                let function = match operator {
                    Sql::Arrow => Function::JsonExtract,
                    _ => Function::JsonExtractText,
                };
                return Ok(Expr::call(function, [self.expr(left)?, self.expr(right)?]));
            }
            other => {
                let what = format!("the operator {other}");
                return Err(SqlError::unsupported(what, at, operator_advice(other)));
            }
        };
        let left = self.expr(left)?;
        Ok(left.binary(operator, self.expr(right)?))
    }

    fn chain(
        &mut self,
        operator: BinaryOperator,
        written: &ast::BinaryOperator,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Result<Expr, SqlError> {
        let (mut rest, mut operands) = (left, vec![right]);
        while let ast::Expr::BinaryOp { left, op, right } = rest
            && op == written
        {
            operands.push(right);
            rest = left;
        }
        operands.push(rest);
        let mut lowered = Vec::with_capacity(operands.len());
        for operand in operands.into_iter().rev() {
            lowered.push(self.expr(operand)?);
        }
        if lowered.len() > LONGEST_LEFT_CHAIN {
            while lowered.len() > 1 {
                lowered = joined_in_pairs(operator, lowered);
            }
        }
        let joined = lowered.into_iter().reduce(|left, right| left.binary(operator, right));
        Ok(joined.unwrap_or(Expr::Literal(Scalar::Null)))
    }

    fn unary(
        &mut self,
        operator: ast::UnaryOperator,
        operand: &ast::Expr,
    ) -> Result<Expr, SqlError> {
        match operator {
            ast::UnaryOperator::Not => Ok(self.expr(operand)?.not()),
            ast::UnaryOperator::Plus => self.expr(operand),
            ast::UnaryOperator::Minus => self.expr(operand).map(negate),
            other => {
                let what = format!("the operator {other}");
                let at = Place::start(operand);
                Err(SqlError::unsupported(what, at, "write it as a function"))
            }
        }
    }

    fn between(
        &mut self,
        operand: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
    ) -> Result<Expr, SqlError> {
        let operand = self.expr(operand)?;
        self.charge(size(&operand))?;
        let (low, high) = (self.expr(low)?, self.expr(high)?);
        Ok(operand.between(low, high))
    }

    fn is(&mut self, operand: &ast::Expr, test: Is<'_>) -> Result<Expr, SqlError> {
        let operand = self.expr(operand)?;
        Ok(match test {
            Is::Null { negated } => Expr::IsNull { operand: Box::new(operand), negated },
            Is::Boolean { value, negated } => operand.binary(distinct_operator(negated), value),
            Is::Same { other, negated } => {
                operand.binary(distinct_operator(negated), self.expr(other)?)
            }
        })
    }

    fn case(&mut self, written: &ast::Expr) -> Result<Expr, SqlError> {
        let ast::Expr::Case { operand, conditions, else_result, .. } = written else {
            return Err(refused(written));
        };
        let operand = self.maybe_boxed(operand.as_deref())?;
        let mut branches = Vec::with_capacity(conditions.len());
        for branch in conditions {
            branches.push((self.expr(&branch.condition)?, self.expr(&branch.result)?));
        }
        let otherwise = self.maybe_boxed(else_result.as_deref())?;
        Ok(Expr::Case { operand, branches, otherwise })
    }

    fn cast(&mut self, written: &ast::Expr) -> Result<Expr, SqlError> {
        let ast::Expr::Cast { kind, expr, data_type: wanted, format, .. } = written else {
            return Err(refused(written));
        };
        let at = Place::start(expr);
        if format.is_some() {
            let advice = "use strptime or strftime";
            return Err(SqlError::unsupported("CAST .. FORMAT", at, advice));
        }
        let Some(data_type) = data_type(wanted) else {
            return Err(SqlError::unsupported(type_name(wanted), at, type_advice(wanted)));
        };
        let or_null = matches!(kind, ast::CastKind::TryCast | ast::CastKind::SafeCast);
        Ok(literal::fold_cast(self.expr(expr)?, data_type, or_null))
    }

    fn rounding(
        &mut self,
        function: Function,
        operand: &ast::Expr,
        field: &CeilFloorKind,
    ) -> Result<Expr, SqlError> {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => {
                Ok(Expr::call(function, [self.expr(operand)?]))
            }
            _ => {
                let advice = "use round(x, digits) or date_trunc(unit, time)";
                let what = "ceil or floor with a second argument";
                Err(SqlError::unsupported(what, Place::start(operand), advice))
            }
        }
    }
}

/// What IS asks.
#[derive(Clone, Copy)]
enum Is<'a> {
    Null { negated: bool },
    Boolean { value: bool, negated: bool },
    Same { other: &'a ast::Expr, negated: bool },
}

fn is_test(written: &ast::Expr) -> Option<(&ast::Expr, Is<'_>)> {
    use ast::Expr as Sql;
    Some(match written {
        Sql::IsNull(operand) | Sql::IsUnknown(operand) => (operand, Is::Null { negated: false }),
        Sql::IsNotNull(operand) | Sql::IsNotUnknown(operand) => {
            (operand, Is::Null { negated: true })
        }
        Sql::IsTrue(operand) => (operand, Is::Boolean { value: true, negated: false }),
        Sql::IsNotTrue(operand) => (operand, Is::Boolean { value: true, negated: true }),
        Sql::IsFalse(operand) => (operand, Is::Boolean { value: false, negated: false }),
        Sql::IsNotFalse(operand) => (operand, Is::Boolean { value: false, negated: true }),
        Sql::IsNotDistinctFrom(operand, other) => (operand, Is::Same { other, negated: false }),
        Sql::IsDistinctFrom(operand, other) => (operand, Is::Same { other, negated: true }),
        _ => return None,
    })
}

fn distinct_operator(negated: bool) -> BinaryOperator {
    if negated { BinaryOperator::IsDistinctFrom } else { BinaryOperator::IsNotDistinctFrom }
}

fn joined_in_pairs(operator: BinaryOperator, operands: Vec<Expr>) -> Vec<Expr> {
    let mut joined = Vec::with_capacity(operands.len().div_ceil(2));
    let mut operands = operands.into_iter();
    while let Some(left) = operands.next() {
        joined.push(match operands.next() {
            Some(right) => left.binary(operator, right),
            None => left,
        });
    }
    joined
}

/// `-x`, worked out where x is a literal.
pub(crate) fn negate(operand: Expr) -> Expr {
    match &operand {
        Expr::Literal(value) => match literal::negated(value) {
            Some(negated) => Expr::Literal(negated),
            None => minus(operand),
        },
        _ => minus(operand),
    }
}

fn minus(operand: Expr) -> Expr {
    Expr::Unary { operator: UnaryOperator::Negate, operand: Box::new(operand) }
}

fn typed_string(typed: &ast::TypedString) -> Result<Expr, SqlError> {
    let at = Place::from(typed.value.span);
    match (data_type(&typed.data_type), literal::text(&typed.value.value)) {
        (Some(data_type), Some(text)) => literal::typed(text, data_type, at),
        _ => {
            let what = type_name(&typed.data_type);
            Err(SqlError::unsupported(what, at, "write DATE '..' or TIMESTAMP '..'"))
        }
    }
}

fn is_utc(zone: &ast::Value) -> bool {
    literal::text(zone).is_some_and(|zone| {
        ["utc", "gmt", "z", "etc/utc", "+00:00"].contains(&zone.to_ascii_lowercase().as_str())
    })
}

fn type_name(written: &ast::DataType) -> String {
    format!("the type {written}")
}

fn type_advice(written: &ast::DataType) -> &'static str {
    use ast::DataType as Sql;
    match written {
        Sql::Decimal(_) | Sql::Numeric(_) | Sql::Dec(_) => {
            "a decimal has at most 38 digits, and no more than these behind its point"
        }
        _ => "cast to boolean, bigint, double, decimal(p, s), text, blob, date or timestamp",
    }
}

fn operator_advice(operator: &ast::BinaryOperator) -> &'static str {
    use ast::BinaryOperator as Sql;
    match operator {
        Sql::BitwiseXor | Sql::PGExp => "write power(x, y)",
        Sql::Xor => "write x <> y",
        Sql::HashArrow | Sql::HashLongArrow => "write json_extract(text, '$.name')",
        Sql::Overlaps | Sql::PGOverlap => "compare the ends",
        _ => "write it with arithmetic, comparisons and functions",
    }
}

/// What is an expression of SQL, but not one of ours.
pub(crate) fn refused(written: &ast::Expr) -> SqlError {
    let (what, advice) = match written {
        ast::Expr::Interval(_) => (
            "an INTERVAL by itself",
            "add it to a time, subtract it from one, or give it to date_bin",
        ),
        ast::Expr::Subquery(_) | ast::Expr::Exists { .. } | ast::Expr::InSubquery { .. } => {
            ("a subquery in an expression", "a subquery stands in FROM")
        }
        ast::Expr::SimilarTo { .. } => ("SIMILAR TO", "use LIKE or ~"),
        ast::Expr::AnyOp { .. } | ast::Expr::AllOp { .. } => {
            ("ANY or ALL", "use IN or list_contains(list, x)")
        }
        ast::Expr::InUnnest { .. } => ("IN UNNEST", "use list_contains(list, x)"),
        ast::Expr::Tuple(_) => ("a row of values", "compare the values one by one"),
        ast::Expr::Dictionary(_) | ast::Expr::Struct { .. } => {
            ("a struct literal", "name the columns one by one")
        }
        ast::Expr::Map(_) => ("a map literal", "use CASE"),
        ast::Expr::Lambda(_) => ("a lambda", "use the functions of lists"),
        ast::Expr::Collate { .. } => ("COLLATE", "compare lower(x)"),
        ast::Expr::Overlay { .. } => ("OVERLAY", "use left, right and ||"),
        ast::Expr::Convert { .. } => ("CONVERT", "use CAST"),
        ast::Expr::JsonAccess { .. } => ("a JSON path", "write struct.field or map['key']"),
        ast::Expr::Rollup(_) => ("ROLLUP", "ask one query per level"),
        ast::Expr::Cube(_) => ("CUBE", "ask one query per level"),
        ast::Expr::GroupingSets(_) => ("GROUPING SETS", "ask one query per level"),
        ast::Expr::Wildcard(_) | ast::Expr::QualifiedWildcard(..) => {
            ("* in an expression", "name the columns")
        }
        ast::Expr::IsNormalized { .. } => ("IS NORMALIZED", "normalize before loading"),
        ast::Expr::IsJson { .. } => ("IS JSON", "use the types of the columns"),
        _ => ("this expression", "write it with operators and functions"),
    };
    SqlError::unsupported(what, Place::start(written), advice)
}
