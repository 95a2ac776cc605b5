//! The names of the texts of `doctor`.
//!
//! In: values. Out: words. This file must never hold the words themselves.

areas! {
    doctor {
        no_profile();
        private();
        open_to_others(file);
        free();
        in_use(who);
        locked();
        whole(version);
        not_together();
        damaged(pages);
        unreadable(why);
        not_looked(why);
        newer();
        conversations(number);
        stopped(name);
        room(free);
        little_room(free, wanted);
        clock(now);
        clock_behind(newest);
        clock_off();
        answers(address);
        silent(address);
        attention();
        saved(home, people, messages);
        all_messages();
        missing(number);
        missing_some();
        drafts(number);
        drafts_missing();
        nameless(number);
        people_missing();
        own_name();
        not_saved();
        left_alone();
    }
}
