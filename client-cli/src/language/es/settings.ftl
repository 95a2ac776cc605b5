# What a person has set (settings/, command/config.rs, update/settings.rs).
settings-line = { $key }: { $value }. Puede ser: { $allowed }.
settings-no-such = No hay tal ajuste. Hay: { $keys }.
settings-value = El ajuste { $key } puede ser: { $allowed }.
settings-quiet = Las horas de calma pueden ser off, o dos horas del día como 22:00-07:00.
settings-file = El archivo de los ajustes no se puede leer: { $file }. Corríjalo o quítelo. No se cambió nada.
settings-write = Los ajustes no se pueden escribir aquí ({ $why }). No se cambió nada.
