//! Times: criterion's report, and behind it a table of the ratios. `cargo bench-protocol`
#![expect(clippy::print_stdout, reason = "a program whose purpose is to print a table")]

use cairn_protocol_bench::table::{Pair, table};
use cairn_protocol_bench::work::Kind;
use criterion::Criterion;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    let mut pairs: Vec<Pair> = Kind::ALL.map(Pair::new).into();
    for (pair, kind) in pairs.iter_mut().zip(Kind::ALL) {
        let mut group = criterion.benchmark_group(kind.name());
        group.bench_function("cairn", |bencher| bencher.iter_custom(|count| pair.run(count).0));
        group.bench_function("vodozemac", |bencher| bencher.iter_custom(|count| pair.run(count).1));
        group.finish();
    }
    println!("{}", table(&pairs));
    criterion.final_summary();
}
