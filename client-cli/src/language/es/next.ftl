# What gets a person further after a fault: commands stay as they are typed.
next-other-relay = pregunte a quienes cuidan la computadora del centro si su dirección sigue siendo la misma
next-invitation = dígaselo a quien le invitó, y pida una invitación nueva
next-pass = pida un pase al centro, y después cairn invite new --pass PASS
next-later = cairn inbox, más tarde
next-rejoin = cairn invite new --rejoin CONTACT, o pida una invitación y cairn join LINK --as CONTACT
next-older-copy = use la copia más nueva; si la perdió: cairn invite new --rejoin CONTACT, o pida una invitación y
    cairn join LINK --as CONTACT
next-in-use = cierre el otro, y pruebe otra vez
next-right-passphrase = el mismo comando otra vez: cuentan las mayúsculas y los espacios
next-newest = el mismo comando, con el Cairn más nuevo
next-room = haga sitio en el disco, y luego lo mismo otra vez
next-home = vea quién puede escribir en esa carpeta, o use otra: --home DIR
next-again = el mismo comando otra vez
next-not-set-up = cairn join LINK, o cairn setup --name NAME
next-locked = el mismo comando con --passphrase-file FILE, o en una terminal
