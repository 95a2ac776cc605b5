# Help now, hide and the lock (update/safety.rs).
safety-go-on = Pulse Enter para seguir.
safety-number-or-help = Escriba un número del 1 al { $most }, o !.
safety-paste = Pegue o escriba la invitación. Enter solo vuelve atrás.
safety-use-again = Pulse Enter para usar otra vez su invitación.
safety-for-whom = ¿Para quién es la invitación? Enter solo: sin nombre.
safety-idle = Hace un rato que no se pulsa ninguna tecla.
safety-kept = Lo que estaba escribiendo está guardado.
safety-locked = Cerrado con llave. Escriba ! y pulse Enter para Ayuda ya.
safety-hidden = Oculto. No se pide ninguna frase clave: Enter sigue. ! y Enter: Ayuda ya.
safety-nothing-sent = No se envió nada. Pulse Enter para seguir.
safety-draft = Aquí está lo que estaba escribiendo. Siga, o bórrelo:
