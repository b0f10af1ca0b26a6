//! Asks colonna and DataFusion: `datafusion-check [queries] [first seed]`, 10,000 from seed 0 on.
//!
//! Each disagreement is shown with the seed that makes it again: `datafusion-check 1 SEED`.

use std::error::Error;
use std::process::ExitCode;

use colonna_datafusion_check::check::check;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().map_or(Ok(10_000), |count| count.parse())?;
    let first_seed = arguments.next().map_or(Ok(0), |seed| seed.parse())?;
    let tally = check(first_seed, count, |disagreement| println!("{disagreement}"))?;
    println!("{tally}");
    Ok(if tally.differed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
