//! How two people meet without a relay: an invitation, taken and answered, and a new start of those who have met.

use super::*;

/// Ana's invitation, without the relay.
pub(super) fn invite(ana: &mut Person) -> (Link, SealedBundleBytes) {
    invite_as(ana, "12345678", None)
}

pub(super) fn invite_as(ana: &mut Person, id: &str, rejoins: Option<&str>) -> (Link, SealedBundleBytes) {
    let mut rng = chance::rng();
    let own = invite::draw_mailbox(&address().to_string());
    let offer = Offer {
        name: "Ana".into(),
        address: address(),
        mailbox: own.mailbox,
        capability: own.capability.duplicate(),
        voucher: Voucher::random(&mut rng),
        expires_at: seconds(clock()) + 1_000_000,
    };
    let (private, link, bundle) = Invitation::create(&mut rng, &offer).unwrap();
    ana.mailbox = ana
        .engine()
        .vault
        .write(|store| {
            let mailbox = store.insert_mailbox(&own, VaultMark::random(&mut rng))?;
            store.insert_invitation(&NewInvitation {
                id,
                label: None,
                relay: &address().to_string(),
                slot: &link.slot(),
                link: &link.to_string(),
                manage: &ManageToken::random(&mut rng),
                private: &private.snapshot(),
                mailbox,
                created_at: clock(),
                expires_at: clock() / 1000 + 1_000_000,
                rejoins,
            })?;
            store.open_invitation(id)?;
            Ok::<_, Fault>(mailbox)
        })
        .unwrap();
    (link, bundle)
}

pub(super) fn join(dana: &mut Person, link: &Link, bundle: &SealedBundleBytes) {
    join_as(dana, link, bundle, None);
}

pub(super) fn join_as(dana: &mut Person, link: &Link, bundle: &SealedBundleBytes, rejoins: Option<&str>) {
    let own = invite::draw_mailbox(&address().to_string());
    let mut rng = chance::rng();
    dana.mailbox = dana
        .engine()
        .vault
        .write(|store| {
            let mailbox = store.insert_mailbox(&own, VaultMark::random(&mut rng))?;
            store.insert_join(&link.slot(), &ClaimToken::random(&mut rng), mailbox)?;
            store.set_join_rejoins(&link.slot(), rejoins)?;
            Ok::<_, Fault>(mailbox)
        })
        .unwrap();
    let mailbox = dana.mailbox;
    dana.engine().conclude(link, &link.open_bundle(bundle).unwrap(), mailbox).unwrap();
}

/// Ana and Dana make a new start with each other: it waits on both sides until its words are checked.
pub(super) fn a_new_start_waits(ana: &mut Person, dana: &mut Person) {
    let (danas, anas) = (ana.other(), dana.other());
    let (link, bundle) = invite_as(ana, "87654321", Some(&danas));
    join_as(dana, &link, &bundle, Some(&anas));
    let waiting = dana.engine().vault.read(|store| store.pending(&anas)).unwrap().unwrap();
    let rows = dana.engine().vault.read(|store| store.to_put(&waiting, 0, PLACE, 9)).unwrap();
    let page: Vec<_> = rows.into_iter().map(|row| Delivery { id: row.id, envelope: row.envelope }).collect();
    ana.take(&page);
    assert!(ana.engine().vault.read(|store| store.pending(&danas)).unwrap().is_some());
}

/// Ana and Dana, who have met and have written to each other.
pub(super) fn friends() -> (Person, Person) {
    let (mut ana, mut dana) = (Person::new("Ana"), Person::new("Dana"));
    let (link, bundle) = invite(&mut ana);
    join(&mut dana, &link, &bundle);
    dana.write("hello");
    let page = dana.put();
    assert_eq!(page.len(), 2);
    assert_eq!(ana.take(&page), 2);
    assert_eq!(ana.news(), ["contact Dana", "hello"]);
    ana.write("hello Dana");
    dana.take(&ana.put());
    assert_eq!(dana.news(), ["hello Dana"]);
    (ana, dana)
}
