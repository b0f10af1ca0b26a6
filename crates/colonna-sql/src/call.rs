//! Calls of functions of one row, by any of their names.

use colonna_schema::{BinaryOperator, DataType, Expr, Function, Scalar, parse_timestamp};
use sqlparser::ast::{
    self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, NullTreatment,
};

use crate::SqlError;
use crate::error::Place;
use crate::literal;
use crate::pattern::with_prefix;
use crate::select::{Lowering, name_parts};
use crate::time::{date_add, part, unit};

/// A call, taken apart.
pub(crate) struct Call<'a> {
    /// The name in lower case.
    pub(crate) name: String,
    pub(crate) at: Place,
    /// None for the star of `count(*)`.
    pub(crate) arguments: Vec<Option<&'a ast::Expr>>,
    pub(crate) distinct: bool,
    pub(crate) order_by: &'a [ast::OrderByExpr],
    pub(crate) within_group: &'a [ast::OrderByExpr],
    pub(crate) filter: Option<&'a ast::Expr>,
    pub(crate) ignore_nulls: bool,
}

impl<'a> Call<'a> {
    fn new(function: &'a ast::Function) -> Result<Self, SqlError> {
        let at = Place::of(&function.name);
        let written = name_parts(&function.name)?.join(".");
        if function.over.is_some() {
            let advice = "use GROUP BY, or first and last with ORDER BY inside";
            let what = format!("the window function {written}(..) OVER");
            return Err(SqlError::unsupported(what, at, advice));
        }
        if function.parameters != FunctionArguments::None {
            let advice = "give all arguments in one pair of parentheses";
            return Err(SqlError::unsupported("a second pair of parentheses", at, advice));
        }
        let mut call = Self {
            name: written.to_ascii_lowercase(),
            at,
            arguments: Vec::new(),
            distinct: false,
            order_by: &[],
            within_group: &function.within_group,
            filter: function.filter.as_deref(),
            ignore_nulls: false,
        };
        call.treat_nulls(function.null_treatment)?;
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(_) => {
                let advice = "a subquery stands in FROM";
                return Err(SqlError::unsupported("a subquery in an expression", at, advice));
            }
            FunctionArguments::List(list) => call.read_list(list)?,
        }
        Ok(call)
    }

    fn read_list(&mut self, list: &'a ast::FunctionArgumentList) -> Result<(), SqlError> {
        let at = self.at;
        self.distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        for argument in &list.args {
            self.arguments.push(match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                FunctionArg::Unnamed(
                    FunctionArgExpr::Wildcard | FunctionArgExpr::QualifiedWildcard(_),
                ) => None,
                _ => {
                    let advice = "give the arguments in their order";
                    return Err(SqlError::unsupported("a named argument", at, advice));
                }
            });
        }
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(keys) => self.order_by = keys,
                FunctionArgumentClause::IgnoreOrRespectNulls(treatment) => {
                    self.treat_nulls(Some(*treatment))?;
                }
                _ => {
                    let what = format!("a clause inside {}(..)", self.name);
                    return Err(SqlError::unsupported(what, at, "use FILTER (WHERE ..) behind it"));
                }
            }
        }
        Ok(())
    }

    fn treat_nulls(&mut self, treatment: Option<NullTreatment>) -> Result<(), SqlError> {
        match treatment {
            None => {}
            Some(NullTreatment::IgnoreNulls) => self.ignore_nulls = true,
            Some(NullTreatment::RespectNulls) => {
                let advice = "aggregates pass over nulls";
                return Err(SqlError::unsupported("RESPECT NULLS", self.at, advice));
            }
        }
        Ok(())
    }

    /// Refuses what only an aggregate takes.
    fn check_of_one_row(&self) -> Result<(), SqlError> {
        let refused = [
            (self.distinct, "DISTINCT"),
            (!self.order_by.is_empty(), "ORDER BY"),
            (!self.within_group.is_empty(), "WITHIN GROUP"),
            (self.filter.is_some(), "FILTER"),
            (self.ignore_nulls, "IGNORE NULLS"),
            (self.arguments.contains(&None), "*"),
        ];
        match refused.iter().find(|(present, _)| *present) {
            None => Ok(()),
            Some((_, word)) => {
                let what = format!("{word} in {}(..)", self.name);
                let advice = "only aggregates take it, and there is none of that name";
                Err(SqlError::unsupported(what, self.at, advice))
            }
        }
    }

    pub(crate) fn wants(&self, wanted: &'static str) -> SqlError {
        SqlError::arguments(&self.name, wanted, self.at)
    }
}

impl Lowering {
    /// A call of a function or an aggregate.
    pub(crate) fn call(&mut self, function: &ast::Function) -> Result<Expr, SqlError> {
        let call = Call::new(function)?;
        if let Some(aggregate) = self.aggregate(&call)? {
            return Ok(aggregate);
        }
        call.check_of_one_row()?;
        if let Some(lowered) = self.time_call(&call)? {
            return Ok(lowered);
        }
        let arguments = self.arguments(&call)?;
        let Some(function) = Function::from_name(&call.name) else {
            return rewritten(&call, arguments);
        };
        if function == Function::RegexpMatches {
            return regexp_matches(&call, arguments);
        }
        if arguments.is_empty() {
            return Err(call.wants("at least one argument"));
        }
        Ok(Expr::call(function, arguments))
    }

