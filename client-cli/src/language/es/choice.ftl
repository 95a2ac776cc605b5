# Numbered choices (update/talk.rs).
choice-person-new = { $name } ({ $number ->
    [one] 1 nuevo
   *[other] { $number } nuevos
})
choice-first-people = Volver a las primeras personas
choice-more-people = Más personas
choice-people = Personas
choice-about = Acerca de { $name }
choice-check = Comprobar las palabras con { $name }
choice-check-again = Comprobar las palabras con { $name } otra vez
choice-start-again = Empezar de nuevo
choice-invite-again = Empezar de nuevo: invitar a { $name }
choice-use-again = Empezar de nuevo: usar su invitación
choice-give-up = Dejar el nuevo comienzo
choice-keeping = Cuánto tiempo se guarda
choice-keep = Guardarla aquí: { $time }
choice-keep-now = Quitarlos, y guardarla { $time }
choice-invitations = Invitaciones
choice-use-one = Usar una invitación que le dieron
choice-make = Hacer una invitación nueva
choice-send-it = Enviarlo a { $name }
choice-extras = Más
choice-help-now = Ayuda ya
choice-hide = Ocultar todo y cerrar (en todo momento: -)
choice-what-is-this = ¿Qué es esto?
choice-read-on = Seguir leyendo
choice-practice = Practicar, sin enviar nada
choice-anew = Usar otra invitación
choice-back = Volver
choice-back-to = Volver a { $name }
choice-quit = Salir
