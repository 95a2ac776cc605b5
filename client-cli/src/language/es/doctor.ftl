# A look at the profile, and its rescue (output/doctor.rs).
doctor-no-profile = Aquí todavía no hay perfil.
doctor-private = Carpeta: solo usted puede ver lo que hay en ella.
doctor-open-to-others = Otras cuentas de este aparato pueden abrir { $file }, o no es de usted.
doctor-free = No hay otro Cairn abierto aquí.
doctor-in-use = Hay un Cairn abierto aquí ({ $who }). Por eso no se miró lo de dentro. Ciérrelo y pruebe otra vez.
doctor-locked = El perfil está cerrado. No se miró lo de dentro: para eso, dé la frase clave.
doctor-whole = El archivo del perfil está entero (tablas versión { $version }).
doctor-not-together = El archivo del perfil se puede leer, pero hay partes que no encajan. Lo que se puede leer se puede rescatar.
doctor-damaged = { $pages ->
    [one] Una página del archivo del perfil no se puede leer.
   *[other] { $pages } páginas del archivo del perfil no se pueden leer.
 } Lo que se puede leer se puede rescatar.
doctor-unreadable = El perfil no se puede abrir: { $why } Aquí no se puede rescatar nada de él.
doctor-not-looked = { $why } Por eso no se miró lo de dentro. Puede estar entero.
doctor-newer = Un Cairn más nuevo hizo o cambió este perfil.
doctor-conversations = { $number ->
    [0] Aquí todavía no hay ninguna conversación.
    [one] Una conversación puede seguir.
   *[other] { $number } conversaciones pueden seguir.
 }
doctor-stopped = La conversación con { $name } necesita un nuevo comienzo: sus claves ya no se pueden leer aquí. Lo que escribieron sigue aquí.
doctor-room = Espacio en el disco: { $free } MB.
doctor-little-room = Poco espacio en el disco: { $free } MB. Debería haber { $wanted } MB.
doctor-clock = Reloj: { $now }.
doctor-clock-behind = El reloj de este aparato está atrasado: el mensaje más nuevo es de { $newest }.
doctor-clock-off = El reloj de este aparato muestra un día antes de que se hiciera este programa.
doctor-answers = La computadora del centro (el servidor) responde: { $address }
doctor-silent = Ahora no hay conexión con la computadora del centro (el servidor): { $address }. Lo que escriba está seguro aquí.
doctor-attention = Algo de lo de arriba necesita atención.
doctor-saved = Guardado en { $home }. Personas: { $people }. Mensajes: { $messages }.
doctor-all-messages = No falta ningún mensaje.
doctor-missing = { $number ->
    [one] Un mensaje no se pudo leer.
   *[other] { $number } mensajes no se pudieron leer.
 }
doctor-missing-some = Algunos mensajes no se pudieron leer. No se sabe cuántos.
doctor-drafts = { $number ->
    [one] Lo que había escrito a una persona sin enviarlo también está guardado.
   *[other] Lo que había escrito a { $number } personas sin enviarlo también está guardado.
 }
doctor-drafts-missing = No todo lo escrito y no enviado se pudo leer.
doctor-nameless = { $number ->
    [one] El nombre de una persona no se pudo leer. Se llama Alguien en la lista.
   *[other] Los nombres de { $number } personas no se pudieron leer. Se llaman Alguien en la lista.
 }
doctor-people-missing = Quizá faltan personas a las que todavía no se escribió nada.
doctor-own-name = Su propio nombre no se pudo leer. Ahora es Alguien.
doctor-not-saved = No se pudo guardar: las claves de las conversaciones, las invitaciones abiertas, las pruebas de palabras, un mensaje que llegó solo en parte. Por eso cada conversación necesita un nuevo comienzo. Lo que quizá no recibieron sale entonces.
doctor-left-alone = La carpeta de antes quedó como estaba. No la use más.
