//! A short run; the long one is made by hand, with `just datafusion-check`.

use colonna_datafusion_check::check::check;

#[test]
fn some_queries_are_answered_as_by_datafusion() {
    let tally = check(0, 400, |disagreement| println!("{disagreement}")).unwrap();
    assert_eq!(tally.differed(), 0, "{tally}");
    assert!(tally.agreed() > 380, "{tally}");
}
