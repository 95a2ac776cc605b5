//! Asking for the operator's notice, where nothing comes of it: it holds nobody up, and it is not asked for with what
//! somebody writes.

use super::super::center::Center;
use super::super::exchange::Goal;
use super::super::notice::{Asking, ask_before};
use super::*;
use crate::net::{Role, Up, silent};
use cairn_protocol::mailbox::ChannelBinding;
use cairn_protocol::wire::frame::Request;
use std::time::Duration;
use tokio::time::Instant;

/// No person takes a program for dead in this time. The longest wait of a line itself is much longer.
const SHORT: Duration = Duration::from_secs(10);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_relay_that_greets_and_then_says_nothing_holds_the_first_run_up_for_seconds_only() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(Some(folder.path()), "test").unwrap();
    runtime().block_on(async {
        let (address, mut heard) = silent::relay().await;
        let mut rng = chance::rng();
        let own = invite::draw_mailbox(&address.to_string());
        let offer = Offer {
            name: "Ana".into(),
            address,
            mailbox: own.mailbox,
            capability: own.capability,
            voucher: Voucher::random(&mut rng),
            expires_at: seconds(clock()) + 1_000_000,
        };
        let (_, link, _) = Invitation::create(&mut rng, &offer).unwrap();
        let start = Instant::now();
        assert_eq!(ask_before(&home, &link.to_string()).await, Center::Unknown);
        let waited = start.elapsed();
        assert!(matches!(heard.try_recv(), Ok(Request::Notice)), "it was asked");
        assert!(waited < SHORT, "{waited:?}");
    });
}

#[test]
fn the_notice_is_asked_for_where_something_is_fetched_and_never_with_what_somebody_writes() {
    let mut ana = Person::new("Ana");
    let relay = address().to_string();
    ana.engine().vault.write(|store| store.keep_relay(&relay, None)).unwrap();
    let runtime = runtime();
    // The lines have no time to fail: nothing waits here.
    let _entered = runtime.enter();
    let engine = ana.engine();
    let lines = &mut engine.exchange.lines;
    lines.want(&relay, Role::Receive, false).unwrap();
    let up = Up { welcome: silent::WELCOME, channel: ChannelBinding([1; 32]) };
    lines.set_up(&(relay.clone(), Role::Receive), up);
    for goal in [Goal::default(), Goal { park: true, again: true, tidy: true, ..Goal::default() }] {
        engine.due_notice(goal).unwrap();
        assert_eq!(engine.exchange.notice, Asking::Unknown, "{goal:?}");
        assert!(engine.exchange.lines.stand(&relay, Role::Notice).is_none(), "{goal:?}");
    }
    engine.due_notice(Goal { fetch: true, ..Goal::default() }).unwrap();
    assert_eq!(engine.exchange.notice, Asking::Opening);
    assert!(engine.exchange.lines.stand(&relay, Role::Notice).is_some());
}