    fn arguments(&mut self, call: &Call<'_>) -> Result<Vec<Expr>, SqlError> {
        call.arguments.iter().flatten().map(|argument| self.expr(argument)).collect()
    }

    /// The functions of time: they take intervals, units and parts, or nothing.
    fn time_call(&mut self, call: &Call<'_>) -> Result<Option<Expr>, SqlError> {
        let lowered = match call.name.as_str() {
            "now"
            | "current_timestamp"
            | "localtimestamp"
            | "get_current_timestamp"
            | "transaction_timestamp" => self.present(&call.name, false, call.at)?,
            "current_date" | "today" => self.present(&call.name, true, call.at)?,
            "current_time" | "localtime" => {
                let advice = "use a TIMESTAMP";
                return Err(SqlError::unsupported(call.name.as_str(), call.at, advice));
            }
            "date_bin" | "time_bucket" => self.date_bin(call)?,
            "date_add" => self.date_add(call)?,
            "date_trunc" | "datetrunc" => {
                let mut arguments = self.arguments(call)?;
                named_unit(&mut arguments, call, unit)?;
                if arguments.len() != 2 {
                    return Err(call.wants("a unit and a time: date_trunc('hour', ts)"));
                }
                Expr::call(Function::DateTrunc, arguments)
            }
            "date_diff" | "datediff" => {
                let mut arguments = self.arguments(call)?;
                named_unit(&mut arguments, call, unit)?;
                if arguments.len() != 3 {
                    return Err(call.wants("a unit and two times: date_diff('day', from, to)"));
                }
                Expr::call(Function::DateDiff, arguments)
            }
            "date_part" | "datepart" | "extract" => {
                let mut arguments = self.arguments(call)?;
                named_unit(&mut arguments, call, part)?;
                match <[Expr; 2]>::try_from(arguments) {
                    Ok([Expr::Literal(Scalar::Utf8(part)), time]) => {
                        self.date_part(&part, time, call.at)?
                    }
                    Ok(arguments) => Expr::call(Function::DatePart, arguments),
                    Err(_) => return Err(call.wants("a part and a time: date_part('hour', ts)")),
                }
            }
            "epoch" => return Ok(None),
            name => match part(name) {
                // `d`, `h` and `days` are parts only inside quotes and intervals.
                Some(part) if part == name || PART_FUNCTIONS.contains(&name) => {
                    let [Some(time)] = call.arguments.as_slice() else {
                        return Err(call.wants("one time"));
                    };
                    let time = self.expr(time)?;
                    self.date_part(part, time, call.at)?
                }
                _ => return Ok(None),
            },
        };
        Ok(Some(lowered))
    }

    /// `date_bin(interval, time [, origin])`
    fn date_bin(&mut self, call: &Call<'_>) -> Result<Expr, SqlError> {
        let wanted = "an interval, a time and perhaps an origin: \
                      date_bin(INTERVAL '15 minutes', ts)";
        let (interval, time, origin) = match call.arguments.as_slice() {
            [Some(interval), Some(time)] => (interval, time, None),
            [Some(interval), Some(time), Some(origin)] => (interval, time, Some(origin)),
            _ => return Err(call.wants(wanted)),
        };
        let interval = self.interval_argument(interval)?.ok_or_else(|| call.wants(wanted))?;
        let mut arguments = vec![interval.months, interval.micros, self.expr(time)?];
        if let Some(origin) = origin {
            if self.interval(origin)?.is_some() {
                let advice = "give the origin as a TIMESTAMP";
                return Err(SqlError::unsupported("an offset of bins", call.at, advice));
            }
            arguments.push(match self.expr(origin)? {
                Expr::Literal(Scalar::Utf8(text)) => parse_timestamp(&text)
                    .map(|micros| Expr::Literal(Scalar::Timestamp(micros)))
                    .ok()
                    .ok_or_else(|| SqlError::literal(text, "an origin as a time", call.at))?,
                origin => origin,
            });
        }
        Ok(Expr::call(Function::DateBin, arguments))
    }

    /// `date_add(time, interval)`
    fn date_add(&mut self, call: &Call<'_>) -> Result<Expr, SqlError> {
        let wanted = "a time and an interval: date_add(ts, INTERVAL '1 day')";
        let [Some(time), Some(interval)] = call.arguments.as_slice() else {
            return Err(call.wants(wanted));
        };
        let time = self.expr(time)?;
        let interval = self.interval_argument(interval)?.ok_or_else(|| call.wants(wanted))?;
        Ok(date_add(time, interval))
    }
}

