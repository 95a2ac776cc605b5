# Una mirada al perfil, y su rescate (output/doctor.rs).
doctor-no-profile = Aquí todavía no hay perfil.
doctor-private = Carpeta: solo usted puede mirar en ella.
doctor-open-to-others = Otros en este aparato pueden mirar en { $file }, o no es suyo.
doctor-free = Ningún otro Cairn trabaja aquí.
doctor-in-use = Un Cairn trabaja aquí ({ $who }). Ahora no se miró lo de dentro. Ciérrelo y pregunte otra vez.
doctor-locked = El perfil está cerrado. No se miró lo de dentro: para eso, dé la frase de paso.
doctor-whole = El archivo del perfil está entero (tablas versión { $version }).
doctor-not-together = El archivo del perfil se puede leer, pero hay partes que no encajan. Lo que se puede leer se puede salvar.
doctor-damaged = { $pages ->
    [one] Una página del archivo del perfil no está como se escribió.
   *[other] { $pages } páginas del archivo del perfil no están como se escribieron.
 } Lo que se puede leer se puede salvar.
doctor-unreadable = El perfil no se puede abrir: { $why }
doctor-newer = Un Cairn más nuevo hizo o cambió este perfil.
doctor-conversations = { $number ->
    [one] Una conversación puede seguir.
   *[other] { $number } conversaciones pueden seguir.
 }
doctor-stopped = Las llaves de la conversación con { $name } ya no se pueden leer aquí. Lo escrito está. Hace falta un nuevo comienzo.
doctor-room = Espacio en el disco: { $free } MB.
doctor-little-room = Poco espacio en el disco: { $free } MB. Debería haber { $wanted } MB.
doctor-clock = Reloj: { $now }.
doctor-clock-behind = El reloj de este aparato va atrás: el mensaje más nuevo es de { $newest }.
doctor-clock-off = El reloj de este aparato muestra un día antes de que se hiciera este programa.
doctor-answers = El relé contesta: { $address }
doctor-silent = Ahora no se puede llegar al relé: { $address }
doctor-attention = Algo de arriba pide cuidado.
doctor-saved = Salvado en { $home }. Personas: { $people }. Mensajes: { $messages }.
doctor-all-messages = No falta ningún mensaje.
doctor-missing = { $number ->
    [one] Un mensaje no se pudo leer.
   *[other] { $number } mensajes no se pudieron leer.
 }
doctor-missing-some = Algunos mensajes no se pudieron leer. No se sabe cuántos.
doctor-nameless = { $number ->
    [one] El nombre de una persona no se pudo leer. Es Somebody en la lista.
   *[other] Los nombres de { $number } personas no se pudieron leer. Son Somebody en la lista.
 }
doctor-people-missing = Pueden faltar personas con las que nada se escribió.
doctor-own-name = Su propio nombre no se pudo leer. Ahora es Somebody.
doctor-not-saved = No salvado: las llaves, las invitaciones abiertas, las palabras por comprobar, mensajes a medias. Con cada persona hace falta un nuevo comienzo. Lo que quizá no tienen sale entonces.
doctor-left-alone = La carpeta vieja quedó como está. No la use más.
