//! The machine around the relay: disk, descriptors, swap.
//!
//! In: the data folder, what Linux says of itself. Out: findings. This file must never learn what the folder holds.

use super::Finding;
use crate::config::Config;
use crate::limits::CONNECTIONS;
use crate::store::sqlite;
use rustix::fs::{statfs, statvfs};
use rustix::process::{Resource, getrlimit};
use std::fs;
use std::path::Path;

/// Free bytes below which an operator is told. Larger: small machines complain for ever. Smaller: the relay refuses
/// envelopes, at 64 MiB, before anybody has looked.
const LITTLE: u64 = 1 << 30;

/// Bytes of the journal above which something keeps it from being written back.
const JOURNAL: u64 = 512 << 20;

/// Descriptors beside those of connections.
const OTHERS: u64 = 128;

/// File systems over a network or from another system, on which SQLite's locks or flushes are not to be relied on.
const REMOTE: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x0102_1997, "9P"),
    (0x6573_5546, "FUSE"),
    (0x0102_1994, "tmpfs, which a restart empties"),
];

pub(super) fn examine(data: &Path, config: &Config) -> Vec<Finding> {
    let mut findings = vec![disk(data), kind(data), journal(data), descriptors(), swap()];
    findings.extend(config.logs.as_deref().map(logs));
    findings
}

fn disk(data: &Path) -> Finding {
    const SUBJECT: &str = "disk";
    let Ok(disk) = statvfs(data) else {
        return Finding::advice(SUBJECT, "the file system doesn't say how much is free");
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("{} MB are free", free >> 20);
    if free < sqlite::RESERVE {
        Finding::wrong(
            SUBJECT,
            format!("{text}: the relay takes nothing new. Make room, or give the folder another disk"),
        )
    } else if free < LITTLE {
        Finding::advice(
            SUBJECT,
            format!("{text}: make room soon; below {} MB nothing new is taken", sqlite::RESERVE >> 20),
        )
    } else if disk.f_files > 0 && disk.f_favail < 1000 {
        Finding::wrong(SUBJECT, "the file system has hardly a place for another file (df -i): delete small files")
    } else {
        Finding::good(SUBJECT, text)
    }
}

fn kind(data: &Path) -> Finding {
    const SUBJECT: &str = "file system";
    let Ok(system) = statfs(data) else {
        return Finding::advice(SUBJECT, "the file system doesn't say what it is");
    };
    let found = REMOTE.iter().find(|(number, _)| i64::from(*number) == system.f_type & 0xffff_ffff);
    match found {
        Some((_, name)) => Finding::advice(
            SUBJECT,
            format!("the folder is on {name}: what is confirmed may be lost. Move it to a disk of this machine"),
        ),
        None => Finding::good(SUBJECT, "a disk of this machine"),
    }
}

fn journal(data: &Path) -> Finding {
    const SUBJECT: &str = "journal";
    let length = fs::metadata(data.join(format!("{}-wal", sqlite::FILE))).map_or(0, |file| file.len());
    if length > JOURNAL {
        let sentence = format!(
            "it has {} MB: something reads for long (a dump, a backup). If not, restart the relay",
            length >> 20
        );
        Finding::advice(SUBJECT, sentence)
    } else {
        Finding::good(SUBJECT, format!("{} MB", length.div_ceil(1 << 20)))
    }
}

fn descriptors() -> Finding {
    const SUBJECT: &str = "descriptors";
    let needed = u64::from(CONNECTIONS) + OTHERS;
    match getrlimit(Resource::Nofile).maximum {
        Some(most) if most < needed => Finding::advice(
            SUBJECT,
            format!(
                "a program started like this one has {most}, enough for {} connections: set LimitNOFILE={needed} in the \
                 unit, or ulimit -n",
                most.saturating_sub(OTHERS)
            ),
        ),
        _ => Finding::good(SUBJECT, format!("enough for {CONNECTIONS} connections, if the relay is started like this")),
    }
}

fn swap() -> Finding {
    const SUBJECT: &str = "swap";
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
    if swaps.lines().count() > 1 {
        Finding::advice(
            SUBJECT,
            "it is on: what stands in memory may come to the disk. Encrypt it, turn it off (swapoff -a), or keep the relay \
             out of it (MemorySwapMax=0 in the unit)",
        )
    } else {
        Finding::good(SUBJECT, "it is off")
    }
}

fn logs(folder: &Path) -> Finding {
    const SUBJECT: &str = "logs";
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Finding::good(SUBJECT, format!("they go to {}", folder.display())),
        Ok(_) => Finding::wrong(SUBJECT, format!("{} is a file. Name a folder after logs", folder.display())),
        Err(error) => Finding::advice(SUBJECT, format!("{} is not there yet ({error})", folder.display())),
    }
}
