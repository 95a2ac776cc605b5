# What can go wrong, as people read it (engine/fault.rs says the same in English for scripts).
fault-not-set-up = Aquí no hay ningún perfil todavía.
fault-no-room = El disco está lleno. No se cambió nada.
fault-locked = El perfil está cerrado, y no se dio ninguna frase clave.
fault-unreachable = Ahora no hay conexión con la computadora del centro.
fault-other-relay = Lo que responde no es la computadora del centro que Cairn conoce. No se le dijo nada.
fault-keys-changed = Las claves de esta conversación son nuevas, y las palabras no están comprobadas. No se envió nada.
fault-no-contact = No hay ningún contacto con ese nombre.
fault-invitation-used = Esta invitación ya se usó. Sirve una sola vez.
fault-invitation-gone = Esta invitación ya no está: terminó, o alguien la retiró.
fault-invitation-altered = Esta invitación no se puede usar: lo que vino con ella no encaja.
fault-pass-needed = La computadora del centro pide un pase, y no hay ninguno, o ya se usó.
fault-full = El buzón del otro lado está lleno. Aún no enviado.
fault-closed = El otro lado ya no recibe mensajes. No enviado.
fault-busy = La computadora del centro está ocupada. Pruebe otra vez en un momento.
fault-in-use = Otro Cairn está abierto en este perfil ({ $who }).
fault-wrong-passphrase = Esta frase clave no abre el perfil.
fault-damaged = El perfil no se puede leer como está: { $what }
fault-newer-profile = Este perfil lo hizo o lo cambió un Cairn más nuevo. No se cambió nada.
fault-older-copy = Esta es una copia antigua del perfil: después se usó otra copia. No se envió nada.
fault-history-differs = Su copia de esta conversación y la del otro lado ya no encajan: se usó una copia antigua de un perfil.
    No enviado.
fault-session-damaged = Esta conversación necesita un nuevo comienzo: sus claves ya no se pueden leer aquí. Lo que escribieron sigue aquí.
fault-wait-over = En ese tiempo no llegó nada.
fault-interrupted = Detenido.
fault-blocked = Usted bloqueó a esta persona. No se envió nada.
fault-no-invitation = Esto no es una invitación. Una empieza con CAIRN: y es una sola línea larga.
fault-letter = En esta invitación falta una letra, o una es distinta.
fault-newer-invitation = Esta invitación la hizo un Cairn más nuevo.
fault-own-invitation = Esta invitación es suya. Désela a otra persona.
fault-other-way = Esta invitación ya se usó aquí, de otra manera. Pida una nueva.
fault-words-typed = { $number ->
    [one] Se escribió una palabra
   *[other] Se escribieron { $number } palabras
}, y hacen falta cuatro. No se gastó ningún intento.
fault-word-unknown = La palabra { $number } no está en la lista de palabras. No se gastó ningún intento.
