//! A conversation: what is written arrives, exactly, once, in order, whoever is away meanwhile.

use anyhow::{Context, Result, ensure};
use e2e::client::{Client, field};
use e2e::process::{Running, run};
use e2e::world::{ANA, DANA, Pair, World};
use serde_json::Value;

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// Texts as pairs of (direction, text) as `history` gives them.
fn all(direction: &str, texts: &[&str]) -> Vec<(String, String)> {
    texts.iter().map(|text| (direction.to_owned(), (*text).to_owned())).collect()
}

#[test]
fn two_people_meet_by_an_invitation_and_talk_both_ways() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    let answer = ana.setup("Ana", relay.address())?.ended(0)?;
    assert_eq!(field(answer.only("profile")?, "name")?, "Ana");

    let answer = ana.run(&["invite", "new", "--for", DANA])?.ended(0)?;
    let invite = answer.only("invite")?;
    let (link, id) = (field(invite, "link")?, field(invite, "id")?);
    assert!(field(invite, "expires_at")?.ends_with('Z'), "times are UTC: {invite}");
    assert!(invite.get("words").is_some_and(Value::is_null), "spoken words are not built yet: {invite}");

    let answer = dana.join(link, "Dana")?.ended(0)?;
    let contact = answer.only("contact")?;
    assert_eq!((field(contact, "name")?, field(contact, "trust")?), (ANA, "unchecked"));
    assert!(contact.get("check_words").is_some_and(Value::is_null), "check words are not built yet: {contact}");
    assert_eq!(field(contact, "keep")?, "always");

    // The patient may write at once; the specialist's program learns of both at its next look.
    let first = dana.send_through(ANA, "Hello, it's me.")?;
    let answer = ana.inbox()?;
    let kinds: Vec<&str> = answer.lines.iter().map(|line| field(line, "type")).collect::<Result<_>>()?;
    assert_eq!(kinds, ["contact", "message"], "the contact comes before its first message");
    assert_eq!(field(answer.only("contact")?, "name")?, DANA, "the label wins over the name that they gave");
    let message = answer.only("message")?;
    assert_eq!(field(message, "id")?, first, "a message has one identifier on both sides");
    assert_eq!((field(message, "from")?, field(message, "kind")?), (DANA, "text"));
    assert_eq!((field(message, "text")?, field(message, "direction")?), ("Hello, it's me.", "in"));
    assert!(field(message, "sent_at")?.ends_with('Z') && field(message, "received_at")?.ends_with('Z'), "{message}");

    ana.send_through(DANA, "Hello Dana.")?;
    assert_eq!(dana.inbox()?.texts(), ["Hello Dana."]);
    assert!(dana.inbox()?.lines.is_empty(), "nothing is printed twice");
    assert!(ana.inbox()?.lines.is_empty(), "nothing is printed twice");

    let list = ana.run(&["invite", "list"])?.ended(0)?;
    let used = list.of_type("invite");
    assert!(used.iter().all(|invite| field(invite, "id").is_ok_and(|other| other == id)), "{used:?}");
    let contacts = ana.run(&["contact", "list"])?.ended(0)?;
    assert_eq!(field(contacts.only("contact")?, "name")?, DANA);
    Ok(())
}

#[test]
fn history_has_both_directions_oldest_first_on_both_sides() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    for round in 0..3 {
        ana.send_through(DANA, &format!("question {round}"))?;
        dana.inbox()?;
        dana.send_through(ANA, &format!("answer {round}"))?;
        ana.inbox()?;
    }
    let expected = |asks: &str, answers: &str| -> Vec<(String, String)> {
        let both =
            |round| [(asks.to_owned(), format!("question {round}")), (answers.to_owned(), format!("answer {round}"))];
        (0..3).flat_map(both).collect()
    };
    assert_eq!(ana.history(DANA)?, expected("out", "in"));
    assert_eq!(dana.history(ANA)?, expected("in", "out"));
    let last = ana.run(&["history", DANA, "--last", "2"])?.ended(0)?;
    assert_eq!(last.texts(), ["question 2", "answer 2"]);
    let contact = ana.run(&["contact", "list"])?.ended(0)?;
    let by_id = field(contact.only("contact")?, "id")?;
    assert_eq!(ana.history(by_id)?.len(), 6, "a contact is named by its identifier too");
    Ok(())
}

#[test]
fn messages_wait_for_someone_offline_while_the_relay_starts_again_three_times() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let mut written = Vec::new();
    for round in 0..3 {
        for number in 0..3 {
            let text = format!("message {number} before restart {round}");
            ana.send_through(DANA, &text)?;
            written.push(text);
        }
        // Stopped as an operator does it twice, and once by a power cut.
        if round == 1 {
            relay.kill()?;
        } else {
            assert_eq!(relay.stop()?, 0, "a relay that is told to stop ends with 0");
        }
        relay.start_again()?;
    }
    assert_eq!(dana.inbox()?.texts(), written);
    assert_eq!(dana.history(ANA)?, all("in", &written.iter().map(String::as_str).collect::<Vec<_>>()));
    Ok(())
}

