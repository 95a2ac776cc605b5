# How long a conversation is kept (update/keeping.rs, output/human.rs).
keeping-always = siempre
keeping-days = { $days } días
keeping-both = Se guarda aquí: { $here }. { $name } la guarda: { $there }.
keeping-older-goes = Los mensajes más antiguos se quitan de este aparato. A la otra persona se le dice lo que usted eligió.
keeping-would-remove = { $number ->
    [one] 1 mensaje
   *[other] { $number } mensajes
} de hace más de { $time } se quitarán aquí ahora, para siempre.
keeping-now-told = Esta conversación se guarda aquí: { $time }. Ya se le dijo al programa de { $name }.
keeping-now-going = Esta conversación se guarda aquí: { $time }. Se le está diciendo al programa de { $name }.
keeping-now-later = Esta conversación se guarda aquí: { $time }. Se le dirá al programa de { $name } cuando haya conexión.
keeping-erased-later = No había espacio en el disco para escribir el archivo de nuevo. Mientras tanto, lo que se quitó puede seguir en él. Se hace cuando abra Cairn otra vez y haya espacio.
keeping-removed = { $number ->
    [one] Se quitó aquí 1 mensaje de hace más de { $time }, de la conversación con { $name }.
   *[other] Se quitaron aquí { $number } mensajes de hace más de { $time }, de la conversación con { $name }.
}
keeping-theirs = { $name } guarda ahora esta conversación: { $time }.
