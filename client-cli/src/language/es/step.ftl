# The next step after each command; what is typed stays as it is typed (command/).
step-once-used = cairn inbox, cuando la hayan usado
step-once-yours-used = cairn inbox, cuando hayan usado su invitación
step-rejoin = cairn invite new --rejoin { $name }, o pida una invitación y cairn join LINK --as { $name }
step-then-typed = cairn contact verify { $name }, después lo mismo con --typed WORDS
step-ask-them = pregunte a la otra persona, después cairn contact verify { $name } --again, o cairn invite new
    --rejoin { $name }
step-while-talking = cairn contact verify { $name }, mientras hablan
step-relay-or-join = cairn invite new --relay ADDRESS, o cairn join LINK
step-inbox-then-check = cairn inbox, después cairn contact verify { $name }
step-invite-or-revoke = cairn invite new, o cairn invite revoke ID
step-open-or-send = cairn, o cairn send { $name } -m TEXT
step-invite-or-join = cairn invite new, o cairn join LINK
step-later = cairn later list, o cairn later cancel ID
step-unblock = cairn contact unblock { $name }, para deshacerlo
step-man = man cairn, si man busca ahí
step-other-name = el mismo comando con otro nombre
step-with-yes = el mismo comando con --yes
step-once-mended = cairn config get, cuando eso esté corregido
step-other-folder = el mismo comando con otra carpeta
step-or-replace = el mismo comando con otro nombre, o con --replace
step-other-place = el mismo comando con --to y otro lugar
step-other-words = el mismo comando con otras palabras
step-other-for = el mismo comando con otro --for
step-ask-to-join = pida una invitación, después cairn join LINK --as CONTACT
step-whole-link = cairn join LINK, con la invitación entera
step-without-no-passphrase = el mismo comando sin --no-passphrase
step-join-again = el mismo cairn join otra vez, más tarde: su perfil está listo
step-other-to = el mismo comando con otro --to
step-without-json = el mismo comando sin --json
step-other-file = el mismo comando con otro --passphrase-file
step-by-itself = pruebe ese comando solo, después lo mismo otra vez
step-other-passphrase = el mismo comando con otra frase clave
step-two-parts = envíelo en dos partes
step-other-own-name = el mismo comando con otro --name
step-with-name = el mismo comando con --name NAME
step-inbox-sends = cairn inbox, más tarde: envía lo que espera
step-passphrase = el mismo comando con --passphrase-file FILE, o con --no-passphrase
step-passphrase-file = el mismo comando con --passphrase-file FILE
step-ask-address = pida al centro la dirección de su computadora, el servidor
step-whole-pass = el mismo comando con el pase entero
step-chmod = chmod go= con lo que se nombra, o pregunte a quien cuida este aparato
step-room = haga espacio en el disco
step-doctor-again = cairn doctor, cuando eso esté corregido
step-begin-anew = pida una invitación nueva, después cairn --home NEW_HOME join LINK; para invitar usted: cairn --home
    NEW_HOME setup --name NAME
step-clock = ponga en hora el reloj de este aparato
step-instead-of-terminal = cairn inbox y cairn send, o cairn --plain para leer líneas de otro programa
