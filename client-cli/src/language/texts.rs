//! The names of all texts, and what stands in each: a text that is not listed here can't be asked for, one that is listed
//! and not used does not compile, and a value that is missing does neither.
//!
//! In: values. Out: words. This file must never hold the words themselves: they stand in `en/` and `es/`.

macro_rules! areas {
    ($($area:ident { $($text:ident($($value:ident),*);)* })*) => {
        $(
            #[doc = concat!("Texts of `", stringify!($area), "`.")]
            pub(crate) mod $area {
                use super::super::catalog;
                $(
                    pub(crate) fn $text($($value: impl Into<$crate::language::value::Value>),*) -> String {
                        catalog::text(stringify!($area), stringify!($text), vec![$((stringify!($value), $value.into())),*])
                    }
                )*
            }
        )*

        /// Each text with the names of its values. For tests.
        #[cfg(test)]
        pub(super) fn all() -> Vec<(String, Vec<&'static str>)> {
            vec![$($((super::catalog::id(stringify!($area), stringify!($text)), vec![$(stringify!($value)),*])),*),*]
        }
    };
}

areas! {
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
        write(why);
    }
}
