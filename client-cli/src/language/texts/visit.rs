//! The names of the texts about leaving nothing behind.
//!
//! In: values. Out: words. This file must never hold the words themselves.

areas! {
    shared {
        offer();
        memory();
        swept();
        carried(folder);
        to_carry();
        ask();
        choice();
        choice_now();
        step_three();
        step_three_carried();
        kept();
        try_again();
        ask_for_new();
        unsent(number);
        leave(name);
        leave_all();
        choice_leave();
        choice_leave_so();
        not_closed();
        own_disk();
        own_disk_next();
        for_conversation();
        no_memory();
        no_memory_next();
        not_removed(folder, why);
        own_fault(place);
    }
    removal {
        would();
        others();
        others_see();
        choice();
        word();
        ask(word);
        not_asked();
        unchanged();
        done();
        folder_stays(home);
        what_stays();
        failed(home, why);
    }
}
