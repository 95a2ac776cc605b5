//! The names of all texts, and what stands in each: a text that is not listed here can't be asked for, one that is listed
//! and not used does not compile, and a value that is missing does neither.
//!
//! In: values. Out: words. This file must never hold the words themselves: they stand in `en/` and `es/`.

macro_rules! areas {
    ($($area:ident { $($text:ident($($value:ident),*);)* })*) => {
        $(
            #[doc = concat!("Texts of `", stringify!($area), "`.")]
            pub(crate) mod $area {
                use $crate::language::catalog;
                $(
                    pub(crate) fn $text($($value: impl Into<$crate::language::value::Value>),*) -> String {
                        catalog::text(stringify!($area), stringify!($text), vec![$((stringify!($value), $value.into())),*])
                    }
                )*
            }
        )*

        /// Each text of this file with the names of its values. For tests.
        #[cfg(test)]
        pub(super) fn listed() -> Vec<(String, Vec<&'static str>)> {
            use $crate::language::catalog::id;
            vec![$($((id(stringify!($area), stringify!($text)), vec![$(stringify!($value)),*])),*),*]
        }
    };
}

mod commands;
mod full_screen;
mod looks;
mod visit;

pub(crate) use commands::{card, center, command, standing, step, trouble, why};
pub(crate) use full_screen::screen;
pub(crate) use looks::doctor;
pub(crate) use visit::{removal, shared};

/// Each text with the names of its values. For tests.
#[cfg(test)]
pub(super) fn all() -> Vec<(String, Vec<&'static str>)> {
    [listed(), commands::listed(), full_screen::listed(), looks::listed(), visit::listed()].concat()
}

areas! {
    people {
        would_block(name);
        kept_untold(time, name);
        blocked(name);
        unblocked(name);
        renamed(name);
        would_remove(name);
        removed(name);
        closes_later();
        erased_later();
        another_name(name);
        name_again();
        listed_blocked(name);
        how_to_unblock(name);
        keys();
        choice_rename();
        choice_block(name);
        choice_unblock();
        choice_remove(name);
        choice_remove_now(name);
        choice_older();
        choice_more();
        choice_find();
        which_words(name);
        words_again();
        nothing_found();
        found();
        nothing_older();
        older();
    }
    practice {
        begin();
        step_one();
        step_two();
        step_three();
        choices_here();
        keys_here();
        not_that_one();
        sent();
        example();
        left();
        over();
    }
    settings {
        line(key, value, allowed);
        no_such(keys);
        value(key, allowed);
        quiet();
        file(file);
        set_aside(file);
        set_aside_some(keys);
        write(why);
        title();
        head();
        language(now);
        language_auto();
        face(now);
        face_full();
        face_plain();
        about_face();
        next_start();
        pace(now);
        pace_normal();
        pace_slow(words);
        about_pace();
        more();
        theme(now);
        theme_none();
        theme_light();
        theme_dark();
        about_theme();
        notify(now);
        notify_off();
        notify_bell();
        about_notify();
        quiet_hours(now);
        quiet_off();
        about_quiet();
        own_hours();
        ask_hours();
        no_hours();
        done(line);
    }
    safety {
        go_on();
        number_or_help(most);
        paste();
        use_again();
        for_whom();
        idle();
        kept();
        locked();
        hidden();
        nothing_sent();
        draft();
    }
    check {
        type_them();
        why(name);
        both(name);
        then(name);
        idle(name);
        asked(name);
        waiting(name);
        read(name);
        fit(name, trust);
        different();
        broken();
        may_be(name);
        ask(name);
        began_again(name);
        over_broken();
        over();
        not_yet(tries, name);
        meanwhile();
        ready(name);
        meant();
    }
    keeping {
        always();
        days(days);
        both(here, name, there);
        older_goes();
        would_remove(number, time);
        now_told(time, name);
        now_going(time, name);
        now_later(time, name);
        erased_later();
        removed(number, time, name);
        theirs(name, time);
    }
    rejoin {
        waits();
        waits_short();
        how();
        way_on(name);
        who_invites();
        once_used(name);
        paste(name);
        paste_again();
        given_up();
    }
    news {
        new_words(names);
        relay_back();
        go_on_writing();
        sent_now();
        contact(name, trust);
        gap(number, name);
        not_arrived(name, when);
        something_not_arrived(name);
        somebody();
        second_taker(name);
        second_taker_of(id, name);
        check_asked(name);
        differs(name);
        rejoined(name);
        damaged(name);
    }
    said {
        unchecked();
        checked();
        you();
        not_sent_yet();
        no_words();
        no_name();
        somebody();
        invitation_head();
        invitation_head_for(name);
        invitation_rules(when);
        invitation_earlier(name, command);
        they_call_themselves(name);
        since(when);
        name_empty();
        name_long(most);
        name_line();
        passphrase_new();
        passphrase_again();
        passphrase();
        can_not_empty();
    }
    time {
        clock();
        date(month, day, clock);
        dated(month, day, year, clock);
        day(month, day, year);
        end(weekday, month, day, clock);
        month(month);
        weekday(day);
    }
    talk {
        moment();
        nobody();
        whom();
        number();
        what_now();
        headline(name, trust);
        writing_to(name);
        how(name);
        too_long();
        number_to(most);
        meant();
        invitations();
        paste();
        for_whom();
        try_again(why);
        ask_them(name);
        next(next);
        sent();
        saved();
        not_sent();
    }
    later {
        title();
        about();
        when();
        in_an_hour();
        morning();
        quiet_ends();
        other_time();
        list();
        list_head();
        one(name, when, words);
        ask_time();
        ask_words(name);
        leaves(name, when);
        id(id);
        not_kept();
        nothing();
        keep_or_not();
        take_back();
        taken_back(name);
        no_time();
    }
    choice {
        person_new(name, number);
        first_people();
        more_people();
        people();
        about(name);
        check(name);
        check_again(name);
        start_again();
        invite_again(name);
        use_again();
        give_up();
        keeping();
        keep(time);
        keep_now(time);
        invitations();
        use_one();
        make();
        send_it(name);
        extras();
        help_now();
        hide();
        what_is_this();
        read_on();
        practice();
        anew();
        back();
        back_to(name);
        quit();
    }
    start {
        welcome_back();
        line_too_long();
        not_text();
        differ();
        empty();
        no_invitation();
        whole();
        damaged(why);
        or_back(why);
        thank_you();
        still_here();
        did_not_open();
        try_again();
        ask_for_new();
    }
    fault {
        not_set_up();
        no_room();
        locked();
        unreachable();
        other_relay();
        keys_changed();
        no_contact();
        invitation_used();
        invitation_gone();
        invitation_altered();
        pass_needed();
        full();
        closed();
        busy();
        in_use(who);
        wrong_passphrase();
        damaged(what);
        newer_profile();
        older_copy();
        history_differs();
        session_damaged();
        wait_over();
        interrupted();
        blocked();
        no_invitation();
        letter();
        newer_invitation();
        own_invitation();
        other_way();
        words_typed(number);
        word_unknown(number);
    }
    next {
        other_relay();
        invitation();
        pass();
        later();
        rejoin();
        older_copy();
        in_use();
        right_passphrase();
        newest();
        room();
        home();
        again();
        not_set_up();
        locked();
    }
    first {
        one();
        no_emergency();
        two();
        hours();
        welcome_back();
        step_one();
        step_two();
        step_three();
        read_on();
    }
}
