//! Which parts of a question speak of rows, and which of groups.

use colonna_schema::{
    AggregateExpr, AggregateFunction, ColumnPath, DataType, Expr, Field, Projection, Query, Schema,
    SortKey,
};

use crate::accumulator::{AggregateKind, result_type};
use crate::aggregate::Aggregate;
use crate::{BoundExpr, ExecError, Slots, bind};

/// A result column before it is bound.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) expr: Expr,
    pub(crate) name: String,
}

/// The result columns of a query, with names that no two share.
pub(crate) fn outputs(query: &Query, schema: &Schema) -> Result<Vec<Output>, ExecError> {
    let mut outputs: Vec<Output> = Vec::new();
    let mut push = |expr: Expr, name: String| {
        let taken = |name: &str| outputs.iter().any(|output| output.name == name);
        let unique = unique_name(&name, taken);
        outputs.push(Output { expr, name: unique });
    };
    if query.projection.is_empty() && !query.group_by.is_empty() {
        query.group_by.iter().for_each(|key| push(key.clone(), key.default_name()));
    } else if query.projection.is_empty() {
        all_columns(schema, &[])?.into_iter().for_each(|(expr, name)| push(expr, name));
    }
    for projection in &query.projection {
        match projection {
            Projection::All { except } => {
                all_columns(schema, except)?.into_iter().for_each(|(expr, name)| push(expr, name));
            }
            Projection::Expr { expr, name } => {
                push(expr.clone(), name.clone().unwrap_or_else(|| expr.default_name()));
            }
        }
    }
    Ok(outputs)
}

/// The name, or with the first number behind it that makes it one of its own.
pub(crate) fn unique_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut unique = name.to_owned();
    let mut number = 1_u64;
    while taken(&unique) {
        unique = format!("{name}_{number}");
        number += 1;
    }
    unique
}

fn all_columns(schema: &Schema, except: &[String]) -> Result<Vec<(Expr, String)>, ExecError> {
    let mut left_out = Vec::with_capacity(except.len());
    for name in except {
        let exact = schema.index_of(name);
        let same = |field: &Field| field.name.to_lowercase() == name.to_lowercase();
        match exact.or_else(|| schema.fields.iter().position(same)) {
            Some(index) => left_out.push(index),
            None => {
                let advice = "EXCEPT can only leave out columns of the table".to_owned();
                return Err(ExecError::UnknownColumn { name: name.clone(), advice });
            }
        }
    }
    let kept = schema.fields.iter().enumerate().filter(|(index, _)| !left_out.contains(index));
    let column = |name: &String| (Expr::Column(ColumnPath(vec![name.clone()])), name.clone());
    Ok(kept.map(|(_, field)| column(&field.name)).collect())
}

/// The result column that a key of ORDER BY names or counts, or is written as; `None` where it is
/// an expression of its own.
pub(crate) fn output_of(
    key: &SortKey,
    outputs: &[Output],
    schema: &Schema,
) -> Result<Option<usize>, ExecError> {
    if let Some(position) = key.position() {
        let index = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
        return match index.filter(|index| *index < outputs.len()) {
            Some(index) => Ok(Some(index)),
            None => Err(ExecError::InvalidArgument {
                expression: format!("ORDER BY {position}"),
                argument: "the position",
                value: position.to_string(),
                expected: "the number of a result column, counted from one",
            }),
        };
    }
    let Expr::Column(path) = &key.expr else {
        return Ok(outputs.iter().position(|output| output.expr == key.expr));
    };
    let name = path.to_string();
    if let Some(index) = outputs.iter().position(|output| output.name == name) {
        return Ok(Some(index));
    }
    if schema.index_of(&name).is_none() {
        let lower = name.to_lowercase();
        let mut same =
            outputs.iter().enumerate().filter(|(_, output)| output.name.to_lowercase() == lower);
        if let (Some((index, _)), None) = (same.next(), same.next()) {
            return Ok(Some(index));
        }
    }
    Ok(outputs.iter().position(|output| output.expr == key.expr))
}

/// Whether an aggregate stands anywhere in the expression.
pub(crate) fn has_aggregate(expr: &Expr) -> bool {
    matches!(expr, Expr::Aggregate(_)) || children(expr).into_iter().any(has_aggregate)
}

fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Column(_) | Expr::Literal(_) | Expr::Aggregate(_) => Vec::new(),
        Expr::Unary { operand, .. }
        | Expr::IsNull { operand, .. }
        | Expr::Cast { operand, .. }
        | Expr::Field { operand, .. } => vec![operand],
        Expr::Binary { left, right, .. } => vec![left, right],
        Expr::InList { operand, list, .. } => {
            std::iter::once(operand.as_ref()).chain(list).collect()
        }
        Expr::Like { operand, pattern, .. } => vec![operand, pattern],
        Expr::Case { operand, branches, otherwise } => operand
            .as_deref()
            .into_iter()
            .chain(branches.iter().flat_map(|(when, then)| [when, then]))
            .chain(otherwise.as_deref())
            .collect(),
        Expr::Call { arguments, .. } => arguments.iter().collect(),
    }
}

fn children_mut(expr: &mut Expr) -> Vec<&mut Expr> {
    match expr {
        Expr::Column(_) | Expr::Literal(_) | Expr::Aggregate(_) => Vec::new(),
        Expr::Unary { operand, .. }
        | Expr::IsNull { operand, .. }
        | Expr::Cast { operand, .. }
        | Expr::Field { operand, .. } => vec![operand],
        Expr::Binary { left, right, .. } => vec![left, right],
        Expr::InList { operand, list, .. } => {
            std::iter::once(operand.as_mut()).chain(list).collect()
        }
        Expr::Like { operand, pattern, .. } => vec![operand, pattern],
        Expr::Case { operand, branches, otherwise } => operand
            .as_deref_mut()
            .into_iter()
            .chain(branches.iter_mut().flat_map(|(when, then)| [when, then]))
            .chain(otherwise.as_deref_mut())
            .collect(),
        Expr::Call { arguments, .. } => arguments.iter_mut().collect(),
    }
}

/// The keys and aggregates of a query, each under a name of its own: that under which an
/// expression over groups finds it.
#[derive(Debug)]
pub(crate) struct GroupScope<'a> {
    slots: &'a mut Slots,
    keys: Vec<(String, BoundExpr)>,
    aggregates: Vec<(String, Aggregate)>,
}

impl<'a> GroupScope<'a> {
    /// Groups by these keys; a key that is written twice is one.
    pub(crate) fn new(keys: &[Expr], slots: &'a mut Slots) -> Result<Self, ExecError> {
        let mut scope = Self { slots, keys: Vec::new(), aggregates: Vec::new() };
        for key in keys {
            let bound = bind(key, scope.slots)?;
            if !scope.keys.iter().any(|(_, known)| *known == bound) {
                let name = scope.name(&key.to_string());
                scope.keys.push((name, bound));
            }
        }
        Ok(scope)
    }

    fn name(&self, text: &str) -> String {
        let keys = self.keys.iter().map(|(name, _)| name);
        let names: Vec<&String> =
            keys.chain(self.aggregates.iter().map(|(name, _)| name)).collect();
        unique_name(text, |name| names.iter().any(|known| *known == name))
    }

    /// The expression with every key and every aggregate replaced by its name.
    pub(crate) fn lift(&mut self, expr: &Expr) -> Result<Expr, ExecError> {
        match expr {
            Expr::Literal(_) => return Ok(expr.clone()),
            Expr::Aggregate(aggregate) => {
                return self.aggregate(aggregate).map(column);
            }
            Expr::Column(path) => return self.lift_column(path),
            _ => {}
        }
        if !self.keys.is_empty() && !has_aggregate(expr) {
            // A part that cannot be bound by itself is told of when its own parts are.
            if let Ok(bound) = bind(expr, &mut self.slots.clone())
                && let Some(name) = self.key(&bound)
            {
                return Ok(column(name));
            }
        }
        let mut lifted = expr.clone();
        for child in children_mut(&mut lifted) {
            *child = self.lift(child)?;
        }
        Ok(lifted)
    }

    fn key(&self, bound: &BoundExpr) -> Option<String> {
        self.keys.iter().find(|(_, key)| key == bound).map(|(name, _)| name.clone())
    }

