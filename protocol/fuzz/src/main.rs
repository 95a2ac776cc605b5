//! One fuzzer for all targets: `CAIRN_FUZZ` names the one to run; `run` beside this package builds and starts it.
#![no_main]

mod targets;

use libfuzzer_sys::{Corpus, fuzz_target};
use std::sync::LazyLock;
use targets::{ALL, Target};

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("CAIRN_FUZZ").unwrap_or_default();
    ALL.iter().find(|target| target.name == name).unwrap_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|target| target.name).collect();
        panic!("CAIRN_FUZZ must name one of {}", names.join(", "))
    })
});

fuzz_target!(|data: &[u8]| -> Corpus {
    (TARGET.run)(data);
    Corpus::Keep
});
