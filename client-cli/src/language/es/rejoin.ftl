# A new start with somebody (update/rejoin.rs).
rejoin-waits = Un nuevo comienzo espera a que comprueben las palabras. Hasta entonces no se envía nada.
rejoin-waits-short = Un nuevo comienzo espera a que comprueben las palabras.
rejoin-how = Para comprobar las palabras: escriba ? y pulse Enter, y elija Acerca de.
rejoin-way-on = Para seguir, hable con { $name } y empiecen de nuevo: escriba ? y pulse Enter, y elija Acerca de { $name }.
rejoin-who-invites = Empezar de nuevo, después de hablarlo: ¿quién hace la invitación?
rejoin-once-used = La conversación sigue cuando { $name } la haya usado y ustedes hayan comprobado las palabras.
rejoin-paste = Pegue o escriba la invitación de { $name } y pulse Enter. Enter solo vuelve atrás.
rejoin-paste-again = Péguela otra vez para probar de nuevo, ahora o más tarde. Enter solo vuelve atrás.
rejoin-given-up = El nuevo comienzo se quitó. La conversación está como antes.
