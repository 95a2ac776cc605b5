# The way in (update.rs).
start-welcome-back = Qué bueno verle otra vez.
start-line-too-long = Esta línea es más larga de lo que acepta la terminal, unas 4.000 letras, y le falta el final. No se envió
    nada. Envíela en dos partes, o desde un archivo: cairn send CONTACT - < FILE
start-not-text = Esa línea no es texto. No se envió nada.
start-differ = Las dos no eran iguales, así que no se guardó nada. Una vez más, no hay prisa.
start-empty = Una frase clave necesita al menos una letra. ¿Qué quiere hacer?
start-no-invitation = ¿Aún no tiene invitación? Pídala a la persona que le apoya. Para invitar usted, salga con Ctrl-D y
    escriba: cairn setup
start-whole = Esa invitación está completa.
start-damaged = { $why } Pruebe otra vez: escríbala o péguela toda, y pulse Enter.
start-or-back = { $why } O pulse Enter para volver atrás.
start-thank-you = Gracias. Un momento.
start-still-here = Su invitación sigue aquí. Pulse Enter para usarla, o pegue otra. Opciones: ?
start-did-not-open = Eso no lo abrió. Pruebe otra vez, no hay prisa.
start-try-again = Su perfil está seguro aquí. Pulse Enter para probar otra vez, ahora o más tarde.
start-ask-for-new = Su perfil está seguro aquí. Pida una invitación nueva y péguela aquí, o pulse Enter para seguir sin ella.
