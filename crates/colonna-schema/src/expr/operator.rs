//! Operators with one operand and with two.

/// An operator with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `NOT x`, null where `x` is null.
    Not,
    /// `-x`; overflow is an error.
    Negate,
}

/// An operator with two operands. Null on either side gives null, but for AND, OR and IS DISTINCT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`; integer overflow is an error.
    Add,
    /// `-`; integer overflow is an error.
    Subtract,
    /// `*`; integer overflow is an error.
    Multiply,
    /// `/`, always a double.
    Divide,
    /// `//`, rounding towards zero; null where the divisor is zero.
    IntegerDivide,
    /// `%`, with the sign of the dividend; null where the divisor is zero.
    Modulo,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IS NOT DISTINCT FROM`: equal, or both null.
    IsNotDistinctFrom,
    /// `IS DISTINCT FROM`.
    IsDistinctFrom,
    /// AND of three-valued logic: false wins over null.
    And,
    /// OR of three-valued logic: true wins over null.
    Or,
    /// `||`, text after text.
    Concat,
}

impl BinaryOperator {
    /// Whether it compares.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
                | Self::IsNotDistinctFrom
                | Self::IsDistinctFrom
        )
    }

    /// Whether it computes a number.
    pub fn is_arithmetic(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::Subtract
                | Self::Multiply
                | Self::Divide
                | Self::IntegerDivide
                | Self::Modulo
        )
    }

    /// As SQL writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::IntegerDivide => "//",
            Self::Modulo => "%",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
            Self::IsDistinctFrom => "IS DISTINCT FROM",
            Self::And => "AND",
            Self::Or => "OR",
            Self::Concat => "||",
        }
    }
}
