# How things stand, in lists and copies (output/human.rs, output/copy.rs).
standing-month = Este mes ({ $month }): { $all } KB: { $received } recibidos, { $sent } enviados.
standing-budget = Con 20 mensajes al día en cada sentido, debería quedar por debajo de { $most } KB al mes.
standing-counted = Contado en la conexión, con el cifrado. No cuenta lo que la red añade.
standing-invitation = Invitación { $id }: { $state }.
standing-invitation-for = Invitación { $id } para { $name }: { $state }.
standing-open = abierta hasta el { $when }
standing-used = usada
standing-taken-back = retirada
standing-ended = terminada
standing-person = { $name }, { $trust }. ID { $id }.
standing-person-blocked = { $name }, CON BLOQUEO, { $trust }. ID { $id }.
standing-id = ID: { $id }
standing-waiting = { $number ->
    [one] 1 mensaje: aún no enviado, está seguro
   *[other] { $number } mensajes: aún no enviados, están seguros
} aquí.
standing-saved = Aún no enviado, está seguro aquí. Sale solo la próxima vez que use Cairn.
standing-profile = Perfil: { $name }. { $people ->
    [one] 1 persona
   *[other] { $people } personas
}, { $invitations ->
    [one] 1 invitación abierta
   *[other] { $invitations } invitaciones abiertas
}.
standing-all-sent = Todo lo que escribió está enviado.
standing-nothing-new = Nada nuevo para leer.
standing-new = Nuevo para leer: { $number }.
standing-relay = La computadora del centro (el servidor) para invitaciones nuevas: { $address }
standing-no-relay = No se conoce ninguna computadora del centro (servidor) para invitaciones nuevas.
standing-answers = La computadora del centro (el servidor) responde: { $address }
standing-silent = Ahora no hay conexión con la computadora del centro (el servidor): { $address }. Lo que escriba está seguro aquí.
standing-copy = Conversación de { $me } con { $name }, copiada: { $when }. { $number ->
    [one] 1 mensaje
   *[other] { $number } mensajes
}.
standing-not-asked = No se preguntó a { $name } por esta copia.
standing-exported = { $number ->
    [one] 1 mensaje
   *[other] { $number } mensajes
} de la conversación con { $name } en { $file }. Solo usted puede leer ese archivo.
standing-ready = Su perfil está listo, { $name }.
standing-no-qr = Para verla también como código QR: use una terminal de 44 columnas o más, sin --plain.
standing-hidden-now = La conversación está oculta y cerrada.
standing-none-open = No hay ninguna conversación abierta.
