use super::*;

fn tests(passed: usize, failed: usize) -> Tests {
    Tests { passed, failed }
}

#[test]
fn result_lines_are_added_up_and_others_left() {
    let mut count = Count::default();
    for line in [
        "running 4 tests",
        "test walls::holds ... ok",
        "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s",
        "test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        "99 passed; 99 failed",
        "test result: ",
    ] {
        count.add(line);
    }
    let expected = Count {
        tests: tests(5, 5),
        ignored: 1,
    };
    assert_eq!(count, expected);
}

#[test]
fn a_program_that_dies_without_a_count_failed() {
    let count = run(Command::new("sh").args(["-c", "echo gone; exit 101"])).unwrap();
    assert_eq!(count.tests, tests(0, 1));
}

#[test]
fn a_program_that_reports_is_counted() {
    let line = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured";
    let script = format!("echo '{line}'; exit 101");
    let count = run(Command::new("sh").args(["-c", &script])).unwrap();
    assert_eq!(count.tests, tests(1, 2));
}

#[test]
fn listings_give_the_names() {
    let output =
        "soak::full_soak: test\nsrc/lib.rs - decide (line 3): test\n\n2 tests, 0 benchmarks\n";
    assert_eq!(
        listed(output),
        ["soak::full_soak", "src/lib.rs - decide (line 3)"]
    );
}

#[test]
fn only_tests_called_so_are_slow() {
    assert!(is_slow("full_soak"));
    assert!(is_slow("soak::full_soak"));
    assert!(!is_slow("full_tree::is_walked"));
    assert!(!is_slow("src/lib.rs - decide (line 3)"));
}
