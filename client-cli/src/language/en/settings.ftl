# What a person has set (settings/, command/config.rs, update/settings.rs).
settings-line = { $key }: { $value }. It can be: { $allowed }.
settings-no-such = There is no such setting. There are: { $keys }.
settings-value = The setting { $key } can be: { $allowed }.
settings-quiet = Quiet hours can be off, or two times of a day such as 22:00-07:00.
settings-file = The file of the settings can't be read as one: { $file }. Mend it or remove it. Nothing was changed.
settings-write = The settings can't be written here ({ $why }). Nothing was changed.
