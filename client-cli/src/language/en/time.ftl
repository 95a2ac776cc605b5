# Days and times (output/time.rs).
# How a time of day is written, for strftime.
time-clock = %-I:%M %p
time-date = { $month } { $day }, { $clock }
time-dated = { $month } { $day }, { $year }, { $clock }
time-day = { $month } { $day }, { $year }
time-end = { $weekday }, { $month } { $day }, { $clock }
time-month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
time-weekday = { $day ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