/// Texts that programs get wrong: other scripts, directions, joined pictures, controls, a terminal's commands.
const SCRIPTS: &[&str] = &[
    "Grüße, Ελληνικά, Кириллица, ქართული",
    "العربية مع تشكيل: مُحَمَّد",
    "עברית עם ניקוד: שָׁלוֹם",
    "हिन्दी में क्षत्रिय, தமிழ், ไทยกำ, ខ្មែរ",
    "中文、日本語、한국어 👩‍👩‍👧‍👦 🇺🇦 ❤️‍🩹",
    "e\u{301} and \u{e9} stay different",
    "direction \u{202e}overridden\u{202c} \u{2066}isolated\u{2069} \u{200f}marks\u{feff}",
    "\u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m control \u{8}\u{7f}\u{0} bytes",
    "lines\nwith\r\nendings\ttabs\u{2028}separators\n\n",
    "{\"v\":1,\"type\":\"message\",\"text\":\"not \\u0041 json\"}",
    " leading and trailing ",
    "\u{10ffff}\u{fffd}\u{e000}",
];

#[test]
fn text_in_any_script_and_of_any_length_arrives_exactly() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let long: String = "eine längere Nachricht, 長い ".chars().cycle().take(40_000).collect();
    let cut = (0..=60_000).rev().find(|length| long.is_char_boundary(*length)).context("a boundary")?;
    let mut long = long.get(..cut).context("a boundary")?.to_owned();
    long.push_str(&"x".repeat(60_000 - long.len()));
    let (one_piece, one_more, most) = ("p".repeat(1500), "q".repeat(1501), "m".repeat(65_536));
    let mut texts = vec!["", "a", "\n", &one_piece, &one_more, &long, &most];
    texts.extend(SCRIPTS);
    for text in &texts {
        ana.send_through(DANA, text)?;
    }
    let inbox = dana.inbox()?;
    // One by one, so that a failure names its text.
    ensure!(inbox.texts().len() == texts.len(), "{} of {} arrived", inbox.texts().len(), texts.len());
    for (arrived, text) in inbox.texts().iter().zip(&texts) {
        assert_eq!(arrived, text);
    }
    let quiet = |raw: &[u8]| {
        let raw = String::from_utf8_lossy(raw).into_owned();
        let loud = |letter: char| {
            letter != '\n'
                && (letter.is_control()
                    || matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        };
        raw.chars().find(|letter| loud(*letter))
    };
    assert_eq!(quiet(&inbox.raw.out), None, "JSON escapes what a terminal would act on");
    let history = dana.run(&["history", ANA])?.ended(0)?;
    assert_eq!(quiet(&history.raw.out), None, "JSON escapes what a terminal would act on");
    assert_eq!(dana.history(ANA)?, all("in", &texts));
    assert_eq!(ana.history(DANA)?, all("out", &texts));
    Ok(())
}

#[test]
fn text_that_is_too_long_or_no_text_is_refused_and_nothing_is_sent() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    ana.run_with(&["send", DANA, "-"], &[b'x'; 65_536])?.ended(0)?;
    ana.run_with(&["send", DANA, "-"], &[b'x'; 65_537])?.ended(2)?;
    ana.run_with(&["send", DANA, "-"], b"caf\xe9")?.ended(2)?;
    ana.run(&["send", DANA])?.ended(2)?;
    assert_eq!(dana.inbox()?.texts().len(), 1);
    assert_eq!(ana.history(DANA)?.len(), 1, "what was refused is not in the history either");
    Ok(())
}

#[test]
fn a_message_may_be_an_argument_and_begin_with_a_hyphen() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    for text in ["plain words", "--json", "-", ""] {
        ana.run(&["send", DANA, "-m", text])?.ended(0)?;
    }
    assert_eq!(dana.inbox()?.texts(), ["plain words", "--json", "-", ""]);
    Ok(())
}

#[test]
fn what_is_written_while_the_relay_is_down_is_saved_and_sent_in_order_when_it_is_back() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    ana.send_through(DANA, "before")?;
    relay.stop()?;
    let (_, state) = ana.send(DANA, "while it is down")?;
    assert_eq!(state, "saved");
    ana.inbox_is_out_of_reach()?;
    // --wait: it stays saved, and that is told apart from done.
    let waited = ana.run(&["send", DANA, "-m", "and one that waits", "--wait", "0.3"])?.ended(9)?;
    assert_eq!(field(waited.only("sent")?, "state")?, "saved");
    let states = |client: &Client| -> Result<Vec<String>> {
        let history = client.run(&["history", DANA])?.ended(0)?;
        history.of_type("message").iter().map(|line| Ok(field(line, "state")?.to_owned())).collect()
    };
    assert_eq!(states(&ana)?, ["sent", "saved", "saved"]);
    relay.start_again()?;
    // Any command that reaches the relay sends what waits; it keeps the order.
    ana.send_through(DANA, "after")?;
    assert_eq!(states(&ana)?, ["sent"; 4]);
    assert_eq!(dana.inbox()?.texts(), ["before", "while it is down", "and one that waits", "after"]);
    Ok(())
}

