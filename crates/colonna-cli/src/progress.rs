//! How far a load is, on standard error, where somebody looks at it.

use std::io::{IsTerminal, stderr};
use std::sync::{Arc, Mutex, PoisonError};

use colonna::{Progress, Stage};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar that shows rate, share and time left, and takes itself away at the end.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    stage: Mutex<Option<Stage>>,
}

impl Bar {
    /// A bar on standard error; none where that is no terminal.
    pub(crate) fn on_terminal() -> Option<Arc<Self>> {
        stderr()
            .is_terminal()
            .then(|| Arc::new(Self { bar: ProgressBar::new_spinner(), stage: Mutex::new(None) }))
    }

    /// Shows how far it is.
    pub(crate) fn show(&self, progress: Progress) {
        // A bar that failed once may still be drawn.
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        if *stage != Some(progress.stage) {
            *stage = Some(progress.stage);
            self.begin(progress);
        }
        self.bar.set_position(progress.bytes_done);
        self.bar.set_message(format!("{} rows", colonna::grouped(progress.rows)));
    }

    /// Each stage passes over the bytes from the start.
    fn begin(&self, progress: Progress) {
        let prefix = match progress.stage {
            Stage::Inspecting => "inspecting",
            Stage::Loading => "loading",
            Stage::Committing => "committing",
        };
        let template = match (progress.stage, progress.bytes_total) {
            // No input is read any more.
            (Stage::Committing, _) => "{prefix:10} {spinner} {msg}",
            (_, Some(_)) => {
                "{prefix:10} {bar:30} {percent:>3}% {decimal_bytes_per_sec} {msg}, {eta} left"
            }
            (_, None) => "{prefix:10} {spinner} {decimal_bytes} {decimal_bytes_per_sec} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        self.bar.reset();
        self.bar.set_prefix(prefix);
        if let Some(total) = progress.bytes_total {
            self.bar.set_length(total);
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
