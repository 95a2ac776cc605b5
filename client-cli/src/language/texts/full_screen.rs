//! The names of the texts that only the full screen has.
//!
//! In: values. Out: words. This file must never hold the words themselves.

areas! {
    screen {
        help();
        help_now();
        people();
        read_big();
        hide();
        quit();
        key_help();
        key_help_now();
        key_people();
        key_read_big();
        key_find();
        key_hide();
        key_quit();
        key_enter();
        key_pages();
        key_words();
        in_help_now();
        in_people();
        in_big(name);
        in_find(name);
        list();
        list_active();
        nobody();
        new(number);
        more(number);
        more_new(number, new);
        find();
        to(name);
        invitation();
        name();
        for_whom();
        number();
        their_words();
        hours();
        practice();
        enter_goes_on();
        moment();
        new_passphrase();
        new_from_here();
        nothing_yet();
        how_to_find();
        looking(words);
        not_found(words);
        found(words);
        found_more(words);
        too_long();
        no_people_yet();
        nothing_big();
        find_where();
        prefer_plain();
        still_here();
        page_up();
        page_down();
        own_fault(place);
        draft_not_kept(why);
    }
}
