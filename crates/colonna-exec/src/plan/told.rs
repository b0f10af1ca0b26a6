//! What a plan takes from statistics of rows, and need not read them for.

use std::sync::Arc;

use colonna_schema::Statistics;

use super::{Body, Partial, Plan, State};
use crate::spared::Told;
use crate::{BoundExpr, BoundKind, Spared};

impl Plan {
    /// Whether statistics may say all that the plan asks: there is no WHERE and no GROUP BY.
    pub fn may_have_metadata_answer(&self) -> bool {
        let Body::Groups(body) = &self.0.body else { return false };
        self.0.predicate.is_none() && body.grouped.keys.is_empty()
    }

    /// The state after the rows that the statistics are of, where these say all that the plan asks:
    /// counts of rows and values, exact bounds; no WHERE, no GROUP BY. Where it is all that is missing,
    /// it is asked whether a column of doubles has no NaN.
    pub fn metadata_answer(
        &self,
        statistics: &Statistics,
        is_nan_free: &dyn Fn(&[String]) -> bool,
    ) -> Option<Partial> {
        let answer = |is_nan_free| {
            let mut partial = self.partial();
            partial.update_told(&Told { statistics, is_nan_free }).then_some(partial)
        };
        answer(&|_| true).and_then(|_| answer(is_nan_free))
    }

    /// What the statistics of some rows spare of reading them, where they do not say all that is
    /// asked: without WHERE, and where all keys are slots that are constant in these rows. Where it is
    /// all that is missing, it is asked whether a column of doubles has no NaN.
    pub fn spared(
        &self,
        is_constant: impl Fn(usize) -> bool,
        statistics: impl FnOnce() -> Statistics,
        is_nan_free: &dyn Fn(&[String]) -> bool,
    ) -> Option<Spared> {
        let (Body::Groups(body), None) = (&self.0.body, &self.0.predicate) else { return None };
        let is_same = |key: &BoundExpr| match key.kind {
            BoundKind::Slot(slot) => is_constant(slot),
            _ => false,
        };
        let asks_statistics = body.grouped.aggregates.iter().any(Spared::may_know);
        if !asks_statistics || !body.grouped.keys.iter().all(is_same) {
            return None;
        }
        let statistics = &statistics();
        let spared = |is_nan_free| {
            let told = Told { statistics, is_nan_free };
            Spared::of(&body.grouped, &self.0.slots, &told, &is_constant)
        };
        spared(&|_| true).and_then(|_| spared(is_nan_free))
    }
}

impl Partial {
    /// Takes in all rows that the statistics are of, where these say all that the plan asks of
    /// them; if not, nothing changes and the rows must be read.
    pub fn update_from_statistics(&mut self, statistics: &Statistics) -> bool {
        self.update_told(&Told { statistics, is_nan_free: &|_| false })
    }

    pub(super) fn update_told(&mut self, told: &Told<'_>) -> bool {
        let plan = Arc::clone(&self.plan);
        let (State::Groups(groups), Body::Groups(body), None) =
            (&mut self.state, &plan.body, &plan.predicate)
        else {
            return false;
        };
        // A failure has changed nothing that could still be answered from: reading fails too.
        groups.update_from_statistics(&body.grouped, &plan.slots, told).unwrap_or(false)
    }
}
