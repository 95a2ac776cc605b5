# Days and times (output/time.rs).
# How a time of day is written, for strftime.
time-clock = %-H:%M
time-date = { $day } de { $month }, { $clock }
time-dated = { $day } de { $month } de { $year }, { $clock }
time-day = { $day } de { $month } de { $year }
time-end = { $weekday }, { $day } de { $month }, { $clock }
time-month = { $month ->
    [1] enero
    [2] febrero
    [3] marzo
    [4] abril
    [5] mayo
    [6] junio
    [7] julio
    [8] agosto
    [9] septiembre
    [10] octubre
    [11] noviembre
   *[12] diciembre
}
time-weekday = { $day ->
    [1] lunes
    [2] martes
    [3] miércoles
    [4] jueves
    [5] viernes
    [6] sábado
   *[7] domingo
}