/// The names of parts that are functions too, beside the names they have further down.
const PART_FUNCTIONS: &[&str] = &["dayofweek", "weekday", "dayofyear", "dayofmonth", "weekofyear"];

/// Gives the first argument, where it is a text, the one name it has further down.
fn named_unit(
    arguments: &mut [Expr],
    call: &Call<'_>,
    name: impl Fn(&str) -> Option<&'static str>,
) -> Result<(), SqlError> {
    if let Some(Expr::Literal(Scalar::Utf8(written))) = arguments.first_mut() {
        let wanted = "a unit of time: year, quarter, month, week, day, hour, minute, second, ..";
        *written = match name(written) {
            Some(name) => name.to_owned(),
            None => return Err(SqlError::literal(written.as_str(), wanted, call.at)),
        };
    }
    Ok(())
}

/// Functions that are another way to write what an expression or another function says.
fn rewritten(call: &Call<'_>, arguments: Vec<Expr>) -> Result<Expr, SqlError> {
    match (call.name.as_str(), arguments.len()) {
        ("nvl", 1..) => return Ok(Expr::call(Function::Coalesce, arguments)),
        ("if" | "iif" | "iff", 3) => {
            if let Ok([condition, then, otherwise]) = <[Expr; 3]>::try_from(arguments) {
                let branches = vec![(condition, then)];
                let otherwise = Some(Box::new(otherwise));
                return Ok(Expr::Case { operand: None, branches, otherwise });
            }
        }
        ("mod" | "struct_extract" | "regexp_full_match", 2) => {
            if let Ok([left, right]) = <[Expr; 2]>::try_from(arguments) {
                return of_two(call, left, right);
            }
        }
        ("date" | "dayname" | "monthname" | "isnull" | "isnan" | "isinf" | "isfinite", 1) => {
            if let Ok([operand]) = <[Expr; 1]>::try_from(arguments) {
                return Ok(of_one(&call.name, operand));
            }
        }
        (
            "nvl" | "if" | "iif" | "iff" | "mod" | "struct_extract" | "regexp_full_match" | "date"
            | "dayname" | "monthname" | "isnull" | "isnan" | "isinf" | "isfinite",
            _,
        ) => {
            return Err(call.wants("another number of arguments"));
        }
        _ => {}
    }
    Err(SqlError::UnknownFunction { name: call.name.clone(), at: call.at })
}

fn of_one(name: &str, operand: Expr) -> Expr {
    let format = |time, format: &str| Expr::call(Function::FormatTime, [time, Expr::from(format)]);
    let is_in = |operand, values: &[f64], negated| Expr::InList {
        operand: Box::new(operand),
        list: values.iter().map(|value| Expr::Literal(Scalar::Float64(*value))).collect(),
        negated,
    };
    match name {
        "date" => literal::fold_cast(operand, DataType::Date, false),
        "dayname" => format(operand, "%A"),
        "monthname" => format(operand, "%B"),
        // NaN equals NaN.
        "isnan" => is_in(operand, &[f64::NAN], false),
        "isinf" => is_in(operand, &[f64::INFINITY, f64::NEG_INFINITY], false),
        "isfinite" => is_in(operand, &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY], true),
        _ => operand.is_null(),
    }
}

fn of_two(call: &Call<'_>, left: Expr, right: Expr) -> Result<Expr, SqlError> {
    match (call.name.as_str(), right) {
        ("mod", right) => Ok(left.binary(BinaryOperator::Modulo, right)),
        ("struct_extract", Expr::Literal(Scalar::Utf8(name))) => {
            Ok(Expr::Field { operand: Box::new(left), name })
        }
        ("regexp_full_match", Expr::Literal(Scalar::Utf8(pattern))) => {
            // The group keeps `a|b` together between the anchors.
            Ok(left.matches(format!("^(?:{pattern})$")))
        }
        _ => Err(call.wants("a text literal as its second argument")),
    }
}

/// `regexp_matches(text, pattern [, flags])`: the flags go into the pattern.
fn regexp_matches(call: &Call<'_>, mut arguments: Vec<Expr>) -> Result<Expr, SqlError> {
    let wanted = "a text, a pattern and perhaps flags of the letters i, m, s and c";
    if arguments.len() == 3 {
        let flags = match arguments.pop() {
            Some(Expr::Literal(Scalar::Utf8(flags))) => flags,
            _ => return Err(call.wants(wanted)),
        };
        if !flags.chars().all(|flag| "imsc".contains(flag)) {
            return Err(call.wants(wanted));
        }
        // `c` asks for what is the rule: that case matters.
        let flags: String = flags.chars().filter(|flag| *flag != 'c').collect();
        if let Some(pattern) = arguments.pop() {
            arguments.push(match flags.is_empty() {
                true => pattern,
                false => with_prefix(&format!("(?{flags})"), pattern),
            });
        }
    }
    if arguments.len() != 2 {
        return Err(call.wants(wanted));
    }
    Ok(Expr::call(Function::RegexpMatches, arguments))
}
