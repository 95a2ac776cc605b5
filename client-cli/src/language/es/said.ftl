# Sentences for what the engine tells (output/human.rs, names.rs, plain/).
said-unchecked = SIN COMPROBAR AÚN
said-checked = COMPROBADO POR USTED
said-you = Usted
said-not-sent-yet = aún no enviado, está seguro aquí
said-no-words = (sin palabras)
said-no-name = (sin nombre)
said-somebody = Alguien
said-invitation-head = Aquí está la invitación, en esta única línea:
said-invitation-head-for = Aquí está la invitación para { $name }, en esta única línea:
said-invitation-rules = Sirve una vez, hasta el { $when }. Désela solo a esa persona, en papel o en mano.
said-invitation-earlier = Otra invitación anterior para { $name } sigue abierta: quien la tenga puede usarla todavía. Para retirarla,
    escriba en una terminal: { $command }
said-they-call-themselves = Usa el nombre { $name }.
said-since = En su lista desde: { $when }.
said-name-empty = Un nombre necesita al menos una letra.
said-name-long = Este nombre es demasiado largo: como mucho { $most } letras, menos con acentos.
said-name-line = Un nombre es una sola línea de letras.
said-passphrase-new = Frase clave:
said-passphrase-again = La misma otra vez:
said-passphrase = Su frase clave (no se ve al escribir):
said-can-not-empty = Esta terminal no se puede vaciar: lo que estaba aquí quedó más arriba. Cierre también su ventana.
