//! Every size and bound of the protocol, with what breaks if it were larger and what if it were smaller.
//!
//! In: nothing. Out: constants. This file must never learn a key or a message.

/// Version byte of every typed structure and the version that [`Hello`](crate::wire::frame::Request::Hello) names.
/// There is no negotiation below the first version (protocol.md §1.3).
pub const VERSION: u8 = 1;

/// Bytes of an envelope, whatever it holds (protocol.md §6). Larger: more data for people who pay by the megabyte.
/// Smaller: the two ML-KEM-768 values of each header would no longer fit beside a page of text.
pub const ENVELOPE: usize = 4096;

/// Bytes of the plain body inside an envelope: 4,096 − salt 32 − commitment 32 − sealed header 2,328 − tag 16.
pub const BODY: usize = 1688;

/// Bytes of the fixed fields at the head of each body: history, identity and kind of the content (protocol.md §7.1).
pub const BODY_FIELDS: usize = 111;

/// Bytes of content that one body can carry.
pub const PAYLOAD: usize = BODY - BODY_FIELDS;

/// Bytes of text in one piece. Larger than [`PAYLOAD`]: does not fit. Smaller: long messages cost more envelopes.
pub const PIECE: usize = 1500;

/// Pieces that one message may have. Larger: a peer makes us hold more before anything can be shown.
/// Smaller: 65,536 bytes of text (44 pieces) would not fit.
pub const PIECES: u8 = 64;

/// Bytes of text in one message. Larger: more than [`PIECES`] pieces. Smaller: people cut their letters by hand.
pub const TEXT: usize = 65_536;

/// Bytes of a name that a person gives to themselves, as UTF-8.
pub const NAME: usize = 64;

/// Bytes of a plain invitation bundle; its SHA-256 is the secret in the link (protocol.md §3).
pub const BUNDLE: usize = 4096;

/// Bytes of a sealed invitation bundle: the bundle and its tag.
pub const SEALED_BUNDLE: usize = BUNDLE + 16;

/// Bytes of a relay's host name in an address, at most (RFC 1035 §2.3.4).
pub const HOST: usize = 253;

/// Bytes of a credential inside a typed bundle. Larger: the bundle of an invitation overflows.
/// Smaller: a certificate chain with post-quantum signatures could not ride along later.
pub const CREDENTIAL: usize = 1024;

/// Message keys skipped in one step, old and new chain together (protocol.md §5.6). Larger: a peer can make us compute
/// and store more for one envelope. Smaller: honest loss, up to [`UNCONFIRMED`] envelopes, would end a conversation.
pub const SKIP_STEP: u32 = 512;

/// Skipped message keys kept in all. Larger: more state that opens old messages if it is captured.
/// Smaller: late envelopes of several chains could not be opened.
pub const SKIP_TOTAL: usize = 2048;

/// Old receiving chains whose header keys are still tried. Larger: more work for each envelope that does not open.
/// Smaller: an envelope that arrives late over several turns is lost.
pub const OLD_CHAINS: usize = 5;

/// Seconds after which skipped keys are wiped, 14 days: the longest that a relay keeps an envelope by default.
/// Larger: captured state opens more. Smaller: an envelope that the relay still holds could not be opened.
pub const SKIP_SECONDS: u64 = 14 * 86_400;

/// Seconds by which one look at the clock may age skipped keys: a jump of the clock never wipes keys.
/// Larger: a jump counts for more. Smaller: keys of a device used once a day would live longer than two weeks.
pub const TICK_SECONDS: u64 = 86_400;

/// Envelopes that may be unconfirmed by the peer; more wait unencrypted in the sender's vault. Must stay below
/// [`SKIP_STEP`], else losing all of them would end the conversation. Smaller: a sender stalls while the peer is away.
pub const UNCONFIRMED: u64 = 480;

/// Control envelopes that may be unconfirmed above [`UNCONFIRMED`]: confirmations travel inside messages, so that two
/// sides that have both written 480 would else never hear of each other again. Larger: 480 and these come too near
/// [`SKIP_STEP`]. Smaller: fillers that cross, or are lost, use them up.
pub const CONTROL_RESERVE: u64 = 16;

