//! Reads a session's snapshot whole, so that the model sees every key that is held, and that nothing else is.
//!
//! In: a snapshot. Out: its fields. This file must never learn what should stand in them. The layout is the crate's own
//! affair (protocol.md §10): whoever changes it changes this reader.

/// Index, age when it was kept, key.
pub(crate) type KeptKey = (u32, u64, [u8; 32]);

pub(crate) struct Chain {
    pub(crate) base: u64,
    pub(crate) kept: Vec<KeptKey>,
}

pub(crate) struct Old {
    pub(crate) header: [u8; 32],
    pub(crate) publics: Option<[u8; 32]>,
    pub(crate) chain: Chain,
    pub(crate) at: u64,
}

pub(crate) struct Sending {
    pub(crate) header: [u8; 32],
    pub(crate) chain: [u8; 32],
    pub(crate) next: u32,
    /// D ‖ ek ‖ ct.
    pub(crate) publics: Vec<u8>,
}

pub(crate) struct Receiving {
    pub(crate) header: [u8; 32],
    pub(crate) chain: [u8; 32],
    pub(crate) next: u32,
    pub(crate) base: u64,
    pub(crate) ciphertext: bool,
}

pub(crate) struct Layout {
    pub(crate) answered: bool,
    pub(crate) unanswered: u64,
    pub(crate) unanswered_since: u64,
    pub(crate) stated: u64,
    pub(crate) sent: u64,
    pub(crate) confirmed: u64,
    pub(crate) sent_hashes: Vec<[u8; 32]>,
    pub(crate) mark: u64,
    pub(crate) mark_hash: [u8; 32],
    pub(crate) differs: bool,
    /// Number, H(number − 1), H(number).
    pub(crate) ahead: Vec<(u64, [u8; 32], [u8; 32])>,
    pub(crate) lost: Vec<u64>,
    pub(crate) role: u8,
    pub(crate) transcript: [u8; 32],
    pub(crate) root: [u8; 32],
    /// X25519 secret and the seed of the ML-KEM-768 pair.
    pub(crate) own: Option<([u8; 32], [u8; 64])>,
    pub(crate) sending: Option<Sending>,
    pub(crate) next_sending: [u8; 32],
    pub(crate) previous: u32,
    pub(crate) receiving: Option<Receiving>,
    pub(crate) next_receiving: [u8; 32],
    pub(crate) age: u64,
    pub(crate) looked: u64,
    pub(crate) current: Chain,
    pub(crate) old: Vec<Old>,
}

const AGREEMENT: usize = 32;
const ENCAPSULATION: usize = 1184;
const CIPHERTEXT: usize = 1088;

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, tail) = self.0.split_first_chunk().unwrap();
        self.0 = tail;
        *head
    }

    fn skip(&mut self, count: usize) -> Vec<u8> {
        let (head, tail) = self.0.split_at(count);
        self.0 = tail;
        head.to_vec()
    }

    fn flag(&mut self) -> bool {
        let [byte] = self.take();
        assert!(byte < 2, "a flag is {byte}");
        byte == 1
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }

    fn chain(&mut self) -> Chain {
        let (base, count) = (self.u64(), self.u32());
        Chain { base, kept: (0..count).map(|_| (self.u32(), self.u64(), self.take())).collect() }
    }
}

impl Layout {
    /// Every byte of the snapshot is read as some field.
    pub(crate) fn read(snapshot: &[u8]) -> Self {
        let mut bytes = Bytes(snapshot);
        assert_eq!(bytes.take::<2>(), [1, 1], "version and kind");
        bytes.skip(2 * 64);
        let answered = bytes.flag();
        let [unanswered, unanswered_since, stated, sent, confirmed] = core::array::from_fn(|_| bytes.u64());
        let sent_hashes = (confirmed..=sent).map(|_| bytes.take()).collect();
        let (mark, mark_hash, differs) = (bytes.u64(), bytes.take(), bytes.flag());
        let ahead = (0..bytes.u32()).map(|_| (bytes.u64(), bytes.take(), bytes.take())).collect();
        let lost = (0..bytes.u32()).map(|_| bytes.u64()).collect();
        let [role] = bytes.take();
        let (transcript, root) = (bytes.take(), bytes.take());
        let own = bytes.flag().then(|| (bytes.take(), bytes.take()));
        let sending = bytes.flag().then(|| Sending {
            header: bytes.take(),
            chain: bytes.take(),
            next: bytes.u32(),
            publics: bytes.skip(AGREEMENT + ENCAPSULATION + CIPHERTEXT),
        });
        let (next_sending, previous) = (bytes.take(), bytes.u32());
        let receiving = bytes.flag().then(|| {
            let (header, chain, next, base) = (bytes.take(), bytes.take(), bytes.u32(), bytes.u64());
            bytes.skip(AGREEMENT + ENCAPSULATION);
            let ciphertext = bytes.flag();
            bytes.skip(if ciphertext { CIPHERTEXT } else { 0 });
            Receiving { header, chain, next, base, ciphertext }
        });
        let next_receiving = bytes.take();
        let (age, looked) = (bytes.u64(), bytes.u64());
        let current = bytes.chain();
        let [count] = bytes.take();
        let old = (0..count)
            .map(|_| Old {
                header: bytes.take(),
                publics: bytes.flag().then(|| bytes.take()),
                chain: bytes.chain(),
                at: bytes.u64(),
            })
            .collect();
        assert!(bytes.0.is_empty(), "{} bytes behind the last field", bytes.0.len());
        Self {
            answered,
            unanswered,
            unanswered_since,
            stated,
            sent,
            confirmed,
            sent_hashes,
            mark,
            mark_hash,
            differs,
            ahead,
            lost,
            role,
            transcript,
            root,
            own,
            sending,
            next_sending,
            previous,
            receiving,
            next_receiving,
            age,
            looked,
            current,
            old,
        }
    }
}
