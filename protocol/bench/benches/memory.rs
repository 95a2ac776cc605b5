//! Bytes and allocations, counted: what a session holds, and what its work needs beside that. `cargo bench-protocol`
#![expect(clippy::print_stdout, reason = "a program whose purpose is to print a table")]

use allocation_counter::{AllocationInfo, measure};
use cairn_protocol_bench::cairn::Cairn;
use cairn_protocol_bench::olm::Olm;
use cairn_protocol_bench::{SKIPPED, Side, TEXT, established};

/// What one protocol needs: a name, and what was counted.
fn counted<S: Side>() -> Vec<(&'static str, i64)> {
    let peak = |info: AllocationInfo| i64::try_from(info.bytes_max).unwrap_or(i64::MAX);
    let count = |info: AllocationInfo| i64::try_from(info.count_total).unwrap_or(i64::MAX);
    let held = |saved: &[u8]| {
        let mut side = None;
        let info = measure(|| side = Some(S::load(saved)));
        info.bytes_current + i64::try_from(size_of::<S>()).unwrap_or(i64::MAX)
    };
    let mut lines = Vec::new();

    lines.push(("set-up of both sides, peak", peak(measure(|| drop(S::set_up())))));
    let (mut one, mut two) = established::<S>();
    let first = one.encrypt();
    two.decrypt(&first);
    lines.push(("a session in memory", held(one.save().as_ref())));
    lines.push(("a session saved", i64::try_from(one.save().as_ref().len()).unwrap_or(i64::MAX)));

    let mut message = None;
    let info = measure(|| message = Some(one.encrypt()));
    lines.extend([("encrypt in a chain, peak", peak(info)), ("encrypt in a chain, allocations", count(info))]);
    let message = message.expect("encrypted above");
    let info = measure(|| assert_eq!(two.decrypt(&message), TEXT));
    lines.extend([("decrypt in order, peak", peak(info)), ("decrypt in order, allocations", count(info))]);
    let info = measure(|| {
        let message = two.encrypt();
        one.decrypt(&message);
    });
    lines.extend([("ping-pong, peak", peak(info)), ("ping-pong, allocations", count(info))]);

    let late = (0..=SKIPPED).map(|_| one.encrypt_unanswered()).last().expect("more than none");
    let info = measure(|| {
        two.decrypt(&late);
    });
    lines.push(("decrypt, 495 skipped, peak", peak(info)));
    lines.push(("a session in memory after that", held(two.save().as_ref())));
    lines.push(("a session saved after that", i64::try_from(two.save().as_ref().len()).unwrap_or(i64::MAX)));
    lines
}

fn main() {
    println!("| memory, bytes | cairn | vodozemac |\n|---|---|---|");
    for ((name, ours), (_, theirs)) in counted::<Cairn>().into_iter().zip(counted::<Olm>()) {
        println!("| {name} | {ours} | {theirs} |");
    }
}