/// Messages of one contact whose pieces have not all come, at most; an honest sender has one, and more only while pieces
/// arrive out of order. Larger: a contact makes us hold more that is never shown. Smaller: disorder loses a message.
/// The client that keeps the pieces enforces it.
pub const UNFINISHED: usize = 16;

/// Received messages after which one filler carries the confirmation back (protocol.md §7.5).
/// Must stay well below [`UNCONFIRMED`]. Smaller: fillers tell the relay more about when somebody reads.
pub const FILLER_AFTER: u64 = 100;

/// Seconds after which a received and unconfirmed message asks for one filler.
pub const FILLER_SECONDS: u64 = 86_400;

/// Times that wrong check words may be typed in one run. Larger: more guesses, each of one in 2^32.
/// Smaller: one misheard word makes two people begin again.
pub const CHECK_TRIES: u8 = 3;

/// Envelopes that an inviter holds because the first one has not arrived. Larger: a link-holder fills our disk.
/// Smaller: a taker who writes much before the first envelope is fetched loses time (nothing is lost: all is put again).
pub const HELD: usize = 64;

/// Seconds that an invitation lives, 14 days. Larger: one-time keys live longer. Smaller: a letter arrives too late.
pub const INVITATION_SECONDS: u64 = 14 * 86_400;

/// Bytes of a frame from a client to the relay, at most: a bundle and its fields.
pub const REQUEST: usize = 8192;

/// Envelopes in one page from the relay. Larger: more memory for a connection. Smaller: more round trips to drain.
pub const PAGE: usize = 32;

/// Bytes of a frame from the relay to a client, at most: a full page.
pub const REPLY: usize = 160 * 1024;

/// Envelope identifiers in one acknowledgement.
pub const ACKNOWLEDGE: usize = 128;

/// Bytes of the operator's notice as it is stored and sent, whatever it holds (protocol.md §9.5). Larger: more data each day
/// for people who pay by the megabyte. Smaller: key, signature and all lines at their longest don't fit.
pub const NOTICE: usize = 2048;

/// Lines in each group of a notice. Larger: the crisis card does not fit a small screen. Smaller: hours that differ by
/// day don't fit.
pub const NOTICE_LINES: usize = 4;

/// Bytes of a line of a notice, and of the center's name. Larger: all lines at their longest don't fit into [`NOTICE`].
/// Smaller: a sentence in a script of three bytes a letter is cut.
pub const NOTICE_LINE: usize = 100;

/// Bytes of a line of the crisis card: at most three rows of 40 columns. Larger: four of them fill more than 12 rows.
/// Smaller: a telephone number and what it is for don't fit.
pub const CARD_LINE: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! values {
        ($($name:ident)*) => { [$((stringify!($name), u64::try_from($name).unwrap())),*] };
    }

    #[test]
    fn every_limit_stands_in_the_page_with_its_value_and_both_reasons() {
        let values = values![
            VERSION ENVELOPE BODY BODY_FIELDS PAYLOAD PIECE PIECES TEXT NAME BUNDLE SEALED_BUNDLE HOST CREDENTIAL SKIP_STEP SKIP_TOTAL OLD_CHAINS SKIP_SECONDS TICK_SECONDS UNCONFIRMED CONTROL_RESERVE UNFINISHED FILLER_AFTER FILLER_SECONDS CHECK_TRIES HELD INVITATION_SECONDS REQUEST PAGE REPLY ACKNOWLEDGE NOTICE NOTICE_LINES NOTICE_LINE CARD_LINE
        ];
        let source = include_str!("limits.rs");
        let named: Vec<_> =
            source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next()).collect();
        assert_eq!(named.len(), values.len());
        let page = include_str!("../../docs/protocol.md");
        for (name, value) in values {
            assert!(named.contains(&name), "{name}");
            let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap_or_default();
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let digits: String = cells[2].split(' ').next().unwrap().chars().filter(char::is_ascii_digit).collect();
            assert_eq!(digits, value.to_string(), "{name}");
            assert!(!cells[3].is_empty() && !cells[4].is_empty(), "{name}");
        }
    }
}