#[test]
fn what_waits_is_sent_by_the_inbox_too() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    relay.kill()?;
    assert_eq!(ana.send(DANA, "later")?.1, "saved");
    relay.start_again()?;
    ana.inbox()?;
    assert_eq!(dana.inbox()?.texts(), ["later"]);
    Ok(())
}

#[test]
fn waiting_for_a_message_ends_with_9_or_with_the_message() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    dana.run(&["inbox", "--wait", "0.3"])?.ended(9)?;
    let (out, err) = (world.folder().join("wait.out"), world.folder().join("wait.err"));
    let waiting = Running::start(&mut dana.command(&["inbox", "--wait", "100"]), &out, &err)?;
    ana.send_through(DANA, "here it is")?;
    let line = waiting.line()?.context("a line")?;
    let line: Value = serde_json::from_str(&line)?;
    assert_eq!(field(&line, "text")?, "here it is");
    assert_eq!(waiting.wait()?, 0);
    Ok(())
}

#[test]
fn following_the_inbox_prints_each_message_as_it_comes_over_a_restart_of_the_relay() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let (out, err) = (world.folder().join("follow.out"), world.folder().join("follow.err"));
    let following = Running::start(&mut dana.command(&["inbox", "--follow"]), &out, &err)?;
    for number in 0..6 {
        if number == 3 {
            relay.kill()?;
            relay.start_again()?;
        }
        let text = format!("live {number}");
        ana.send_through(DANA, &text)?;
        let line: Value = serde_json::from_str(&following.line()?.context("a line")?)?;
        assert_eq!(field(&line, "text")?, text);
    }
    assert_eq!(following.interrupt()?, 130, "Ctrl-C");
    assert!(dana.inbox()?.lines.is_empty(), "what was printed is not printed again");
    Ok(())
}

#[test]
fn many_messages_cross_each_other_and_none_is_lost_or_doubled() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let (mut from_ana, mut from_dana) = (Vec::new(), Vec::new());
    for round in 0..15 {
        // Both write before either has read the other's last.
        for (client, other, texts, name) in [(&ana, DANA, &mut from_ana, "ana"), (&dana, ANA, &mut from_dana, "dana")] {
            for number in 0..=round % 3 {
                let text = format!("{name} {round}.{number}");
                client.send_through(other, &text)?;
                texts.push(text);
            }
        }
        if round % 2 == 0 {
            ana.inbox()?;
        }
        if round % 3 == 0 {
            dana.inbox()?;
        }
    }
    ana.inbox()?;
    dana.inbox()?;
    let got = |client: &Client, other: &str, way: &str| -> Result<Vec<String>> {
        let history = client.history(other)?;
        Ok(history.into_iter().filter(|(direction, _)| direction == way).map(|(_, text)| text).collect())
    };
    assert_eq!(got(&dana, ANA, "in")?, from_ana);
    assert_eq!(got(&ana, DANA, "in")?, from_dana);
    assert_eq!(got(&ana, DANA, "out")?, from_ana);
    assert_eq!(got(&dana, ANA, "out")?, from_dana);
    Ok(())
}

#[test]
fn six_hundred_messages_each_way_between_two_who_are_never_there_together_arrive_in_order() -> Result<()> {
    // More than the 480 envelopes that may be unconfirmed: the rest waits its turn, and nobody waits for ever.
    const MANY: usize = 600;
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let texts = |name: &str| (0..MANY).map(|number| format!("{name} {number}")).collect::<Vec<_>>();
    for (client, name) in [(&ana, "ana"), (&dana, "dana")] {
        let lines = texts(name).join("\n") + "\n";
        let done = run(&mut client.plain_command(&["--plain"]), lines.as_bytes())?;
        ensure!(done.code == 0, "ended with {}: {}", done.code, String::from_utf8_lossy(&done.err));
    }
    let got = |client: &Client, other: &str| -> Result<Vec<String>> {
        let history = client.history(other)?;
        Ok(history.into_iter().filter(|(way, _)| way == "in").map(|(_, text)| text).collect())
    };
    // Looking in by turns is enough; a few turns more than are needed.
    for _ in 0..6 {
        ana.inbox()?;
        dana.inbox()?;
    }
    assert_eq!(got(&dana, ANA)?, texts("ana"));
    assert_eq!(got(&ana, DANA)?, texts("dana"));
    Ok(())
}
