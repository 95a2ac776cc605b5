# What gets a person further after a fault: commands stay as they are typed.
next-other-relay = pregunte a quienes llevan el servidor si su dirección sigue igual
next-invitation = pida una invitación nueva a quien le invitó
next-pass = pida un pase al centro, y después cairn invite new --pass PASS
next-later = cairn inbox, más tarde
next-rejoin = cairn invite new --rejoin CONTACT, o pida una invitación y cairn join LINK --as CONTACT
next-older-copy = use la copia más nueva; si la perdió: cairn invite new --rejoin CONTACT, o pida una invitación y
    cairn join LINK --as CONTACT
next-in-use = cierre el otro, y pruebe otra vez
next-right-passphrase = la misma orden, con la frase clave correcta
next-newest = la misma orden, con el Cairn más nuevo
next-again = la misma orden otra vez
next-not-set-up = cairn join LINK, o cairn setup --name NAME
next-locked = la misma orden con --passphrase-file FILE, o en una terminal