    /// A column that is a key, or a field of one.
    fn lift_column(&self, path: &ColumnPath) -> Result<Expr, ExecError> {
        let whole = bind(&Expr::Column(path.clone()), &mut self.slots.clone())?;
        if let Some(name) = self.key(&whole) {
            return Ok(column(name));
        }
        for split in (1..path.0.len()).rev() {
            let (prefix, rest) = path.0.split_at(split);
            let prefix = Expr::Column(ColumnPath(prefix.to_vec()));
            if let Ok(bound) = bind(&prefix, &mut self.slots.clone())
                && let Some(name) = self.key(&bound)
            {
                let field = |operand, name: &String| Expr::Field {
                    operand: Box::new(operand),
                    name: name.clone(),
                };
                return Ok(rest.iter().fold(column(name), field));
            }
        }
        Err(ExecError::NotGrouped { column: path.to_string() })
    }

    /// The name of an aggregate; one that is written twice is computed once.
    fn aggregate(&mut self, expr: &AggregateExpr) -> Result<String, ExecError> {
        let aggregate = self.bound(expr)?;
        let known = self.aggregates.iter().find(|(_, known)| known.computes(&aggregate));
        if let Some((name, _)) = known {
            return Ok(name.clone());
        }
        let name = self.name(&aggregate.kind.name);
        self.aggregates.push((name.clone(), aggregate));
        Ok(name)
    }

    fn bound(&mut self, expr: &AggregateExpr) -> Result<Aggregate, ExecError> {
        use AggregateFunction as F;
        let name = expr.to_string();
        let takes = usize::from(expr.function != F::CountRows);
        let found = usize::from(expr.argument.is_some());
        if takes != found {
            let (function, expected) = (expr.function.name(), format!("{takes} arguments"));
            return Err(ExecError::WrongArgumentCount { function, expected, found });
        }
        if let F::QuantileContinuous(fraction) | F::QuantileDiscrete(fraction) = expr.function
            && !(0.0..=1.0).contains(&fraction)
        {
            return Err(ExecError::InvalidArgument {
                expression: name,
                argument: "the fraction",
                value: fraction.to_string(),
                expected: "from 0 to 1",
            });
        }
        // Bound apart first, to learn which columns argument and order read.
        let mut apart = Slots::new(std::sync::Arc::clone(self.slots.schema()));
        for expr in expr.argument.iter().chain(&expr.order_by) {
            bind(expr, &mut apart)?;
        }
        let mut bound = |expr: &Option<Box<Expr>>| {
            expr.as_deref().map(|expr| bind(expr, self.slots)).transpose()
        };
        let argument = bound(&expr.argument)?;
        let by_order = matches!(expr.function, F::First | F::Last);
        let order_by = if by_order { bound(&expr.order_by)? } else { None };
        let filter = bound(&expr.filter)?;
        if let (Some(filter), Some(text)) = (&filter, &expr.filter) {
            check_predicate(filter, text)?;
        }
        let paths = self.slots.paths();
        let reads = apart.paths().iter();
        let reads = reads.filter_map(|path| paths.iter().position(|known| known == path)).collect();
        let input = argument.as_ref().map_or(DataType::Null, |bound| bound.data_type.clone());
        let output = result_type(expr.function, &input, &name)?;
        let (function, distinct) = (expr.function, expr.distinct);
        let kind = AggregateKind { function, input, output, distinct, name };
        Ok(Aggregate { kind, argument, order_by, filter, reads })
    }

    /// The keys, the aggregates, and the schema of the groups.
    pub(crate) fn into_parts(self) -> (Vec<BoundExpr>, Vec<Aggregate>, Schema) {
        let keys = self.keys.iter().map(|(name, key)| Field::new(name, key.data_type.clone()));
        let aggregates = self.aggregates.iter();
        let aggregates =
            aggregates.map(|(name, aggregate)| Field::new(name, aggregate.kind.output.clone()));
        let schema = Schema::new(keys.chain(aggregates).collect());
        let keys = self.keys.into_iter().map(|(_, key)| key).collect();
        (keys, self.aggregates.into_iter().map(|(_, aggregate)| aggregate).collect(), schema)
    }
}

fn column(name: String) -> Expr {
    Expr::Column(ColumnPath(vec![name]))
}

/// A condition must be true or false.
pub(crate) fn check_predicate(bound: &BoundExpr, written: &Expr) -> Result<(), ExecError> {
    match &bound.data_type {
        DataType::Boolean | DataType::Null => Ok(()),
        found => Err(ExecError::WrongType {
            expression: written.to_string(),
            expected: "a condition",
            found: found.clone(),
        }),
    }
}
