//! A relay whose store was put back from a backup: people's programs notice, and nothing that two people wrote is lost.

use anyhow::Result;
use e2e::client::Client;
use e2e::world::{ANA, DANA, Pair, World};

fn texts(client: &Client, other: &str, way: &str) -> Result<Vec<String>> {
    let history = client.history(other)?;
    Ok(history.into_iter().filter(|(direction, _)| direction == way).map(|(_, text)| text).collect())
}

#[test]
fn after_a_restore_everything_comes_that_was_written_since_the_backup_and_nothing_comes_twice() -> Result<()> {
    let world = World::new(env!("CARGO_BIN_EXE_demo"))?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let backup = world.folder().join("backup");
    ana.send_through(DANA, "in the backup")?;
    relay.back_up(&backup)?;
    // Fetched since, so it comes again from the backup.
    assert_eq!(dana.inbox()?.texts(), ["in the backup"]);
    ana.send_through(DANA, "only in the store that is lost")?;
    dana.send_through(ANA, "and the other way")?;
    relay.kill()?;
    relay.put_back(&backup)?;
    relay.start_again()?;
    ana.send_through(DANA, "after the restore")?;
    dana.send_through(ANA, "all here")?;
    let mut printed = dana.inbox()?.texts().into_iter().map(String::from).collect::<Vec<_>>();
    ana.inbox()?;
    printed.extend(dana.inbox()?.texts().into_iter().map(String::from));
    assert_eq!(printed, ["only in the store that is lost", "after the restore"], "printed once");
    let written = ["in the backup", "only in the store that is lost", "after the restore"];
    assert_eq!(
        (texts(&ana, DANA, "out")?, texts(&dana, ANA, "in")?),
        (written.map(Into::into).into(), written.map(Into::into).into())
    );
    assert_eq!(texts(&ana, DANA, "in")?, ["and the other way", "all here"]);
    Ok(())
}
