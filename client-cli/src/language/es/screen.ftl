# The full-screen face (screen/).
screen-help = Ayuda
screen-help-now = Ayuda ya
screen-people = Personas
screen-read-big = En grande
screen-hide = Ocultar
screen-quit = Salir
screen-key-help = F1 o Ctrl-G: ayuda
screen-key-help-now = F2 o Ctrl-N: ayuda ya
screen-key-people = F3 o Ctrl-P: personas
screen-key-read-big = F4 o Ctrl-R: leer en grande, un mensaje cada vez
screen-key-find = F5 o Ctrl-F: buscar palabras en esta conversación
screen-key-hide = F6 o Ctrl-Z: ocultar todo y cerrar con llave
screen-key-quit = F10 o Ctrl-Q: salir
screen-key-enter = Enter: enviar. Alt+Enter o Ctrl-J: otra línea
screen-key-pages = RePág, AvPág: leer arriba y abajo. Esc: volver
screen-key-words = También: ? o ! o - solos, y Enter: opciones, ayuda ya, ocultar
screen-in-help-now = Cairn: ayuda ya. Volver: Esc o F2
screen-in-people = Personas: flechas, Enter. Volver: Esc
screen-in-big = { $name }. Sigue: AvPág. Antes: RePág. Volver: Esc
screen-in-find = { $name }: buscar palabras
screen-list = PERSONAS
screen-list-active = PERSONAS: flechas
screen-nobody = Todavía no hay nadie en su lista.
screen-new = { $number ->
    [one] 1 nuevo
   *[other] { $number } nuevos
}
screen-more = { $number } más
screen-more-new = { $number } más, { $new ->
    [one] 1 nuevo
   *[other] { $new } nuevos
}
screen-find = Buscar:
screen-to = A { $name }:
screen-invitation = Invitación:
screen-name = Nombre:
screen-for-whom = Para quién:
screen-number = Número:
screen-their-words = Sus palabras:
screen-hours = Horas:
screen-practice = Práctica:
screen-enter-goes-on = Enter para seguir:
screen-moment = Un momento:
screen-new-passphrase = Frase clave (no se ve):
screen-new-from-here = --- Nuevo desde aquí ---
screen-nothing-yet = Todavía no hay nada escrito. Escriba abajo y pulse Enter para enviar. Para ver opciones, escriba ? y pulse Enter. F2: Ayuda ya. F6: ocultar.
screen-how-to-find = Escriba una palabra o más y pulse Enter. Las mayúsculas no importan. Volver: Esc
screen-looking = Buscando “{ $words }” …
screen-not-found = “{ $words }” no está en esta conversación.
screen-found = “{ $words }” está aquí, lo más nuevo primero. Un número lleva allí. Volver: Esc
screen-found-more = “{ $words }” está aquí, lo más nuevo primero. Un número lleva allí. Antes: AvPág. Volver: Esc
screen-too-long = Es demasiado largo para un mensaje. No se envió nada. Quite primero una parte.
screen-no-people-yet = Las personas están aquí cuando su perfil está abierto.
screen-nothing-big = Aquí no hay ningún mensaje para leer en grande.
screen-find-where = Abra primero una conversación para buscar palabras en ella.
screen-prefer-plain = ¿Prefiere líneas simples, una debajo de otra? Van bien con lectores de pantalla. Elíjalas en Ajustes: ? y Enter
screen-still-here = Sus palabras están otra vez en la línea y no se enviaron.
screen-own-fault = Cairn ha tenido que terminar: algo en el propio programa no va bien ({ $place }). Lo enviado y lo guardado está a salvo.
screen-draft-not-kept = Lo que escribe no se puede guardar aquí ahora, solo enviar: { $why }
screen-page-up = RePág
screen-page-down = AvPág
